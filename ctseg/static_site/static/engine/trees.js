// Binary trees as arrays of parents, and the partition that is shown and edited: ctseg.partition.merge_tree.
import { highest, inReadingOrder } from "./regions.js";

const MAX_STEPS = 100;

export class TreeError extends Error {}

// The lower and the higher child of each inner node.
function children(parents) {
  const leaves = (parents.length + 1) >> 1;
  const [first, second] = [new Int32Array(leaves - 1).fill(-1), new Int32Array(leaves - 1)];
  for (let node = 0; node < parents.length - 1; node++) {
    const inner = parents[node] - leaves;
    if (first[inner] < 0) first[inner] = node;
    else second[inner] = node;
  }
  return [first, second];
}

// The tree whose leaves are some nodes of another; what joins fewer than two of them goes.
function kept(parents, altitudes, nodes) {
  const leaves = (parents.length + 1) >> 1;
  const standsFor = new Int32Array(parents.length).fill(-1);
  nodes.forEach((node, k) => { standsFor[node] = k; });
  const [above, heights] = [new Int32Array(Math.max(2 * nodes.length - 1, 0)), []];
  if (!nodes.length) return { parents: above, altitudes: Float64Array.from(heights) };
  const [first, second] = children(parents);
  const isNew = new Set(nodes);
  for (let inner = 0; inner < leaves - 1; inner++) {
    if (isNew.has(inner + leaves)) continue;
    const [a, b] = [standsFor[first[inner]], standsFor[second[inner]]];
    if (a >= 0 && b >= 0) {
      const node = nodes.length + heights.length;
      above[a] = above[b] = node;
      standsFor[inner + leaves] = node;
      heights.push(altitudes[inner]);
    } else standsFor[inner + leaves] = Math.max(a, b);
  }
  above[above.length - 1] = above.length - 1;
  return { parents: above, altitudes: Float64Array.from(heights) };
}

// Each leaf's highest node of at most this altitude.
function tops(parents, altitudes, threshold) {
  const leaves = altitudes.length + 1;
  const top = new Int32Array(parents.length);
  for (let node = parents.length - 1; node >= 0; node--) {
    const above = parents[node];
    top[node] = above === node || altitudes[above - leaves] > threshold ? node : top[above];
  }
  return top.subarray(0, leaves);
}

const inOrder = (values) => inReadingOrder(Int32Array.from(values, (each) => each + 1)).labels;

export class MergeTree {
  // leaves: Int32Array of the slice, 0 background, 1..L; parents (2 L - 1); altitudes (L - 1), ascending.
  constructor(leaves, width, height, parents, altitudes) {
    const { labels, order } = inReadingOrder(leaves);
    const moved = Int32Array.from(parents);
    order.forEach((old, k) => { moved[k] = parents[old - 1]; });
    Object.assign(this, { leaves: labels, width, height, parents: moved, altitudes });
    this.states = [Int32Array.from(order, (_, k) => k + 1)];
    this.position = 0;
  }

  get leafCount() { return (this.parents.length + 1) >> 1; }

  get state() { return this.states[this.position]; }

  get structureCount() { return highest(this.state); }

  get labelMap() {
    const { state } = this;
    return this.leaves.map((leaf) => (leaf ? state[leaf - 1] : 0));
  }

  stateOfCut({ threshold = null, count = null }) {
    if (count !== null) {
      if (count < 1) throw new TreeError(`A slice cannot be cut into ${count} structures; choose at least 1.`);
      // So many merges are needed, and with the last of them all others of its altitude.
      const needed = this.leafCount - count;
      threshold = needed > 0 ? this.altitudes[needed - 1] : -1;
    }
    return this.leafCount ? inOrder(tops(this.parents, this.altitudes, threshold)) : new Int32Array(0);
  }

  // All cuts of at most so many structures: the finest, n structures, and n x n numbers of its structures in each.
  nested(most) {
    const state = this.stateOfCut({ count: most });
    const count = highest(state);
    if (!count) return { labels: this.leaves, numbers: new Uint16Array(0) };
    const needed = this.leafCount - most;
    const top = tops(this.parents, this.altitudes, needed > 0 ? this.altitudes[needed - 1] : -1);
    const nodes = Array.from({ length: count }, (_, k) => top[state.indexOf(k + 1)]);
    const { parents, altitudes } = kept(this.parents, this.altitudes, nodes);
    const small = new MergeTree(Int32Array.from(nodes, (_, k) => k + 1), count, 1, parents, altitudes);
    const numbers = new Uint16Array(count * count);
    for (let k = 1; k <= count; k++) numbers.set(small.stateOfCut({ count: k }), (k - 1) * count);
    return { labels: this.leaves.map((leaf) => (leaf ? state[leaf - 1] : 0)), numbers };
  }

  start(at) {
    Object.assign(this, { states: [this.stateOfCut(at)], position: 0 });
    return this;
  }

  step(state) {
    this.states = [...this.states.slice(0, this.position + 1), state].slice(-MAX_STEPS - 1);
    this.position = this.states.length - 1;
  }

  cut(at) { this.step(this.stateOfCut(at)); }

  need(...structures) {
    const has = this.structureCount;
    for (const each of structures) {
      if (!(each >= 1 && each <= has)) throw new TreeError(`There is no structure ${each}; this partition has ${has}.`);
    }
  }

  merge(a, b) {
    this.need(a, b);
    if (a === b) throw new TreeError(`Structure ${a} cannot be merged with itself; choose another.`);
    this.step(inOrder(this.state.map((each) => (each === b ? a : each))));
  }

