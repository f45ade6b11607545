// All cuts that the slider offers, held by the page, so that a step is seen at the next frame however far the server is.
// The server makes the cut that is stayed at, and its answer stands for this one.

class Cuts {
  constructor(page) { Object.assign(this, { page, asking: null }); }

  // Asked for once a result, when a hand comes near the slider; without an answer the server makes every step.
  async learn(pane) {
    const { result } = pane ?? {};
    if (!result?.tree || pane.cuts || this.asking === pane) return;
    this.asking = pane;
    try {
      const [one] = await this.page.wire.frames("cuts", { method: pane.name });
      const { labels, numbers } = one.arrays;
      const most = Math.round(Math.sqrt(numbers.length));
      const there = pane.result?.tree && pane.result.plan === one.plan && labels.length === pane.result.labels.length;
      if (there) pane.cuts = { labels, numbers, most, near: nearPairs(labels, this.page.stage.view.slice.width) };
    } catch (error) {
      if (!(error instanceof Refused || error instanceof TypeError || error.name === "AbortError")) throw error;
    } finally {
      this.asking = null;
    }
  }

  // Shows a cut; null where it is not known here, or where what is shown is more than a label map.
  show(pane, count) {
    const { stage } = this.page;
    const { view } = stage;
    if (!pane.cuts || count > pane.cuts.most || view.byConfidence || (view.marks && pane.marks)) return null;
    const { labels, numbers, most, near } = pane.cuts;
    const number = [0, ...numbers.subarray((count - 1) * most, count * most)];
    const structures = Math.max(...number);
    const shown = labels.map((finest) => number[finest]);
    const before = pane.result;
    // What is air the server says of its own cuts; coarse ones may have none.
    if (!before.ahead && before.clear?.length) pane.cuts.air = airOf(labels, most, before);
    const hues = carried(shown, structures, before.labels, pane.hues);
    const areas = areasBy(number, pane.cuts.areas ??= sums(labels, most), structures);
    const air = areasBy(number, pane.cuts.air ?? [], structures);
    coloured(hues, areas, near.map(([a, b]) => [number[a], number[b]]), view.facts.palette.length);
    pane.take({ ...before, labels: shown, clear: [...areas.keys()].filter((label) => label && 2 * air[label] > areas[label]), tree: { ...before.tree, structures }, ahead: true });
    Object.assign(view, { selected: null, picked: {} });
    stage.trees.disarm();
    pane.colour(view.facts.palette, hues, view.slice, view.clearAir, null);
    stage.redraw();
    return hues;
  }
}

// Pixels of each of the finest structures: all, or those that a result leaves clear.
function sums(labels, most, counts = () => true) {
  const found = new Uint32Array(most + 1);
  for (let at = 0; at < labels.length; at++) if (counts(at)) found[labels[at]] += 1;
  return found;
}

function airOf(labels, most, result) {
  const clear = new Set(result.clear);
  return sums(labels, most, (at) => clear.has(result.labels[at]));
}

function areasBy(number, of, structures) {
  const found = new Array(structures + 1).fill(0);
  of.forEach((px, finest) => { found[number[finest]] += px; });
  return found;
}

// For each structure of a new map the hue of the old one that it is; null where it is none of them.
function carried(shown, structures, old, oldHues) {
  const width = oldHues.length;
  const shared = new Uint32Array((structures + 1) * width);
  for (let at = 0; at < shown.length; at++) shared[shown[at] * width + old[at]] += 1;
  const [areas, oldAreas] = [new Uint32Array(structures + 1), new Uint32Array(width)];
  for (let at = 0; at < shared.length; at++) {
    areas[(at / width) | 0] += shared[at];
    oldAreas[at % width] += shared[at];
  }
  const hues = new Array(structures + 1).fill(null);
  for (let label = 1; label <= structures; label++) {
    const row = shared.subarray(label * width, (label + 1) * width);
    for (let k = 1; k < width; k++) if (3 * row[k] >= areas[label] + oldAreas[k]) hues[label] = oldHues[k];
  }
  return hues;
}

// A hue for every structure that has none, large ones first: of those that no neighbour has the one least used.
function coloured(hues, areas, pairs, palette) {
  const near = hues.map(() => new Set());
  for (const [a, b] of pairs) {
    near[a].add(b);
    near[b].add(a);
  }
  const uses = new Array(palette).fill(0);
  for (const hue of hues.slice(1)) if (hue !== null) uses[hue] += 1;
  hues[0] = 0;
  const fresh = [...hues.keys()].filter((label) => hues[label] === null).sort((a, b) => areas[b] - areas[a] || a - b);
  for (const label of fresh) {
    const taken = new Array(palette).fill(0);
    for (const other of near[label]) if (other && other !== label && hues[other] !== null) taken[hues[other]] += 1;
    let best = 0;
    for (let hue = 1; hue < palette; hue++) if (taken[hue] < taken[best] || (taken[hue] === taken[best] && uses[hue] < uses[best])) best = hue;
    hues[label] = best;
    uses[best] += 1;
  }
  return hues;
}

// Pairs of structures within three pixels of each other: those that must not be alike.
function nearPairs(labels, width) {
  const most = labels.reduce((high, label) => Math.max(high, label), 0) + 1;
  const seen = new Uint8Array(most * most);
  for (let at = 0; at < labels.length; at++) {
    for (let away = 1; away <= 3; away++) {
      if ((at % width) + away < width) seen[labels[at] * most + labels[at + away]] = 1;
      if (at + away * width < labels.length) seen[labels[at] * most + labels[at + away * width]] = 1;
    }
  }
  const pairs = [];
  for (let a = 1; a < most; a++) for (let b = 1; b < most; b++) if (a !== b && seen[a * most + b]) pairs.push([a, b]);
  return pairs;
}
