// The page's conversation with the server: opens slices, runs methods one after the other, and hands the stage what came.

const KEPT_SLICES = 24;
const OPENING_PLAN = "opening";

class Compare {
  constructor(element, facts) {
    this.wire = new Wire();
    const below = make("div", { class: "ct-below" });
    const upper = make("div", { class: "ct-upper" });
    element.replaceChildren(upper, below);
    this.stage = new Stage(upper, facts, {
      scroll: (by) => this.scroll(by), turn: (index) => this.turn(index), nameOf: (method, label) => this.table.nameOf(method, label),
      inWords: (method, label) => this.inWords(method, label), selected: () => this.list(), legend: () => this.legend(),
      coarser: (pane, by) => this.coarser(pane, by), cut: (pane, count) => this.cut(pane, count), edit: (pane, action) => this.edit(pane, action),
      turned: () => this.askTurn(),
    });
    this.table = new StructureTable({
      focus: (method) => { this.focus = method; this.list(); }, pick: (method, label) => this.stage.select(method, label),
      redraw: () => this.list(), colourOf: (method, label) => this.stage.panes.get(method).colourOf(label),
      named: () => this.stage.redraw(),
    });
    this.scores = new Scores(facts.marks, {
      titleOf: (method) => this.stage.panes.get(method)?.title ?? method, showTrue: (label) => this.showTrue(label),
    });
    this.agreement = new Agreement();
    this.credit = make("p", { class: "ct-credit" });
    this.download = make("button", { type: "button", class: "ct-download", onclick: () => this.pack() }, "Download all, with a figure (ZIP)");
    this.share = make("button", { type: "button", class: "ct-download ct-share", hidden: true, onclick: () => this.link() }, "Copy link");
    this.volume = make("button", { type: "button", class: "ct-download ct-volume", hidden: true, onclick: () => this.packVolume() });
    const formats = facts.formats.map(([value, text]) => make("option", { value }, text));
    this.format = make("select", { class: "ct-more ct-format", "aria-label": "Format of the label maps in the ZIP", onchange: () => this.tellFormat() }, ...formats);
    this.formatSaid = make("p", { class: "ct-aside", role: "status", hidden: true });
    this.table.tabs.after(this.share, this.volume, this.format, this.download, this.formatSaid);
    this.sided = new Promise((answer) => { this.gotSide = answer; });
    below.replaceChildren(this.scores.element, this.table.element, this.agreement.element, this.credit);
    Object.assign(this, { facts, segmented: UPRIGHT, focus: null, plan: null, loaded: false, cache: new Map(), stack: 0, truth: null });
    this.listen();
    this.open();
  }

  // Slots of the framework: the ticket, word that an upload or a truth was read, and the place of the side.
  listen() {
    const bus = (window.ctsegBus ??= { last: {}, hear: null });
    const hear = {
      ticket: ({ value }) => this.wire.enter(value),
      opened: ({ value }) => { if (value) this.uploaded(); },
      truth: ({ value }) => { if (value) this.judge(); },
      side: ({ element, props, trigger }) => {
        if (this.side) return;
        this.side = new Side(element.querySelector(".ct-side-root"), this.facts, {
          compare: () => this.compare(), cancel: () => this.cancel(), example: (index) => this.example(index),
        });
        this.gotSide();
        guardUploads(props.max_bytes, (event) => trigger("refuse", event));
        this.thumbnails();
      },
    };
    bus.hear = (slot, heard) => hear[slot]?.(heard);
    for (const [slot, heard] of Object.entries(bus.last)) bus.hear(slot, heard);
  }

  async thumbnails() {
    const answer = await this.wire.public("shelf");
    if (answer.ok) this.side.fillShelf(await answer.json());
  }

  // Everything asked of the server goes through here: its one sentence stands where the visitor looks.
  async try(work) {
    try {
      this.side?.say("");
      return await work();
    } catch (error) {
      if (error.name === "AbortError") return null;
      this.side?.say(error instanceof Refused ? error.message : "The server does not answer; check the connection and try again.");
      if (!(error instanceof Refused || error instanceof TypeError)) throw error;
      return null;
    }
  }

