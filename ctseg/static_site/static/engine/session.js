// What this page would ask of a server, answered in the visitor's browser: the words of ctseg.ui.compare.
import { FACTS } from "../facts.js";
import { judge, scoreRow } from "./judging.js";
import { domainNote, domainOf } from "./domain.js";
import { packed, smallest } from "./frames.js";
import { networksOf, segment } from "./methods.js";
import { isThere, LoadError } from "./networks.js";
import { assignHues, overlaps } from "./overlaps.js";
import { inReadingOrder } from "./regions.js";
import { areaTable, clearLabels } from "./tables.js";
import { takeaway } from "./takeaway.js";
import { TreeError } from "./trees.js";
import { beyond } from "./windowing.js";
import { UPRIGHT, turnedArray, turnedSlice, undone } from "./turns.js";
import { ReadError } from "./errors.js";
import { openExample, openingResults, readFiles } from "./stacks.js";

const FAST_SECONDS = 1;
const MAX_SHOWN_PX = 2048;
const SAME_FROM_IOU = 0.5;
const MOST_SHOWN = 200;

export class Refusal extends Error {}

export const isSentence = (error) => error instanceof Refusal || error instanceof ReadError || error instanceof TreeError || error instanceof LoadError;

export class Session {
  constructor() { Object.assign(this, { stack: null, index: 0, finished: new Map(), turned: UPRIGHT, plans: 0, stopped: new Set() }); }

  // Every question by its name; each yields frames (bytes) or returns an object.
  async open({ example, opening }) {
    this.keep(await openExample(opening ? 0 : example));
    if (opening) this.finished = await openingResults();
    return this.opened();
  }

  async upload({ files }) {
    this.keep(await readFiles(files));
    return this.opened();
  }

  keep(stack) { Object.assign(this, { stack, index: stack.start, finished: new Map(), turned: UPRIGHT, shown: null }); }

  async opened() {
    const { lie } = domainOf(await this.sliceAt(this.index));
    const { slices, remark, credit, truth } = this.stack;
    return { index: this.index, slices, remark, credit, truth, named: false, lie };
  }

  async sliceAt(index) {
    if (!this.stack) throw new Refusal("Nothing is loaded; choose a file or pick an example.");
    if (!(index >= 0 && index < this.stack.slices)) throw new Refusal("There is no such slice; choose one that the slider offers.");
    // The slice on show is asked for by each method and each step of a slider, and cut from its volume once.
    if (this.shown?.index !== index) this.shown = { index, slice: this.stack.slice(index) };
    return this.shown.slice;
  }

  async* slice({ index }) { yield sliceFrame(await this.sliceAt(index), index, this.stack.slices); }

  async* begin({ index, methods, anew, turned }) {
    if (index !== this.index) this.finished = new Map();
    const slice = await this.sliceAt(index);
    if (anew || String(turned ?? UPRIGHT) !== String(this.turned)) this.finished = new Map();
    Object.assign(this, { index, turned: turned ?? UPRIGHT });
    const names = methods.filter((name) => FACTS.methods[name]).sort((a, b) => FACTS.methods[a].seconds - FACTS.methods[b].seconds);
    if (!names.length && anew) throw new Refusal("No method is chosen; tick at least one.");
    const there = names.filter((name) => this.finished.has(name));
    this.finished = new Map(there.map((name) => [name, this.finished.get(name)]));
    const plan = String((this.plans += 1));
    const domain = domainOf(turnedSlice(slice, this.turned));
    yield packed({ plan, index, methods: names.map((name) => planned(name, there.includes(name), domain)) });
    for (const name of there) yield this.result(name, slice, { plan });
  }

  async* run({ plan, method }) {
    const about = { plan, method };
    const slice = await this.sliceAt(this.index);
    const told = [];
    let wake = () => {};
    const tell = async ({ fetching, running }) => {
      if (this.stopped.has(plan)) throw new Refusal("Cancelled.");
      if (String(this.plans) !== plan) throw new Refusal("Cancelled.");
      const text = fetching === undefined ? "Running …" : `Fetching ${megabytes(method)} MB, once …`;
      told.push(packed({ ...about, state: "running", text, fraction: fetching ?? running, time: "" }));
      wake();
      if (fetching === undefined) await new Promise((go) => { setTimeout(go); }); // so that Cancel is heard
    };
    let over = false;
    const work = segment(method, turnedSlice(slice, this.turned), tell).finally(() => {
      over = true;
      wake();
    });
    work.catch(() => {}); // it is looked at below
    while (!over || told.length) {
      if (told.length) yield told.shift();
      else await new Promise((go) => { wake = go; });
    }
    try {
      const found = await work;
      this.take(method, found, slice);
      yield this.result(method, slice, about);
    } catch (error) {
      if (!isSentence(error)) throw error;
      yield packed({ ...about, state: error instanceof Refusal ? "cancelled" : "failed", text: error.message });
    }
  }

