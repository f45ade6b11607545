// From a network's affinities, or a slice's edges, to a merge tree: ctseg.partition.decoding and volume.
import { boundaryMap } from "./affinities.js";
import { flood, MAX_LEVEL, spanningTree } from "./flooding.js";
import { averageLinkage } from "./linkage.js";
import { connectedRegions, rint, squaredDistances } from "./regions.js";
import { coarsened, MergeTree, placed } from "./trees.js";

const MAX_LEAVES = 20000;
const MIN_MARKER_PX = 8;
const INSIDE = 1 << 19; // altitude of the certain boundary; ground outside the mask lies higher
const A_PX = 8; // levels that the ground outside rises with each px from the mask
const ONE = 1 << 12;

const empty = (width, height) => new MergeTree(new Int32Array(width * height), width, height, [], new Float64Array(0));

// Divides a mask at the network's size into basins of the boundary, joins them by average linkage, and lays the
// tree on `at`, the mask { mask, width, height } at the slice's own size.
export function agglomerate(affinities, mask, boundaryBelow, at) {
  const { width, height } = affinities;
  if (!mask.includes(1)) return empty(at.width, at.height);
  const boundary = boundaryMap(affinities);
  const away = squaredDistances(mask, width, height);
  const altitude = boundary.map((each, k) => (mask[k] ? rint(each * (INSIDE - 1)) : INSIDE + Math.floor(A_PX * Math.sqrt(away[k]))));
  const low = mask.map((each, k) => (each && boundary[k] < boundaryBelow ? 1 : 0));
  const basins = flood(altitude, markersOf(low, mask, width, height), width, height);
  const gaps = basins.levels.map((level) => 1 + (Math.max(level - INSIDE, 0) * 2) / A_PX / (width + height));
  const inside = basins.labels.map((label, k) => (mask[k] ? label : 0));
  const { parents, altitudes } = averageLinkage(inside, affinities, basins, gaps);
  const everywhere = new MergeTree(basins.labels, width, height, parents, altitudes);
  return coarsened(placed(everywhere, at.mask, at.width, at.height), MAX_LEAVES);
}

// Numbers the low places of the mask, and its connected parts that have none.
function markersOf(low, mask, width, height) {
  const { regions: places, count } = connectedRegions(low, width, height, 4);
  const sizes = new Int32Array(count + 1);
  for (const place of places) sizes[place] += 1;
  const { regions: parts, count: most } = connectedRegions(mask, width, height, 8);
  const hasPlace = new Uint8Array(most + 1);
  const marked = (k) => places[k] && sizes[places[k]] >= MIN_MARKER_PX;
  for (let k = 0; k < places.length; k++) if (marked(k)) hasPlace[parts[k]] = 1;
  const raw = parts.map((part, k) => (marked(k) ? places[k] : part && !hasPlace[part] ? part + count : 0));
  const values = [...new Set(raw)].filter(Boolean).sort((a, b) => a - b);
  const numbers = new Map(values.map((value, k) => [value, k + 1]));
  return raw.map((value) => numbers.get(value) ?? 0);
}

// The Sobel gradient of the smoothed slice times flat + boundary, in whole levels; filters have whole weights.
export function edgeStrength(grey, boundary, width, height, flat) {
  const radius = 4;
  const bell = Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * (k - radius) ** 2));
  const sum = bell.reduce((a, b) => a + b);
  const gauss = bell.map((each) => rint((each / sum) * ONE));
  const [smooth, step] = [[1, 2, 1], [-1, 0, 1]];
  const image = filtered(Float64Array.from(grey), gauss, gauss, width, height);
  const across = filtered(image, step, smooth, width, height);
  const down = filtered(image, smooth, step, width, height);
  const scale = 255 * gauss.reduce((a, b) => a + b) ** 2 * 4 * Math.SQRT2;
  return across.map((dx, k) => {
    const certain = Math.min(Math.max(boundary[k], 0), 1);
    return rint((((Math.sqrt(dx * dx + down[k] * down[k]) / scale) * (flat + certain)) / (flat + 1)) * MAX_LEVEL);
  });
}

// Edges that follow structures found by other means: weaker inside, stronger on both sides of their borders.
export function ledBy(strength, structures, width, height, { inside, border }) {
  const atBorder = new Uint8Array(structures.length);
  const look = (at, next) => { if (structures[at] !== structures[next]) atBorder[at] = atBorder[next] = 1; };
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (x + 1 < width) look(at, at + 1);
      if (y + 1 < height) look(at, at + width);
    }
  }
  return strength.map((each, at) => {
    const led = structures[at] && !atBorder[at] ? each * inside : each;
    return rint(Math.min(led + atBorder[at] * (border * MAX_LEVEL), MAX_LEVEL));
  });
}

// A separable filter along rows and then columns, the image reflected at its border.
function filtered(image, alongRows, alongColumns, width, height) {
  const reflected = (at, size) => {
    while (at < 0 || at >= size) at = at < 0 ? -at - 1 : 2 * size - 1 - at;
    return at;
  };
  const half = (values, kernel, wide, high, place) => {
    const reach = kernel.length >> 1;
    const out = new Float64Array(values.length);
    for (let line = 0; line < high; line++) {
      for (let at = 0; at < wide; at++) {
        let total = 0;
        for (let k = -reach; k <= reach; k++) total += kernel[k + reach] * values[place(line, reflected(at + k, wide))];
        out[place(line, at)] = total;
      }
    }
    return out;
  };
  const rows = half(image, alongRows, width, height, (y, x) => y * width + x);
  return half(rows, alongColumns, height, width, (x, y) => y * width + x);
}

// Joins the basins of a landscape, those that hold the least water first.
export function volumeTree(strength, width, height) {
  const basins = flood(strength, minima(strength, width, height), width, height);
  const count = basins.volumes.length + 1;
  const order = [...basins.volumes.keys()].sort((a, b) => basins.volumes[a] - basins.volumes[b] || a - b);
  const volumes = order.map((k) => basins.volumes[k]);
  const ends = [basins.first, basins.second].map((side) => order.map((k) => side[k] - 1));
  const parents = count > 1 ? spanningTree(count, ...ends).parents : [0];
  const most = Math.log1p(Math.max(volumes.at(-1) ?? 0, 1));
  const altitudes = Float64Array.from(volumes, (volume) => Math.log1p(volume) / most);
  return coarsened(new MergeTree(basins.labels, width, height, parents, altitudes), MAX_LEAVES);
}

// Connected places of one level with no lower neighbour.
function minima(strength, width, height) {
  // Levels count from 0 and regions are of values that are not 0.
  const { regions, count } = connectedRegions(strength.map((each) => each + 1), width, height, 4);
  const isLow = new Uint8Array(count + 1).fill(1);
  const look = (at, next) => {
    if (strength[at] > strength[next]) isLow[regions[at]] = 0;
    else if (strength[next] > strength[at]) isLow[regions[next]] = 0;
  };
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (x + 1 < width) look(at, at + 1);
      if (y + 1 < height) look(at, at + width);
    }
  }
  const numbers = new Int32Array(count + 1);
  let found = 0;
  for (let region = 1; region <= count; region++) if (isLow[region]) numbers[region] = (found += 1);
  return regions.map((region) => numbers[region]);
}