  async open() {
    const query = new URLSearchParams(window.location.search);
    if (query.has("board") || query.has("image")) {
      return this.try(() => this.openStack({ board: query.get("board") ?? "", image: query.get("image") ?? "" }));
    }
    if (query.has("example")) return this.linked(query);
    const stack = this.stack;
    const answer = await (window.ctsegOpening ?? this.wire.public("opening"));
    if (!answer.ok) return null;
    const [opening, slice, ...results] = await readWhole(answer);
    if (stack !== this.stack) return null;
    this.showSlice(slice, true);
    this.announce(opening);
    this.planned(opening.methods, OPENING_PLAN);
    this.finished(...results);
    return null;
  }

  announce({ remark, credit, beforehand }) {
    this.stage.remark.replaceChildren(...(beforehand ? [make("b", {}, beforehand)] : []), ...(remark ? [make("span", {}, remark)] : []));
    this.stage.remark.hidden = !remark;
    this.credit.textContent = credit ? `Image: ${credit}` : "";
  }

  // A link names an example, never an upload; what it asks for is checked like a visitor's own choice.
  async linked(query) {
    await this.sided;
    if (query.has("methods")) this.side.choose(query.get("methods").split(","));
    const [slice, window] = [Number(query.get("slice")), (query.get("window") ?? "").split("/").map(Number)];
    await this.try(async () => {
      await this.openStack({ example: Number(query.get("example")) }, slice - 1);
      if (window.length === 2 && window[0] >= 1 && window.every(Number.isFinite)) this.stage.toolbar.show(...window);
      if (this.side.chosen().length) await this.run(true);
      for (const [method, count] of (query.get("cut") ?? "").split(",").map((each) => each.split(":"))) {
        const pane = this.stage.panes.get(method);
        if (pane?.result?.tree && Number(count) >= 1) await this.edited(pane, { action: "cut", count: Math.floor(Number(count)) });
      }
    });
  }

  link() {
    const { window: shown } = this.stage.view;
    const address = new URL(window.location.href);
    const cuts = [...this.stage.panes.values()].filter(({ result }) => result?.tree).map(({ name, result }) => `${name}:${result.tree.structures}`);
    address.search = new URLSearchParams({
      example: this.shownExample, slice: this.index + 1, methods: this.side.chosen().join(","), window: `${shown.width}/${shown.level}`,
      ...(cuts.length ? { cut: cuts.join(",") } : {}),
    });
    window.history.replaceState(null, "", address);
    this.share.textContent = "The link is in the address bar";
    navigator.clipboard?.writeText(address.href).then(() => { this.share.textContent = "Link copied"; }, () => {});
  }

  async example(index) {
    await this.try(async () => {
      await this.openStack({ example: index });
      if (this.side.chosen().length) await this.run(true);
    });
  }

  async uploaded() { await this.try(() => this.shownStack(this.wire.json("opened"))); }

  async openStack(asked, index = -1) { await this.shownStack(this.wire.json("open", asked), asked.example ?? null, index); }

  async shownStack(asking, example = null, index = -1) {
    this.stop();
    const mine = (this.stack += 1);
    const opened = await asking;
    if (mine !== this.stack) return;
    this.shownExample = example;
    this.named = opened.named;
    this.tellFormat();
    this.share.hidden = example === null;
    this.share.textContent = "Copy link";
    this.cache.clear();
    this.loaded = true;
    this.segmented = UPRIGHT;
    this.table.names = {};
    const slice = await this.fetchSlice(index >= 0 && index < opened.slices ? index : opened.index);
    if (mine !== this.stack) return;
    this.stage.panes.clear();
    this.truth = null;
    this.focus = null;
    this.showSlice(slice, true);
    this.announce(opened);
    this.stage.only(["slice"]);
    this.askUpright(opened.lie);
    this.list();
    if (opened.truth) await this.judge();
    if (window.innerWidth <= 720) this.stage.box.scrollIntoView({ block: "start" });
  }

  // Display alone never changes what methods get; after a turn the visitor is asked.
  askTurn() {
    const same = String(this.stage.view.turned) === String(this.segmented);
    const upright = String(this.stage.view.turned) === String(UPRIGHT);
    if (same) return this.stage.ask(upright ? "" : "Methods get the slice as shown.");
    return this.stage.ask(upright ? "Methods got the slice turned." : "Turned on the display only: methods get the slice as in the file.",
      upright ? "Segment it as in the file" : "Segment it as shown", () => this.segmentAsShown());
  }

  async segmentAsShown() {
    this.segmented = [...this.stage.view.turned];
    this.askTurn();
    await this.compare();
  }