  take(method, { labels, tree, seconds }, slice) {
    const back = undone(this.turned);
    const [width, height] = this.turned[0] ? [slice.width, slice.height] : [slice.height, slice.width];
    const plain = inReadingOrder(turnedArray(labels, width, height, back).values).labels;
    this.finished.set(method, { labels: plain, seconds, tree: tree?.turned((values, w, h) => turnedArray(values, w, h, back)) ?? null });
    this.paint(slice);
  }

  paint({ width }) {
    const all = [...this.finished.values()];
    const hues = assignHues(all.map(({ labels }) => labels), all.map(({ earlier }) => earlier), width, FACTS.palette);
    all.forEach((found, k) => { found.hues = hues[k]; });
  }

  result(method, slice, about) {
    const { labels, seconds, tree } = this.finished.get(method);
    const { title, full_tiling: tiling } = FACTS.methods[method];
    const table = areaTable(labels, slice);
    if (tree) table.confidence = Array.from(tree.confidence(), (each) => Math.round(each * 100) / 100);
    const facts = tree && { structures: tree.structureCount, leaves: tree.leafCount, undo: tree.position > 0, redo: tree.position < tree.states.length - 1 };
    const hues = Object.fromEntries([...this.finished].map(([name, found]) => [name, found.hues]));
    return packed({
      state: "done", method, title, full_tiling: tiling, time: `${seconds.toFixed(1)} s`, counted: counted(table.label.length, tiling),
      clear: clearLabels(labels, slice, tiling), hues, table, tree: facts, ...about,
    }, { labels: smallest(shown(labels, slice)) });
  }

  withTree(method) {
    const found = this.finished.get(method);
    if (!found?.tree) throw new Refusal("This pane has no merge tree; run a method with one first.");
    return found;
  }

  async* cuts({ method }) {
    const { labels, numbers } = this.withTree(method).tree.nested(MOST_SHOWN);
    yield packed({ method, plan: String(this.plans) }, { labels: smallest(shown(labels, await this.sliceAt(this.index))), numbers });
  }

  async* edit({ method, action, count, labels: picked = [], hues }) {
    const found = this.withTree(method);
    const { tree } = found;
    if (action === "cut") tree.cut({ count: Math.min(Math.max(count, 1), tree.leafCount) });
    else if (action === "merge" && picked.length === 2) tree.merge(...picked);
    else if (action === "split" && picked.length === 1) tree.split(picked[0]);
    else if (action === "undo" || action === "redo") tree[action]();
    else throw new Refusal(action === "merge" ? "Choose two structures first: click one, then Shift and click another." : "Choose a structure first: click it.");
    const slice = await this.sliceAt(this.index);
    const labels = inReadingOrder(tree.labelMap).labels;
    const moved = {};
    const earlier = new Array(tree.structureCount + 1).fill(255);
    for (const { first, second, iou } of overlaps(labels, found.labels)) {
      if (iou < SAME_FROM_IOU) continue;
      moved[second] = first;
      earlier[first] = found.hues[second];
    }
    for (const other of this.finished.values()) other.earlier = other.hues;
    const known = hues?.length === earlier.length ? hues : earlier;
    this.finished.set(method, { ...found, labels, earlier: known });
    this.paint(slice);
    yield this.result(method, slice, { plan: String(this.plans), moved });
  }

