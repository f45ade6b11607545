// Where the patient is: ctseg.methods.base.body.
import { connectedRegions, rint } from "./regions.js";

const MAX_SIDE = 1024;
const MAX_SIDE_OF_AIR = 512;
const MIN_BODY = 0.01;
const MAX_GAP = 1 / 24;
const MAX_OPENING = 1 / 12;

function otsu(histogram, pixels) {
  let [mean, below, belowMean, most, at] = [0, 0, 0, 0, 0];
  for (let level = 0; level < 256; level++) mean += (level * histogram[level]) / pixels;
  for (let level = 0; level < 256; level++) {
    const share = histogram[level] / pixels;
    belowMean *= below;
    below += share;
    const above = 1 - below;
    if (Math.min(below, above) < 1.1920929e-7) continue;
    belowMean = (belowMean + level * share) / below;
    const apart = below * above * (belowMean - (mean - below * belowMean) / above) ** 2;
    if (apart > most) [most, at] = [apart, level];
  }
  return at;
}

// A quarter of the way from air's most frequent level to Otsu's threshold.
function airThreshold(grey) {
  const histogram = new Float64Array(256);
  for (const level of grey) histogram[level] += 1;
  const level = otsu(histogram, grey.length);
  let air = 0;
  for (let each = 0; each <= level; each++) if (histogram[each] > histogram[air]) air = each;
  return air + Math.max(1, rint((level - air) / 4));
}

// Half widths of the rows of an ellipse of `size` px, as OpenCV draws it: [from, to) of each.
function ellipse(size) {
  const radius = size >> 1;
  return Array.from({ length: size }, (_, row) => {
    const dy = row - radius;
    const dx = radius ? rint(radius * Math.sqrt((radius * radius - dy * dy) / (radius * radius))) : 0;
    return [Math.max(radius - dx, 0), Math.min(radius + dx + 1, size)];
  });
}

// Whether any (dilation) or all (erosion) pixels under the ellipse are set.
function morphed(mask, width, height, spans, all) {
  const anchor = spans.length >> 1;
  const sums = new Int32Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) sums[y * (width + 1) + x + 1] = sums[y * (width + 1) + x] + (mask[y * width + x] ? 1 : 0);
  }
  const out = new Uint8Array(mask.length).fill(all ? 1 : 0);
  for (let y = 0; y < height; y++) {
    spans.forEach(([from, to], row) => {
      const v = y + row - anchor;
      if (v < 0 || v >= height) return;
      for (let x = 0; x < width; x++) {
        const [left, right] = [Math.max(x + from - anchor, 0), Math.min(x + to - anchor, width)];
        const set = sums[v * (width + 1) + Math.max(right, left)] - sums[v * (width + 1) + left];
        if (!all && set) out[y * width + x] = 1;
        if (all && set < right - left) out[y * width + x] = 0;
      }
    });
  }
  return out;
}