  // What the file or the grey levels say of how the slice lies.
  askUpright(lie) {
    const turns = { left: ["right"], right: ["left"], "upside down": ["right", "right"] }[lie];
    if (turns) {
      this.stage.ask(`This slice seems to lie ${lie === "upside down" ? lie : "on its side"}; the trained methods know upright slices.`,
        "Turn it upright and segment", () => {
          for (const turn of turns) this.stage.view.turned = changed(this.stage.view.turned, turn);
          this.stage.turned();
          return this.segmentAsShown();
        });
    } else if (lie === "coronal" || lie === "sagittal") this.stage.ask(`This slice is ${lie}; the trained methods know axial slices only.`);
    else this.stage.ask("");
  }

  async fetchSlice(index) {
    if (!this.cache.has(index)) {
      const [slice] = await this.wire.frames("slice", { index });
      this.cache.set(index, slice);
      if (this.cache.size > KEPT_SLICES) this.cache.delete(this.cache.keys().next().value);
    }
    return this.cache.get(index);
  }

  showSlice(slice, anew) {
    this.stage.pane("slice", "Slice");
    this.stage.setSlice({ ...slice, pixels: slice.arrays.pixels }, anew);
    this.index = slice.index;
    this.stage.only([...this.stage.panes.keys()]);
  }

  // The wheel sets where to go; what is on its way is given up for the newest, and neighbours are fetched ahead.
  scroll(by) { this.turn((this.wanted ?? this.index) + by); }

  async turn(index) {
    const last = this.stage.slices - 1;
    this.wanted = Math.min(Math.max(index, 0), last);
    if (this.turning) return;
    this.turning = true;
    await this.try(async () => {
      await this.adopt();
      while (this.wanted !== this.index) {
        const [going, stack] = [this.wanted, this.stack];
        this.stop();
        const slice = await this.fetchSlice(going);
        if (stack !== this.stack) break;
        for (const pane of this.stage.panes.values()) {
          if (pane.name !== "slice") Object.assign(pane, { result: null, layer: null, marks: null });
        }
        this.truth = null;
        this.showSlice(slice, false);
        this.list();
      }
    });
    this.turning = false;
    this.wanted = null;
    this.follow();
    for (const near of [this.index + 1, this.index - 1, this.index + 2]) {
      if (near >= 0 && near <= last) this.fetchSlice(near).catch(() => {});
    }
  }

  // After scrolling: quick methods run by themselves, slower ones wait for the button.
  async follow() { await this.try(() => this.run(false)); }

  // What was computed beforehand becomes this page's own once something is asked of it.
  async adopt() {
    if (this.loaded) return;
    await this.wire.json("open", { opening: true });
    this.loaded = true;
    this.shownExample = 0;
    this.share.hidden = false;
  }

  compare() {
    return this.try(async () => {
      await this.adopt();
      this.stage.remark.querySelector("b")?.remove();
      await this.run(true);
    });
  }

  async run(anew) {
    this.stop();
    const chosen = this.side?.chosen() ?? [];
    const abort = (this.abort = new AbortController());
    const stack = this.stack;
    const [plan, ...there] = await this.wire.frames("begin", { index: this.index, methods: chosen, anew, turned: this.segmented }, abort.signal);
    if (abort.signal.aborted || stack !== this.stack) return;
    this.planned(plan.methods, plan.plan);
    this.finished(...there);
    this.side.running(true);
    if (this.stage.panes.has("truth")) await this.judge();
    for (const { name, fast, there: done } of plan.methods) {
      if (done) continue;
      const pane = this.stage.panes.get(name);
      if (!anew && !fast) {
        pane.say("waiting", "Press Compare to run this one here.");
        continue;
      }
      await this.runOne(plan.plan, pane, abort.signal);
      if (abort.signal.aborted) return;
    }
    this.side.running(false);
  }

