// Resizing as OpenCV does it, so that networks see what they see on the server.
import { rint } from "./regions.js";

const FIXED = 2048; // OpenCV weighs 8-bit pixels in 1/2048

// For each of `size` pixels the two of `old` it lies between, and how far from the first.
function between(size, old) {
  const [first, second, share] = [new Int32Array(size), new Int32Array(size), new Float32Array(size)];
  for (let k = 0; k < size; k++) {
    const place = Math.fround((k + 0.5) * (old / size) - 0.5);
    const lower = Math.floor(place);
    first[k] = Math.min(Math.max(lower, 0), old - 1);
    second[k] = Math.min(first[k] + 1, old - 1);
    share[k] = lower < 0 || lower >= old - 1 ? 0 : place - lower;
  }
  return { first, second, share };
}

// Grey levels (uint8), bilinear.
export function linearGrey(grey, width, height, wide, high) {
  const [across, down] = [between(wide, width), between(high, height)];
  const out = new Uint8Array(wide * high);
  const weights = (share) => [Int32Array.from(share, (each) => rint(Math.fround(1 - each) * FIXED)), Int32Array.from(share, (each) => rint(each * FIXED))];
  const [[ax, bx], [ay, by]] = [weights(across.share), weights(down.share)];
  for (let y = 0, at = 0; y < high; y++) {
    const [upper, lower] = [down.first[y] * width, down.second[y] * width];
    for (let x = 0; x < wide; x++, at++) {
      const [p, q] = [across.first[x], across.second[x]];
      const top = (grey[upper + p] * ax[x] + grey[upper + q] * bx[x]) >> 4;
      const bottom = (grey[lower + p] * ax[x] + grey[lower + q] * bx[x]) >> 4;
      out[at] = (((ay[y] * top) >> 16) + ((by[y] * bottom) >> 16) + 2) >> 2;
    }
  }
  return out;
}

// Probabilities (float), bilinear.
export function linear(values, width, height, wide, high) {
  if (width === wide && height === high) return Float32Array.from(values);
  const [across, down] = [between(wide, width), between(high, height)];
  const out = new Float32Array(wide * high);
  for (let y = 0, at = 0; y < high; y++) {
    const [upper, lower, share] = [down.first[y] * width, down.second[y] * width, down.share[y]];
    for (let x = 0; x < wide; x++, at++) {
      const [p, q, f] = [across.first[x], across.second[x], across.share[x]];
      const top = Math.fround(values[upper + p] * (1 - f) + values[upper + q] * f);
      const bottom = Math.fround(values[lower + p] * (1 - f) + values[lower + q] * f);
      out[at] = top * (1 - share) + bottom * share;
    }
  }
  return out;
}

// For each of `size` pixels the pixels of `old` that it covers, with their shares.
function covered(size, old) {
  const scale = old / size;
  return Array.from({ length: size }, (_, k) => {
    const [from, to] = [k * scale, (k + 1) * scale];
    const cell = Math.min(scale, old - from);
    const last = Math.min(Math.floor(to), old - 1);
    const first = Math.min(Math.ceil(from), last);
    const parts = [];
    if (first - from > 1e-3) parts.push([first - 1, Math.fround((first - from) / cell)]);
    for (let at = first; at < last; at++) parts.push([at, Math.fround(1 / cell)]);
    if (to - last > 1e-3) parts.push([last, Math.fround(Math.min(to - last, 1, cell) / cell)]);
    return parts;
  });
}

// Grey levels (uint8), averaged over the area of each new pixel; for shrinking.
export function areaGrey(grey, width, height, wide, high) {
  return Uint8Array.from(areaMean(grey, width, height, wide, high), rint);
}

// The same of numbers (float).
export function areaMean(grey, width, height, wide, high) {
  const [across, down] = [covered(wide, width), covered(high, height)];
  const out = new Float32Array(wide * high);
  const row = new Float32Array(wide);
  for (let y = 0; y < high; y++) {
    row.fill(0);
    for (const [v, beta] of down[y]) {
      for (let x = 0; x < wide; x++) {
        let sum = 0;
        for (const [u, alpha] of across[x]) sum = Math.fround(sum + Math.fround(grey[v * width + u] * alpha));
        row[x] += Math.fround(sum * beta);
      }
    }
    out.set(row, y * wide);
  }
  return out;
}
