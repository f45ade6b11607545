// Pixel arithmetic of the stage: windows, colouring, outlines, marks. No DOM but canvases.

function greyTable(width, level) {
  const table = new Uint8ClampedArray(65536);
  const lowest = level - width / 2;
  for (let hu = -32768; hu < 32768; hu++) table[hu + 32768] = Math.floor(((hu - lowest) * 255) / width + 0.5);
  return table;
}

function identityTable() {
  const table = new Uint8ClampedArray(65536);
  for (let grey = 0; grey < 256; grey++) table[grey + 32768] = grey;
  return table;
}

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

function greyCanvas(slice, grey) {
  const canvas = canvasOf(slice.width, slice.height);
  const image = new ImageData(slice.width, slice.height);
  const out = new Uint32Array(image.data.buffer);
  const { pixels } = slice;
  for (let at = 0; at < out.length; at++) {
    const level = grey[pixels[at] + 32768];
    out[at] = 0xff000000 | (level << 16) | (level << 8) | level;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Colours of labels as little-endian RGBA words; what is clear, and background, is 0.
function labelColours(hues, clear, palette) {
  const table = new Uint32Array(Math.max(hues.length, 1));
  for (let label = 1; label < hues.length; label++) {
    const [red, green, blue] = palette[hues[label] % palette.length];
    table[label] = 0xff000000 | (blue << 16) | (green << 8) | red;
  }
  for (const label of clear) table[label] = 0;
  return table;
}

// The step of the ramp of each label, where a table tells how sure each structure is.
function confidenceSteps({ label, confidence }, size, steps) {
  const found = new Uint8Array(size);
  label.forEach((each, k) => { found[each] = Math.round(confidence[k] * (steps - 1)); });
  return found;
}

function labelCanvas(slice, labels, colours) {
  const canvas = canvasOf(slice.width, slice.height);
  const image = new ImageData(slice.width, slice.height);
  const out = new Uint32Array(image.data.buffer);
  for (let at = 0; at < out.length; at++) out[at] = colours[labels[at]] ?? 0;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Labels under the pixels of a canvas (nearest), 0 outside the slice.
function sampled(labels, slice, matrix, width, height) {
  const [a, b, c, d, e, f] = inverted(matrix);
  const found = new Uint32Array(width * height);
  for (let v = 0, at = 0; v < height; v++) {
    let x = a * 0.5 + c * (v + 0.5) + e;
    let y = b * 0.5 + d * (v + 0.5) + f;
    for (let u = 0; u < width; u++, at++, x += a, y += b) {
      if (x >= 0 && y >= 0 && x < slice.width && y < slice.height) found[at] = labels[(y | 0) * slice.width + (x | 0)];
    }
  }
  return found;
}

// Outlines `reach` pixels of the screen wide, inside each structure, whatever the zoom.
function outlineImage(under, width, height, colours, reach) {
  const image = new ImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  for (let v = 0, at = 0; v < height; v++) {
    for (let u = 0; u < width; u++, at++) {
      const label = under[at];
      if (!colours[label]) continue;
      for (let r = 1; r <= reach; r++) {
        if ((u >= r && under[at - r] !== label) || (u + r < width && under[at + r] !== label)
          || (v >= r && under[at - r * width] !== label) || (v + r < height && under[at + r * width] !== label)) {
          out[at] = colours[label];
          break;
        }
      }
    }
  }
  return image;
}

// One pattern a mark, so that no colour need be seen to tell them apart.
const PATTERNS = {
  found: () => false,
  missed: (u, v) => (u + v) % 8 < 3,
  extra: (u, v) => u % 6 < 2 && v % 6 < 2,
  merged: (u, v) => v % 6 < 2,
  split: (u, v) => u % 6 < 2,
};

function markWords(marks) {
  return Object.entries(marks).map(([name, { value, colour }]) => ({ name, value, colour, pattern: PATTERNS[name] }));
}

function markImage(under, width, height, marks, dense) {
  const image = new ImageData(width, height);
  const out = image.data;
  const byValue = [];
  for (const mark of markWords(marks)) byValue[mark.value] = mark;
  for (let v = 0, at = 0; v < height; v++) {
    for (let u = 0; u < width; u++, at++) {
      const mark = byValue[under[at]];
      if (!mark) continue;
      const strong = mark.pattern((u / dense) | 0, (v / dense) | 0);
      [out[4 * at], out[4 * at + 1], out[4 * at + 2]] = mark.colour;
      out[4 * at + 3] = strong ? 255 : 105;
    }
  }
  return image;
}

// Edges between a structure and its surroundings, four numbers each: x0, y0, x1, y1 in source pixels.
function edgesOf(labels, width, height, label) {
  const edges = [];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (labels[at] !== label) continue;
      if (x === 0 || labels[at - 1] !== label) edges.push(x, y, x, y + 1);
      if (x === width - 1 || labels[at + 1] !== label) edges.push(x + 1, y, x + 1, y + 1);
      if (y === 0 || labels[at - width] !== label) edges.push(x, y, x + 1, y);
      if (y === height - 1 || labels[at + width] !== label) edges.push(x, y + 1, x + 1, y + 1);
    }
  }
  return edges;
}

// For every label its pixel nearest to the centroid, where its number is written, and its area in shown pixels.
function anchorsOf(labels, width) {
  const sums = new Map();
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at];
    if (!label) continue;
    let sum = sums.get(label);
    if (!sum) sums.set(label, (sum = { n: 0, x: 0, y: 0, best: Infinity, at: 0 }));
    sum.n += 1;
    sum.x += at % width;
    sum.y += (at / width) | 0;
  }
  for (let at = 0; at < labels.length; at++) {
    if (!labels[at]) continue;
    const sum = sums.get(labels[at]);
    const away = (at % width - sum.x / sum.n) ** 2 + (((at / width) | 0) - sum.y / sum.n) ** 2;
    if (away < sum.best) Object.assign(sum, { best: away, at });
  }
  return [...sums].map(([label, sum]) => ({
    label, area: sum.n, x: (sum.at % width) + 0.5, y: ((sum.at / width) | 0) + 0.5,
  }));
}
