// The watershed of edges from flat places: ctseg.methods.classical.watershed, step by step as scikit-image does it.
import { Heap } from "./heap.js";
import { connectedRegions } from "./regions.js";

const MEDIAN_RADIUS_PX = 2;
const GRADIENT_RADIUS_PX = 5;
const STEEPEST_FLAT = 20;
const COMPACTNESS = 1e-4;

const inside = (at, size) => (at < 0 ? -at - 1 : at >= size ? 2 * size - 1 - at : at);

// Sobel's gradient; terms are added in the same order, so that what ties there ties here.
function sobel(grey, width, height) {
  const down = [[-1, -1, -0.25], [-1, 0, -0.5], [-1, 1, -0.25], [1, -1, 0.25], [1, 0, 0.5], [1, 1, 0.25]];
  const across = [[-1, -1, -0.25], [-1, 1, 0.25], [0, -1, -0.5], [0, 1, 0.5], [1, -1, -0.25], [1, 1, 0.25]];
  const light = Float64Array.from({ length: 256 }, (_, level) => level * (1 / 255));
  const edges = new Float64Array(width * height);
  const summed = (terms, x, y) => {
    let sum = 0;
    for (const [dy, dx, weight] of terms) sum += weight * light[grey[inside(y + dy, height) * width + inside(x + dx, width)]];
    return sum;
  };
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) edges[at] = Math.sqrt(summed(down, x, y) ** 2 + summed(across, x, y) ** 2) / Math.SQRT2;
  }
  return edges;
}

function disk(radius) {
  const places = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) if (dx * dx + dy * dy <= radius * radius) places.push([dx, dy]);
  }
  return places;
}

// Calls with the grey levels under a disk around every pixel, those outside the slice left out.
function ranked(grey, width, height, radius, rank) {
  const places = disk(radius);
  const levels = new Uint8Array(places.length);
  const out = new Uint8Array(grey.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let found = 0;
      for (const [dx, dy] of places) {
        if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height) levels[found++] = grey[at + dy * width + dx];
      }
      out[at] = rank(levels.subarray(0, found));
    }
  }
  return out;
}

const median = (levels) => levels.sort()[levels.length >> 1];

function gradient(levels) {
  let [least, most] = [255, 0];
  for (const level of levels) {
    if (level < least) least = level;
    if (level > most) most = level;
  }
  return most - least;
}

// Compact watershed (Neubert and Protzel, 2014): what lies nearer to its marker is flooded sooner.
function compact(edges, markers, width, height) {
  const labels = Int32Array.from(markers);
  const heap = new Heap(2);
  for (let at = 0; at < markers.length; at++) if (markers[at]) heap.push([edges[at], 0, at, at]);
  let age = 1;
  while (heap.size) {
    const [, , at, source] = heap.pop();
    if (labels[at] && at !== source) continue;
    labels[at] = labels[source];
    const [x, y] = [at % width, Math.floor(at / width)];
    const [fromX, fromY] = [source % width, Math.floor(source / width)];
    for (const [dx, dy] of [[0, -1], [-1, 0], [1, 0], [0, 1]]) {
      if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
      const next = at + dy * width + dx;
      if (labels[next]) continue;
      age += 1;
      const away = Math.sqrt((y + dy - fromY) ** 2 + (x + dx - fromX) ** 2);
      heap.push([edges[next] + COMPACTNESS * away, age, next, source]);
    }
  }
  return labels;
}

export function watershed(grey, width, height) {
  const edges = sobel(grey, width, height);
  const smooth = ranked(grey, width, height, MEDIAN_RADIUS_PX, median);
  const flat = ranked(smooth, width, height, GRADIENT_RADIUS_PX, gradient).map((each) => (each < STEEPEST_FLAT ? 1 : 0));
  return compact(edges, connectedRegions(flat, width, height, 4).regions, width, height);
}
