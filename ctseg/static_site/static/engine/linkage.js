// Average linkage of affinities: ctseg.partition.region_graph and linkage.
import { counted, ends, STEPS } from "./affinities.js";
import { Heap } from "./heap.js";
import { highest } from "./regions.js";

const MIN_PAIRS = 4;

// For each two basins (from 0, the lower first) the sum of affinities over pairs of pixels, and how many pairs.
function regionGraph(basins, { channels, offsets, width, height }) {
  const regions = highest(basins);
  const sums = new Map();
  offsets.forEach((offset, k) => ends(offset, width, height, (first, second) => {
    const [one, other] = [basins[first], basins[second]];
    if (one === other || !one || !other) return;
    const key = (Math.min(one, other) - 1) * regions + Math.max(one, other) - 1;
    const sum = sums.get(key);
    const value = counted(channels[k][first]);
    if (sum) {
      sum[0] += value;
      sum[1] += 1;
    } else sums.set(key, [value, 1]);
  }));
  return { regions, between: [...sums].map(([key, [value, pairs]]) => [Math.floor(key / regions), key % regions, value / STEPS, pairs]) };
}

class Clusters {
  constructor({ regions, between }) {
    this.parents = Int32Array.from({ length: Math.max(2 * regions - 1, 0) }, (_, k) => k);
    Object.assign(this, { leaves: regions, altitudes: [] });
    this.node = Int32Array.from({ length: regions }, (_, k) => k);
    this.named = Int32Array.from(this.node);
    this.between = Array.from({ length: regions }, () => new Map());
    for (const [one, other, affinity, pairs] of between) {
      this.between[one].set(other, [affinity, pairs]);
      this.between[other].set(one, [affinity, pairs]);
    }
  }

  queue(fewest) {
    this.fewest = fewest;
    this.heap = new Heap(4);
    this.between.forEach((others, one) => {
      for (const [other, [affinity, pairs]] of others) if (one < other && pairs >= fewest) this.heap.push([-affinity / pairs, -pairs, one, other]);
    });
  }

  // Entries of regions that have changed since stay in the heap and are passed over here.
  next() {
    while (this.heap.size) {
      const [mean, pairs, one, other] = this.heap.pop();
      const now = this.between[one].get(other);
      if (now && now[1] === -pairs && -now[0] / now[1] === mean) return [-mean, one, other];
    }
    return null;
  }

  of(leaf) {
    while (this.named[leaf] !== leaf) leaf = this.named[leaf] = this.named[this.named[leaf]];
    return leaf;
  }

  // The cluster with fewer neighbours takes the name of the other.
  join(one, other, altitude) {
    if (this.between[one].size < this.between[other].size) [one, other] = [other, one];
    const [kept, gone] = [this.between[one], this.between[other]];
    this.between[other] = new Map();
    kept.delete(other);
    gone.delete(one);
    for (const [third, [affinity, pairs]] of gone) {
      const before = kept.get(third) ?? [0, 0];
      const now = [before[0] + affinity, before[1] + pairs];
      this.between[third].delete(other);
      kept.set(third, now);
      this.between[third].set(one, now);
      if (now[1] >= this.fewest) this.heap.push([-now[0] / now[1], -now[1], Math.min(one, third), Math.max(one, third)]);
    }
    const node = this.leaves + this.altitudes.length;
    this.parents[this.node[one]] = this.parents[this.node[other]] = node;
    this.node[one] = node;
    this.named[other] = one;
    this.altitudes.push(Math.max(altitude, this.altitudes.at(-1) ?? 0));
  }
}

// Joins what belongs together most first; then, by the passes of the flooding, what never meets.
export function averageLinkage(basins, affinities, passes, gaps) {
  const clusters = new Clusters(regionGraph(basins, affinities));
  for (const fewest of [MIN_PAIRS, 1]) {
    clusters.queue(fewest);
    for (let best = clusters.next(); best; best = clusters.next()) clusters.join(best[1], best[2], 1 - best[0]);
  }
  gaps.forEach((gap, k) => {
    const [at, to] = [clusters.of(passes.first[k] - 1), clusters.of(passes.second[k] - 1)];
    if (at !== to) clusters.join(at, to, gap);
  });
  return { parents: clusters.parents, altitudes: Float64Array.from(clusters.altitudes) };
}