  // Undoes the highest merge of the tree that lies within a structure.
  split(a) {
    this.need(a);
    const members = [...this.state.keys()].filter((leaf) => this.state[leaf] === a);
    if (members.length === 1) throw new TreeError(`Structure ${a} cannot be split further.`);
    const { start, stop } = this.spans;
    const places = members.map((leaf) => start[leaf]);
    const [low, high] = [Math.min(...places), Math.max(...places)];
    // Parents come after their children, so the first node that holds all is the lowest.
    const top = start.findIndex((from, node) => from <= low && stop[node] > high);
    const half = children(this.parents)[0][top - this.leafCount];
    const state = Int32Array.from(this.state);
    for (const leaf of members) if (start[leaf] >= start[half] && start[leaf] < stop[half]) state[leaf] = this.structureCount + 1;
    this.step(inOrder(state));
  }

  undo() {
    if (!this.position) throw new TreeError("There is nothing to undo.");
    this.position -= 1;
  }

  redo() {
    if (this.position === this.states.length - 1) throw new TreeError("There is nothing to redo.");
    this.position += 1;
  }

  // The leaves in a line so that those below any node are neighbours: from start to stop - 1.
  get spans() {
    if (this.line) return this.line;
    const { parents, leafCount } = this;
    const size = new Int32Array(parents.length).fill(1, 0, leafCount);
    for (let node = 0; node < parents.length - 1; node++) size[parents[node]] += size[node];
    const start = new Int32Array(parents.length);
    const [first, second] = leafCount > 1 ? children(parents) : [[], []];
    for (let inner = leafCount - 2; inner >= 0; inner--) {
      start[first[inner]] = start[inner + leafCount];
      start[second[inner]] = start[inner + leafCount] + size[first[inner]];
    }
    this.line = { start, stop: start.map((from, node) => from + size[node]) };
    return this.line;
  }

  // How high each structure stands before it would merge with another, at most 1: ctseg.partition.confidence.
  confidence() {
    const { parents, altitudes, state, leafCount } = this;
    const sure = new Float64Array(this.structureCount).fill(1);
    if (leafCount < 2) return sure;
    const { start, stop } = this.spans;
    const line = new Int32Array(leafCount);
    for (let leaf = 0; leaf < leafCount; leaf++) line[start[leaf]] = state[leaf];
    const changes = new Int32Array(leafCount);
    for (let at = 1; at < leafCount; at++) changes[at] = changes[at - 1] + (line[at] !== line[at - 1] ? 1 : 0);
    for (let leaf = 0; leaf < leafCount; leaf++) {
      let node = leaf;
      while (changes[stop[node] - 1] <= changes[start[node]] && parents[node] !== node) node = parents[node];
      const height = changes[stop[node] - 1] > changes[start[node]] ? altitudes[node - leafCount] : 1;
      sure[state[leaf] - 1] = Math.min(sure[state[leaf] - 1], height);
    }
    return sure;
  }

  // The same steps on the slice turned: `turn` moves an array of the slice and gives its new width and height.
  turned(turn) {
    const { values, width, height } = turn(this.leaves, this.width, this.height);
    const { order } = inReadingOrder(values);
    const tree = new MergeTree(values, width, height, this.parents, this.altitudes);
    tree.states = this.states.map((state) => inOrder(order.map((old) => state[old - 1])));
    tree.position = this.position;
    return tree;
  }
}

// For each pixel of a size the pixel of another that its centre lies in.
const centres = (size, old) => Int32Array.from({ length: size }, (_, at) => Math.floor(((2 * at + 1) * old) / (2 * size)));

// Values at another size, each pixel from where its centre lies.
export function nearest(values, width, height, wide, high) {
  const [columns, rows] = [centres(wide, width), centres(high, height)];
  const out = new values.constructor(wide * high);
  for (let y = 0, at = 0; y < high; y++) for (let x = 0; x < wide; x++, at++) out[at] = values[rows[y] * width + columns[x]];
  return out;
}

// A tree on a slice of the mask's size, each pixel from where its centre lies; background outside the mask.
export function placed(tree, mask, width, height) {
  const leaves = nearest(tree.leaves, tree.width, tree.height, width, height).map((leaf, at) => (mask[at] ? leaf : 0));
  const seen = new Uint8Array(tree.leafCount + 1);
  for (const leaf of leaves) seen[leaf] = 1;
  const nodes = Int32Array.from({ length: tree.leafCount }, (_, leaf) => (seen[leaf + 1] ? leaf : -1));
  return ofNodes(tree, leaves, width, height, nodes);
}

// At most so many basins, those of a cut into so many.
export function coarsened(tree, count) {
  if (tree.leafCount <= count) return tree;
  const threshold = tree.altitudes[tree.leafCount - count - 1];
  return ofNodes(tree, tree.leaves, tree.width, tree.height, tops(tree.parents, tree.altitudes, threshold));
}

// Makes basins of the nodes that each leaf is in, or of none where that is -1.
function ofNodes(tree, leaves, width, height, nodes) {
  const found = [...new Set(nodes)].filter((node) => node >= 0).sort((a, b) => a - b);
  const place = new Map(found.map((node, k) => [node, k + 1]));
  const numbers = Int32Array.from([0, ...nodes.map((node) => (node < 0 ? 0 : place.get(node)))]);
  const { parents, altitudes } = kept(tree.parents, tree.altitudes, found);
  return new MergeTree(leaves.map((leaf) => numbers[leaf]), width, height, parents, altitudes);
}
