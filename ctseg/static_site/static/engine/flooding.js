// Watershed basins by flooding from markers, and the passes between them: ctseg.partition.flooding and water.
import { highest, inReadingOrder, squaredDistances, Unions } from "./regions.js";

export const MAX_LEVEL = (1 << 21) - 1;
const FARTHEST = (1 << 10) - 1;

// Edges lie as high as the higher of their pixels; of one height the nearer to a marker first, then the one whose
// lower pixel is lower, then horizontal ones, then reading order. A rank is two numbers of 31 bits.
function ranks(level, far, width, height) {
  const of = (a, b) => [
    Math.max(level[a], level[b]) * 1024 + Math.max(far[a], far[b]),
    Math.min(level[a], level[b]) * 1024 + Math.min(far[a], far[b]),
  ];
  const size = width * height;
  const made = () => [new Int32Array(size), new Int32Array(size)];
  const [across, down] = [made(), made()]; // of the edge from a pixel to the next, and to the one below
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (x + 1 < width) [across[0][at], across[1][at]] = of(at, at + 1);
      if (y + 1 < height) [down[0][at], down[1][at]] = of(at, at + width);
    }
  }
  return { across, down };
}

// Every pixel outside the markers flows over its lowest edge; pools come from 0 in reading order of their ends.
function poolsOf({ across, down }, markers, width, height) {
  const size = width * height;
  const to = new Int32Array(size);
  const firsts = new Int32Array(highest(markers) + 1).fill(-1);
  for (let at = 0; at < size; at++) if (markers[at] && firsts[markers[at]] < 0) firsts[markers[at]] = at;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (markers[at]) {
        to[at] = firsts[markers[at]];
        continue;
      }
      let [best, upper, lower] = [at, Infinity, Infinity];
      const side = (rank, edge, other) => {
        const [a, b] = [rank[0][edge], rank[1][edge]];
        if (a < upper || (a === upper && b < lower)) [best, upper, lower] = [other, a, b];
      };
      if (x > 0) side(across, at - 1, at - 1);
      if (x + 1 < width) side(across, at, at + 1);
      if (y > 0) side(down, at - width, at - width);
      if (y + 1 < height) side(down, at, at + width);
      to[at] = best;
    }
  }
  // Two pixels without a marker that flow into each other: the first of them is the bottom.
  for (let at = 0; at < size; at++) if (to[to[at]] === at && at < to[at]) to[at] = at;
  const pools = new Int32Array(size).fill(-1);
  for (let at = 0; at < size; at++) {
    let end = at;
    while (to[end] !== end) end = to[end] = to[to[end]];
    to[at] = end;
  }
  const occurs = new Int32Array(size);
  for (let at = 0; at < size; at++) occurs[to[at]] = 1;
  let count = 0;
  for (let at = 0; at < size; at++) if (occurs[at]) occurs[at] = (count += 1);
  for (let at = 0; at < size; at++) pools[at] = occurs[to[at]] - 1;
  return { pools, count };
}

// Edges between different pools in the order of flooding: a stable radix sort of their ranks.
function between({ across, down }, pools, width, height) {
  const [high, low, one, other] = [[], [], [], []];
  const take = (rank, at, next) => {
    if (pools[at] === pools[next]) return;
    high.push(rank[0][at]);
    low.push(rank[1][at]);
    one.push(pools[at]);
    other.push(pools[next]);
  };
  for (let y = 0; y < height; y++) for (let x = 0; x + 1 < width; x++) take(across, y * width + x, y * width + x + 1);
  for (let at = 0; at + width < width * height; at++) take(down, at, at + width);
  let order = Int32Array.from(one, (_, k) => k);
  for (const [keys, shift] of [[low, 0], [low, 11], [low, 22], [high, 0], [high, 11], [high, 22]]) {
    const places = new Int32Array(2049);
    for (const key of keys) places[((key >> shift) & 2047) + 1] += 1;
    for (let k = 0; k < 2048; k++) places[k + 1] += places[k];
    const sorted = new Int32Array(order.length);
    for (const k of order) sorted[places[(keys[k] >> shift) & 2047]++] = k;
    order = sorted;
  }
  const picked = (values) => Int32Array.from(order, (k) => values[k]);
  return { levels: picked(high).map((each) => each >> 10), one: picked(one), other: picked(other) };
}

