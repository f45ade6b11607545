// Connected regions and reading order, as ctseg.labelmaps.regions has them. Arrays are row by row.

// Rounds halves to even, as NumPy and Python do.
export function rint(value) {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

export class Unions {
  constructor(count) { this.above = Int32Array.from({ length: count }, (_, k) => k); }

  find(at) {
    const { above } = this;
    while (above[at] !== at) {
      above[at] = above[above[at]];
      at = above[at];
    }
    return at;
  }

  // The lower number names both.
  join(one, other) {
    const [a, b] = [this.find(one), this.find(other)];
    if (a < b) this.above[b] = a;
    else this.above[a] = b;
  }
}

// Regions of equal non-zero values, 1..n in the order of their first pixels.
export function connectedRegions(values, width, height, connectivity = 8) {
  const unions = new Unions(values.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const value = values[at];
      if (!value) continue;
      if (x > 0 && values[at - 1] === value) unions.join(at - 1, at);
      if (y === 0) continue;
      if (values[at - width] === value) unions.join(at - width, at);
      if (connectivity === 4) continue;
      if (x > 0 && values[at - width - 1] === value) unions.join(at - width - 1, at);
      if (x + 1 < width && values[at - width + 1] === value) unions.join(at - width + 1, at);
    }
  }
  const regions = new Int32Array(values.length);
  let found = 0;
  for (let at = 0; at < values.length; at++) {
    if (!values[at]) continue;
    const first = unions.find(at);
    regions[at] = first === at ? (found += 1) : regions[first];
  }
  return { regions, count: found };
}

// Labels 1..n by where they come first; 0 stays. `order[k]` is the old label of new label k + 1.
export function inReadingOrder(labels) {
  const numbers = new Map([[0, 0]]);
  const order = [];
  const renumbered = new Int32Array(labels.length);
  for (let at = 0; at < labels.length; at++) {
    let number = numbers.get(labels[at]);
    if (number === undefined) {
      numbers.set(labels[at], (number = numbers.size));
      order.push(labels[at]);
    }
    renumbered[at] = number;
  }
  return { labels: renumbered, order };
}

export function highest(values) {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

// Squared distance in px to the nearest pixel where `there` is not 0 (Meijster et al., 2000); exact.
export function squaredDistances(there, width, height) {
  const far = width + height;
  const columns = new Int32Array(width * height);
  for (let x = 0; x < width; x++) {
    let last = far;
    for (let y = 0, at = x; y < height; y++, at += width) columns[at] = last = there[at] ? 0 : Math.min(last + 1, far);
    for (let y = height - 2, at = x + (height - 2) * width; y >= 0; y--, at -= width) {
      if (columns[at + width] < columns[at]) columns[at] = columns[at + width] + 1;
    }
  }
  const squares = new Float64Array(width * height);
  const [corners, from] = [new Int32Array(width), new Int32Array(width)];
  for (let y = 0; y < height; y++) {
    const row = columns.subarray(y * width, (y + 1) * width);
    const value = (x, corner) => (x - corner) ** 2 + row[corner] ** 2;
    let last = 0;
    corners[0] = from[0] = 0;
    for (let x = 1; x < width; x++) {
      while (last >= 0 && value(from[last], corners[last]) > value(from[last], x)) last -= 1;
      if (last < 0) {
        last = 0;
        corners[0] = x;
        continue;
      }
      const corner = corners[last];
      const meets = 1 + Math.floor((x * x - corner * corner + row[x] ** 2 - row[corner] ** 2) / (2 * (x - corner)));
      if (meets < width) {
        last += 1;
        corners[last] = x;
        from[last] = meets;
      }
    }
    for (let x = width - 1; x >= 0; x--) {
      squares[y * width + x] = value(x, corners[last]);
      if (x === from[last]) last -= 1;
    }
  }
  return squares;
}