  // The truth of an example's slice, and what the methods made of it; nothing where none is known.
  async* truth() {
    const slice = await this.sliceAt(this.index);
    if (!slice.truth) return;
    const { labels: truth, all: hues } = this.truthOf(slice);
    const names = [...this.finished.keys()];
    const told = (make) => Object.fromEntries(names.map((name) => [name, make(this.finished.get(name).labels, name)]));
    const judged = told((labels) => judge(labels, truth));
    const scores = told((labels) => scoreRow(labels, truth));
    const table = areaTable(truth, slice);
    yield packed({
      index: this.index, hues: { ...Object.fromEntries(names.map((name, k) => [name, hues[k]])), truth: hues.at(-1) }, clear: [], table,
      counted: `${table.label.length} true structures`, columns: FACTS.score_columns,
      scores: Object.fromEntries(names.map((name) => [name, [FACTS.methods[name].title, ...scores[name].cells]])),
      found: Object.fromEntries(names.map((name) => [name, `${scores[name].matched}/${scores[name].all} found`])),
      judged: Object.fromEntries(names.map((name) => [name, { counts: judged[name].counts, structures: judged[name].structures }])),
    }, {
      labels: smallest(shown(truth, slice)), ...Object.fromEntries(names.map((name) => [`marks ${name}`, shown(judged[name].painted, slice)])),
    });
  }

  // The truth's labels and hues, and the hues of all panes beside it.
  truthOf(slice) {
    const [labels, found] = [Int32Array.from(slice.truth), [...this.finished.values()]];
    const all = assignHues([...found.map((each) => each.labels), labels], [...found.map((each) => each.hues), null], slice.width, FACTS.palette);
    return { labels, all, hues: all.at(-1) };
  }

  async zip(asked) {
    if (!this.finished.size) throw new Refusal("There is no result to download yet; press Compare first.");
    const slice = await this.sliceAt(this.index);
    const truth = slice.truth ? this.truthOf(slice) : null;
    return takeaway(slice, this.finished, truth, this.stack.credit, asked, (labels) => scoreRow(labels, truth.labels).keyed);
  }

  cancel() {
    this.stopped.add(String(this.plans));
    return { cancelled: this.plans };
  }
}

const megabytes = (name) => Math.round(networksOf(name).reduce((sum, { weights }) => sum + weights.bytes, FACTS.runtime.bytes) / 1e6);

function planned(name, there, domain) {
  const { title, knows, failures, seconds } = FACTS.methods[name];
  const fetches = networksOf(name).some((network) => !isThere(network));
  const estimate = fetches ? `${megabytes(name)} MB to fetch first` : "";
  return { name, title, estimate, fast: seconds < FAST_SECONDS && !fetches, knows, failures, ahead: "Waiting for its turn.", domain: domainNote(name, domain), there };
}

function counted(number, tiling) {
  const words = number.toLocaleString("en");
  return tiling ? `${words} region${number === 1 ? "" : "s"}, background included` : `${words} structure${number === 1 ? "" : "s"}`;
}

const stepOf = ({ width, height }) => Math.ceil(Math.max(width, height) / MAX_SHOWN_PX);

// Every n-th pixel, as the stage shows it.
function shown(values, slice) {
  const step = stepOf(slice);
  if (step === 1) return values;
  const out = [];
  for (let y = 0; y < slice.height; y += step) for (let x = 0; x < slice.width; x += step) out.push(values[y * slice.width + x]);
  return values.constructor.from(out);
}

function sliceFrame(slice, index, slices) {
  const step = stepOf(slice);
  const { width, height, spacing_mm: spacing, intensity } = slice;
  const pixels = shown(slice.pixels, slice);
  const whole = intensity === "HU" ? Int16Array.from(pixels, (hu) => Math.min(Math.max(Math.round(hu), -32768), 32767)) : Uint8Array.from(pixels);
  const smaller = spacing && Math.min(...spacing);
  const square = !spacing || Math.max(...spacing) / smaller > 8;
  const facts = [intensity === "HU" ? "HU" : "8-bit, window unknown", `${width} × ${height} px`, ...(spacing ? [`${spacing[0].toFixed(2)} × ${spacing[1].toFixed(2)} mm`] : []), slice.source, ...beyond(slice).map(({ shown }) => shown)];
  return packed({
    height: Math.ceil(height / step), width: Math.ceil(width / step), step, aspect: square ? [1, 1] : spacing.map((each) => each / smaller),
    spacing_mm: spacing ?? null, intensity, window: slice.window ?? null, index, slices, place: slices > 1 ? `${index + 1} of ${slices}` : "",
    facts: step > 1 ? [...facts, `shown at 1/${step} of its size`] : facts,
  }, { pixels: whole });
}