// Corners of the convex hull of a mask's pixels, in turn.
function hullOf(mask, width, height) {
  const points = [];
  for (let y = 0; y < height; y++) {
    const first = mask.indexOf(1, y * width);
    if (first < 0 || first >= (y + 1) * width) continue;
    points.push([first - y * width, y], [mask.lastIndexOf(1, (y + 1) * width - 1) - y * width, y]);
  }
  points.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const turnsRight = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) <= 0;
  const half = (sorted) => {
    const chain = [];
    for (const point of sorted) {
      while (chain.length > 1 && turnsRight(chain.at(-2), chain.at(-1), point)) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  const corners = [...half(points), ...half(points.reverse())];
  return corners.length ? corners : points.slice(0, 1);
}

// Pixels of a line from one corner to another, as OpenCV draws it: left to right, Bresenham.
function line(mask, width, [x0, y0], [x1, y1]) {
  let [x, y, dx, dy] = x1 < x0 ? [x1, y1, x0 - x1, y0 - y1] : [x0, y0, x1 - x0, y1 - y0];
  const down = dy < 0 ? -1 : 1;
  dy = Math.abs(dy);
  const steep = dy > dx;
  const [long, short] = steep ? [dy, dx] : [dx, dy];
  let error = long - 2 * short;
  for (let step = 0; step <= long; step++) {
    mask[y * width + x] = 1;
    const aside = error < 0;
    error += (aside ? 2 * long : 0) - 2 * short;
    if (steep || aside) y += down;
    if (!steep || aside) x += 1;
  }
}

const ONE = 65536; // OpenCV fills in 1/65536 px

// Fills a convex polygon (OpenCV's fillConvexPoly): its sides, and each row between the two that it meets.
function fillConvex(mask, width, corners) {
  const count = corners.length;
  corners.forEach((corner, k) => line(mask, width, corner, corners[(k + 1) % count]));
  const rows = corners.map(([, y]) => y);
  const [first, last] = [Math.min(...rows), Math.max(...rows)];
  const top = rows.indexOf(first);
  const sides = [1, count - 1].map((way) => ({ way, at: top, until: first, x: -ONE, dx: 0 }));
  let left = count;
  for (let y = first; y <= last; y++) {
    for (const side of sides) {
      if (y < side.until) continue;
      let [from, to] = [side.at, (side.at + side.way) % count];
      for (; left-- > 0; [from, to] = [to, (to + side.way) % count]) {
        const until = rows[to];
        if (until <= y) continue;
        const [start, end] = [corners[from][0] * ONE, corners[to][0] * ONE];
        Object.assign(side, { until, at: to, x: start, dx: Math.trunc(((end - start) * 2 + (until - y)) / (2 * (until - y))) });
        break;
      }
    }
    const [a, b] = sides.map(({ x }) => x).sort((p, q) => p - q);
    const [from, to] = [Math.floor((a + ONE / 2) / ONE), Math.floor((b + ONE / 2) / ONE)];
    if (to >= 0 && from < width) mask.fill(1, y * width + Math.max(from, 0), y * width + Math.min(to, width - 1) + 1);
    for (const side of sides) side.x += side.dx;
  }
}

// Every n-th pixel, so that no side has more than `side`: grey levels, width, height, n.
function reduced(grey, width, height, side) {
  const step = Math.ceil(Math.max(width, height) / side);
  const [wide, high] = [Math.ceil(width / step), Math.ceil(height / step)];
  const small = new Uint8Array(wide * high);
  for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) small[y * wide + x] = grey[y * step * width + x * step];
  return [small, wide, high, step];
}

// What is not air, its gaps narrower than `reach` closed; `reach` pixels of air around it.
function closed(small, wide, high, reach) {
  const threshold = airThreshold(small);
  const [w, h] = [wide + 2 * reach, high + 2 * reach];
  const padded = new Uint8Array(w * h);
  for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) padded[(y + reach) * w + x + reach] = small[y * wide + x] > threshold ? 1 : 0;
  const spans = ellipse(reach);
  return { all: morphed(morphed(padded, w, h, spans, false), w, h, spans, true), w, h };
}

function enlarged(mask, wide, step, width, height) {
  const out = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(y / step) * wide;
    for (let x = 0; x < width; x++, at++) out[at] = mask[row + Math.floor(x / step)];
  }
  return out;
}

// The largest connected region that is not air with its convex hull; all 1 where no body can be told from air.
export function bodyMask(grey, width, height) {
  const [small, wide, high, step] = reduced(grey, width, height, MAX_SIDE);
  const reach = Math.max(1, rint(MAX_GAP * Math.max(wide, high)));
  const { all, w } = closed(small, wide, high, reach);
  const inner = new Uint8Array(wide * high);
  for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) inner[y * wide + x] = all[(y + reach) * w + x + reach];
  const { regions, count } = connectedRegions(inner, wide, high, 4);
  const sizes = new Float64Array(count + 1);
  for (const region of regions) if (region) sizes[region] += 1;
  const largest = sizes.indexOf(Math.max(...sizes));
  if (!count || sizes[largest] < MIN_BODY * small.length) return new Uint8Array(width * height).fill(1);
  const filled = Uint8Array.from(regions, (region) => (region === largest ? 1 : 0));
  fillConvex(filled, wide, hullOf(filled, wide, high));
  return enlarged(filled, wide, step, width, height);
}

// The body without the air between it and the table that its hull encloses.
export function bodyWithoutAir(grey, width, height) {
  const body = bodyMask(grey, width, height);
  if (body.every((each) => each)) return body;
  const [small, wide, high, step] = reduced(grey, width, height, MAX_SIDE_OF_AIR);
  const reach = rint(MAX_OPENING * Math.max(wide, high)) | 1;
  const { all, w, h } = closed(small, wide, high, reach);
  const { regions } = connectedRegions(all.map((each) => (each ? 0 : 1)), w, h, 4);
  const outside = new Uint8Array(wide * high);
  for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) outside[y * wide + x] = regions[(y + reach) * w + x + reach] === regions[0] ? 1 : 0;
  const air = enlarged(outside, wide, step, width, height);
  return body.map((each, at) => (each && !air[at] ? 1 : 0));
}