// The binary tree of a minimum spanning tree by edges in order; `building` are the edges that it takes.
export function spanningTree(count, one, other) {
  const parents = new Int32Array(2 * count - 1);
  const building = new Int32Array(count - 1);
  const unions = new Unions(count);
  const nodes = Int32Array.from({ length: count }, (_, k) => k);
  let made = 0;
  for (let edge = 0; edge < one.length && made < count - 1; edge++) {
    const [a, b] = [unions.find(one[edge]), unions.find(other[edge])];
    if (a === b) continue;
    const node = count + made;
    parents[nodes[a]] = parents[nodes[b]] = node;
    building[made++] = edge;
    unions.join(a, b);
    nodes[Math.min(a, b)] = node;
  }
  parents[parents.length - 1] = parents.length - 1;
  return { parents, building };
}

// Water on the emptier side of each merge when it is flooded: the sum of max(0, altitude - level) over its pixels.
function emptierSides(parents, altitudes, pools, level) {
  const leaves = altitudes.length + 1;
  const upTo = Float64Array.from(parents, (above, node) => (above === node ? Infinity : altitudes[above - leaves]));
  const steps = [parents];
  for (let last = parents; last.some((to) => to !== parents.length - 1);) steps.push((last = last.map((to) => last[to])));
  steps.reverse();
  const [area, floor] = [new Float64Array(parents.length), new Float64Array(parents.length)];
  for (let at = 0; at < pools.length; at++) {
    let node = pools[at];
    if (level[at] > upTo[node]) {
      for (const step of steps) if (level[at] > upTo[step[node]]) node = step[node];
      node = parents[node];
    }
    area[node] += 1;
    floor[node] += level[at];
  }
  const emptier = new Float64Array(parents.length).fill(Infinity);
  for (let node = 0; node < parents.length - 1; node++) {
    const above = parents[node];
    area[above] += area[node];
    floor[above] += floor[node];
    emptier[above] = Math.min(emptier[above], area[node] * upTo[node] - floor[node]);
  }
  return emptier.subarray(leaves);
}

// altitude: whole numbers in [0, MAX_LEVEL]; markers: 0 or 1..K. Returns basins in reading order and the passes
// between them, lowest first: which they join (from 1), at what level, and the water on the emptier side.
export function flood(altitude, markers, width, height) {
  const far = squaredDistances(markers, width, height).map((each) => Math.min(each, FARTHEST));
  const ranked = ranks(altitude, far, width, height);
  const { pools, count } = poolsOf(ranked, markers, width, height);
  if (count === 1) return { labels: new Int32Array(pools.length).fill(1), first: [], second: [], levels: [], volumes: [] };
  const edges = between(ranked, pools, width, height);
  const { parents, building } = spanningTree(count, edges.one, edges.other);
  const planted = new Uint8Array(parents.length);
  for (let at = 0; at < pools.length; at++) if (markers[at]) planted[pools[at]] = 1;
  const sides = new Uint8Array(parents.length);
  for (let node = 0; node < parents.length - 1; node++) {
    if (node >= count && sides[node]) planted[node] = 1;
    sides[parents[node]] += planted[node];
  }
  const joined = new Unions(count);
  building.forEach((edge, k) => { if (sides[count + k] < 2) joined.join(edges.one[edge], edges.other[edge]); });
  const { labels } = inReadingOrder(pools.map((pool) => joined.find(pool) + 1));
  const ofPool = new Int32Array(count);
  for (let at = 0; at < pools.length; at++) ofPool[pools[at]] = labels[at];
  const levels = building.map((edge) => edges.levels[edge]);
  const volumes = emptierSides(parents, levels, pools, altitude);
  const divides = [...building.keys()].filter((k) => sides[count + k] === 2);
  return {
    labels,
    first: divides.map((k) => ofPool[edges.one[building[k]]]),
    second: divides.map((k) => ofPool[edges.other[building[k]]]),
    levels: divides.map((k) => levels[k]),
    volumes: divides.map((k) => volumes[k]),
  };
}
