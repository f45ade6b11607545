// Pixel arithmetic of the viewer: unpacking, windows, orientation, colouring and outlines. No DOM but ImageData.

const PACKED = { uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, uint32: Uint32Array };

// Arrays travel deflated: reading them back from a picture is inexact in browsers that protect against fingerprinting.
async function unpack(packed) {
  const deflated = Uint8Array.from(atob(packed.data), (letter) => letter.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new PACKED[packed.type](await new Response(stream).arrayBuffer());
}

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

// An orientation is the matrix [a, b, c, d] from centred source to centred display coordinates.
const UPRIGHT = [1, 0, 0, 1];
const CHANGES = { left: [0, 1, -1, 0], right: [0, -1, 1, 0], mirror: [-1, 0, 0, 1], flip: [1, 0, 0, -1] };

function changed(turned, name) {
  const [e, f, g, h] = CHANGES[name];
  const [a, b, c, d] = turned;
  return [e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d];
}

function shownSize(turned, width, height) {
  return turned[0] !== 0 ? [width, height] : [height, width];
}

function toSource(turned, width, height, u, v) {
  const [a, b, c, d] = turned;
  const [shownWidth, shownHeight] = shownSize(turned, width, height);
  const x = u - shownWidth / 2;
  const y = v - shownHeight / 2;
  return [a * x + c * y + width / 2, b * x + d * y + height / 2];
}

function toShown(turned, width, height, x, y) {
  const [a, b, c, d] = turned;
  const [shownWidth, shownHeight] = shownSize(turned, width, height);
  const dx = x - width / 2;
  const dy = y - height / 2;
  return [a * dx + b * dy + shownWidth / 2, c * dx + d * dy + shownHeight / 2];
}

function differsAround(labels, width, height, x, y, reach) {
  const label = labels[y * width + x];
  return (
    (x + reach < width && labels[y * width + x + reach] !== label) ||
    (y + reach < height && labels[(y + reach) * width + x] !== label) ||
    (x >= reach && labels[y * width + x - reach] !== label) ||
    (y >= reach && labels[(y - reach) * width + x] !== label)
  );
}

// `paint` is {labels, colours, opacity, outlined, reach} or null for the bare slice.
function compose(slice, grey, turned, paint) {
  const { width, height, pixels } = slice;
  const [shownWidth, shownHeight] = shownSize(turned, width, height);
  const image = new ImageData(shownWidth, shownHeight);
  const out = new Uint32Array(image.data.buffer);
  const [a, b, c, d] = turned;
  const [x0, y0] = toSource(turned, width, height, 0.5, 0.5).map(Math.floor);
  let at = 0;
  for (let v = 0; v < shownHeight; v++) {
    for (let u = 0; u < shownWidth; u++, at++) {
      const x = x0 + a * u + c * v;
      const y = y0 + b * u + d * v;
      const from = y * width + x;
      const level = grey[pixels[from] + 32768];
      let red = level, green = level, blue = level;
      const label = paint ? paint.labels[from] : 0;
      if (label && (!paint.outlined || differsAround(paint.labels, width, height, x, y, paint.reach))) {
        const share = paint.outlined ? Math.max(paint.opacity, 0.35) : paint.opacity;
        const k = 3 * (label - 1);
        red += (paint.colours[k] - red) * share;
        green += (paint.colours[k + 1] - green) * share;
        blue += (paint.colours[k + 2] - blue) * share;
      }
      out[at] = 0xff000000 | (blue << 16) | (green << 8) | red;
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
function anchorsOf(labels, width, height) {
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