  async runOne(plan, pane, signal) {
    try {
      for await (const one of read(await this.wire.ask("run", { plan, method: pane.name }, signal))) {
        if (signal.aborted || this.plan !== plan) return;
        if (one.state === "running") {
          pane.time.textContent = one.time;
          pane.say("running", one.text, one.fraction);
        } else if (one.state === "done") this.finished(one);
        else {
          pane.time.textContent = "";
          pane.say(one.state, one.text);
        }
      }
      if (this.stage.panes.get(pane.name)?.result && this.truthKnown) await this.judge();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  planned(methods, plan) {
    this.plan = plan;
    const kept = this.stage.panes.get("truth");
    this.stage.panes.delete("truth");
    for (const { name, title, estimate, ahead, knows, failures, domain } of methods) {
      const pane = this.stage.pane(name, title);
      Object.assign(pane, { result: null, layer: null, marks: null });
      pane.found.textContent = "";
      pane.time.textContent = estimate ?? "";
      pane.warn(domain ?? "");
      pane.tell([...(domain ? [domain] : []), ...(knows ? [`Trained on: ${knows}`] : []), ...failures]);
      pane.say("waiting", ahead ?? "");
    }
    if (kept) this.stage.panes.set("truth", kept);
    this.stage.only(["slice", ...methods.map(({ name }) => name), ...(kept ? ["truth"] : [])]);
    this.stage.clear();
  }

  // Several at once are painted once.
  finished(...results) {
    if (!this.stage.view.slice) return;
    const hues = {};
    for (const one of results) if (this.took(one)) Object.assign(hues, one.hues);
    this.stage.recolour(hues);
    this.stage.legend.hidden = false;
    this.stage.offerTrees();
    this.stage.lay();
    this.listSoon();
  }

  // The panes are painted before the tables below them are filled.
  listSoon() {
    this.listing ??= requestAnimationFrame(() => setTimeout(() => {
      this.listing = null;
      this.list();
    }));
  }

  took(one) {
    const pane = this.stage.panes.get(one.method);
    if (!pane) return false;
    pane.take({ ...one, labels: one.arrays.labels, intensity: this.stage.view.slice.intensity });
    pane.hues = one.hues[one.method];
    // What was computed beforehand took its time elsewhere.
    pane.time.textContent = one.plan === OPENING_PLAN ? one.counted : `${one.counted} · ${one.time}`;
    pane.canvas.setAttribute("aria-label", `${pane.title}: ${one.counted}. Arrow keys move the cursor, Enter chooses.`);
    pane.say(null, "");
    this.focus ??= one.method;
    return true;
  }

  async judge() {
    const frames = await this.wire.frames("truth");
    const [truth] = frames;
    this.truthKnown = !!truth;
    if (!truth) return this.withoutTruth();
    if (truth.index !== this.index) return;
    this.truth = truth;
    const pane = this.stage.pane("truth", "Truth");
    pane.take({ method: "truth", title: "Truth", labels: truth.arrays.labels, table: truth.table, clear: [], intensity: this.stage.view.slice.intensity });
    pane.hues = truth.hues.truth;
    pane.time.textContent = truth.counted;
    pane.say(null, "");
    for (const each of this.stage.panes.values()) {
      each.marks = truth.arrays[`marks ${each.name}`] ?? null;
      if (truth.found[each.name]) each.found.textContent = ` · ${truth.found[each.name]}`;
    }
    const names = [...this.stage.panes.keys()].filter((name) => name !== "truth");
    this.stage.only([...names, "truth"]);
    this.stage.recolour(truth.hues);
    this.stage.toolbar.offerMarks(Object.keys(truth.judged).length > 0);
    this.scores.show(truth);
    this.list();
  }

  // A truth that was uploaded for one slice does not fit the next.
  withoutTruth() {
    this.truth = null;
    if (this.stage.panes.delete("truth")) this.stage.only([...this.stage.panes.keys()]);
    this.list();
  }

  showTrue(label) {
    const pane = this.stage.panes.get("truth");
    const at = pane.result.labels.indexOf(label);
    if (at >= 0) this.stage.point(pane, [at % this.stage.view.slice.width, Math.floor(at / this.stage.view.slice.width)]);
    this.stage.select("truth", label);
    this.stage.box.scrollIntoView({ block: "start" });
  }

  stop() {
    this.abort?.abort();
    this.abort = null;
    this.side?.running(false);
  }

  cancel() {
    const running = this.abort;
    this.stop();
    if (!running) return;
    this.plan = null;
    for (const pane of this.stage.panes.values()) {
      if (!["waiting", "running"].includes(pane.element.dataset.state)) continue;
      pane.time.textContent = "";
      pane.say("cancelled", "Cancelled.");
    }
    this.try(() => this.wire.json("cancel"));
  }

  coarser(pane, by) {
    const tree = pane.result?.tree;
    if (tree) this.cut(pane, Math.min(Math.max(tree.structures + by, 1), tree.leaves));
  }

  async cut(pane, count) {
    this.cutting = { pane, count };
    if (this.cutBusy) return;
    this.cutBusy = true;
    while (this.cutting) {
      const next = this.cutting;
      this.cutting = null;
      await this.edited(next.pane, { action: "cut", count: next.count });
    }
    this.cutBusy = false;
  }

  edit(pane, action) {
    if (!pane.result?.tree) return null;
    return this.edited(pane, { action, labels: this.stage.view.picked[pane.name] ?? [] });
  }

  async edited(pane, asked) {
    await this.try(async () => {
      const [one] = await this.wire.frames("edit", { method: pane.name, ...asked });
      this.table.moved(pane.name, one.moved);
      this.finished(one);
      this.stage.clear();
      if (this.truthKnown) await this.judge();
    });
  }

  inWords(method, label) {
    const { result } = this.stage.panes.get(method);
    return this.table.inWords(result.table, label, result.intensity, this.table.nameOf(method, label));
  }

  list() {
    const results = [...this.stage.panes.values()].map(({ result }) => result).filter(Boolean);
    const methods = results.filter(({ method }) => method !== "truth");
    if (!results.some(({ method }) => method === this.focus)) this.focus = methods[0]?.method ?? null;
    if (this.stage.view.selected) this.focus = this.stage.view.selected.method;
    this.table.show(results, this.focus, this.stage.view.selected);
    this.offerVolume();
    this.agreement.show(methods);
    this.scores.show(this.truth);
    if (!this.truth) this.stage.toolbar.offerMarks(false);
    this.stage.toolbar.offerConfidence(methods.some(({ table }) => table.confidence));
    this.legend();
  }

  legend() {
    const { legend, view } = this.stage;
    legend.hidden = ![...this.stage.panes.values()].some(({ result }) => result);
    if (view.marks && this.truth) legend.replaceChildren("Structures, method by method:", ...legendOf(this.facts.marks, this.truth.judged));
    else if (view.byConfidence) legend.replaceChildren("Far from merging with a neighbour: 0",
      make("i", { class: "ct-ramp", style: `background: linear-gradient(to right, ${this.facts.ramp.map((rgb) => `rgb(${rgb})`)})` }),
      "1. It is no probability; panes without a merge tree keep their colours.");
    else legend.replaceChildren("Colours only tell structures apart; structures that match have one colour in all panes.");
  }

  offerVolume() {
    this.volume.hidden = this.stage.slices < 2 || !this.stage.panes.get(this.focus)?.result || this.focus === "truth";
    if (!this.packing) this.volume.textContent = `3-D labels of ${this.stage.slices} slices (NIfTI)`;
    this.volume.title = "Runs the method whose structures are listed on all slices; structures keep their numbers.";
  }

  // Runs slice by slice; the button shows how far it is and stops it.
  async packVolume() {
    if (this.packing) return this.packing.abort();
    await this.try(async () => {
      await this.adopt();
      this.stop();
      const { signal } = (this.packing = new AbortController());
      for await (const one of read(await this.wire.ask("volume", { method: this.focus }, signal))) {
        if (one.state === "running") this.volume.textContent = `${one.text} Stop`;
        else this.side.say(one.state === "done" ? "" : one.text);
        if (one.state !== "done") continue;
        const address = URL.createObjectURL(new Blob([one.arrays.file], { type: "application/gzip" }));
        make("a", { href: address, download: one.file }).click();
        setTimeout(() => URL.revokeObjectURL(address), 10000);
        this.stage.picked.textContent = `${one.file}: ${one.text}`;
      }
    });
    this.packing = null;
    this.offerVolume();
    return null;
  }

  // A DICOM Segmentation names its patient: that is said before it is made.
  tellFormat() {
    this.formatSaid.hidden = this.format.value !== "dicom-seg";
    this.formatSaid.textContent = this.named ? this.facts.seg.named : this.facts.seg.unnamed;
  }

  async pack() {
    this.download.disabled = true;
    this.download.textContent = "Packing …";
    await this.try(async () => {
      await this.adopt();
      const { view } = this.stage;
      const panes = this.stage.shown().map(({ name }) => name);
      const answer = await this.wire.ask("zip", { formats: [this.format.value], names: this.table.names, panes, window: view.window, outlined: view.outlined, opacity: view.opacity });
      const address = URL.createObjectURL(await answer.blob());
      make("a", { href: address, download: this.facts.zip }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
    });
    this.download.disabled = false;
    this.download.textContent = "Download all, with a figure (ZIP)";
  }
}
