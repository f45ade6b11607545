// The viewer: hears what the server sends through the page's slots, draws the panels and says what is to run next.

const FAULT_COLOURS = new Uint8Array([213, 48, 39, 69, 117, 224]);

class Viewer {
  constructor(element, trigger) {
    this.trigger = trigger;
    this.view = {
      slice: null, grey: identityTable(), turned: UPRIGHT, opacity: 0.45, outlined: false,
      numbers: false, faults: false, outline: null, cursor: null,
    };
    this.panels = new Map();
    this.plan = null;
    this.selected = null;
    this.focus = null;
    this.toolbar = new Toolbar(this.view, () => this.redraw());
    this.table = new StructureTable({
      focus: (method) => { this.focus = method; this.list(); },
      pick: (method, label) => this.select(method, label),
      redraw: () => this.list(),
    });
    this.facts = make("div", { class: "ct-facts" });
    this.grid = make("div", { class: "ct-grid" });
    this.readout = make("p", { class: "ct-readout", role: "status" });
    this.picked = make("p", { class: "ct-picked", role: "status" });
    this.legend = make("p", { class: "ct-told", hidden: true },
      "Colours only tell structures apart; structures that match have one colour in all panels.");
    this.scoreTable = make("div", { id: "scores" });
    this.scores = make("section", { class: "ct-structures", hidden: true },
      make("h2", {}, "Scores against the known truth"), this.scoreTable);
    this.download = make("button", { type: "button", class: "ct-download", onclick: () => this.askDownload() }, "Download all (ZIP)");
    this.table.tabs.after(this.download);
    element.replaceChildren(this.facts, this.toolbar.element, this.grid,
      make("div", { class: "ct-said-below" }, this.legend, this.picked, this.readout), this.scores, this.table.element);
    new ResizeObserver(() => this.redraw()).observe(this.grid);
    this.hearing = Promise.resolve();
    this.empty();
  }

  // Messages are unpacked one after the other, so that a label map never meets the next slice.
  hear(slot, value) {
    const answer = { slice: this.onSlice, plan: this.onPlan, result: this.onResult, truth: this.onTruth, zip: this.onZip }[slot];
    this.hearing = this.hearing.then(() => answer.call(this, value)).catch((error) => console.error(error));
  }

  empty() {
    this.facts.replaceChildren();
    this.toolbar.element.hidden = true;
    this.grid.replaceChildren(make("div", { class: "ct-empty" },
      make("p", {}, "Drop a CT slice or pick an example."), make("p", {}, "The methods you choose appear here side by side.")));
    this.readout.textContent = "";
  }

  async onSlice(value) {
    this.panels.clear();
    delete document.body.dataset.ctRunning;
    Object.assign(this, { plan: null, selected: null, focus: null });
    Object.assign(this.view, { slice: null, outline: null, cursor: null });
    this.table.names = {};
    this.picked.textContent = "";
    this.scores.hidden = true;
    this.toolbar.offerFaults(false);
    this.list();
    if (!value) return this.empty();
    this.view.slice = { ...value, pixels: await unpack(value.pixels) };
    this.view.turned = UPRIGHT;
    const source = new Panel("slice", "Slice", this.hooks());
    this.panels.set("slice", source);
    source.time.textContent = value.place;
    this.grid.replaceChildren(source.element);
    this.facts.replaceChildren(...value.facts.map((fact, k) => make("span", { class: k ? "ct-fact" : "ct-badge" }, fact)));
    this.readout.textContent = "Move over the slice to read its values.";
    this.toolbar.open(this.view.slice);
    // On a phone the slice lies below the upload and the methods.
    if (value.opened && window.innerWidth <= 720) this.grid.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  onPlan(value) {
    if (!value) return;
    if (value.cancelled) return this.cancelled(value.cancelled);
    this.clear();
    this.scores.hidden = true;
    const source = this.panels.get("slice");
    this.panels = new Map([["slice", source]]);
    this.plan = { id: value.id, left: value.methods.map(({ name }) => name) };
    for (const { name, title, estimate, outside, ahead } of value.methods) {
      const panel = new Panel(name, title, this.hooks());
      this.panels.set(name, panel);
      panel.time.textContent = estimate;
      if (outside) panel.heading.append(make("span", { class: "ct-outside" }, outside));
      panel.say("waiting", ahead);
    }
    this.grid.replaceChildren(...[...this.panels.values()].map((panel) => panel.element));
    this.list();
    this.redraw();
    const { top } = this.grid.getBoundingClientRect();
    if (top < 0 || top > window.innerHeight - 200) this.grid.scrollIntoView({ block: "start", behavior: "smooth" });
    document.body.dataset.ctRunning = "yes";
    this.next();
  }

  // Each run is a queue event of its own, asked for when the one before it is done: others get their turn between.
  next() {
    const method = this.plan?.left.shift();
    if (method) this.trigger("run", { plan: this.plan.id, method });
    else delete document.body.dataset.ctRunning;
  }

  async onResult(value) {
    const panel = this.panels.get(value?.method);
    if (!panel || value.plan !== this.plan?.id) return;
    if (value.state === "running") {
      panel.time.textContent = value.time;
      return panel.say("running", value.text, value.fraction);
    }
    if (value.state === "done") {
      panel.result = {
        ...value, labels: await unpack(value.labels), colours: (await unpack(value.colours)),
        intensity: this.view.slice.intensity,
      };
      panel.time.textContent = `${value.counted} · ${value.time}`;
      panel.say(null, "");
      this.focus ??= value.method;
      if (!this.view.cursor) this.say(panel, null);
      this.list();
      this.redraw();
    } else {
      panel.time.textContent = "";
      panel.say(value.state, value.text);
    }
    this.next();
  }

  cancelled(id) {
    if (id !== this.plan?.id) return;
    this.plan = null;
    delete document.body.dataset.ctRunning;
    for (const panel of this.panels.values()) {
      if (panel.element.dataset.state !== "waiting" && panel.element.dataset.state !== "running") continue;
      panel.time.textContent = "";
      panel.say("cancelled", "Cancelled.");
    }
  }

  async onTruth(value) {
    if (!value) return;
    for (const [method, packed] of Object.entries(value.faults)) {
      const panel = this.panels.get(method);
      if (!panel?.result) continue;
      panel.result.faults = await unpack(packed);
      panel.found.textContent = ` · ${value.found[method]}`;
    }
    // The server has escaped every cell.
    this.scoreTable.innerHTML = value.scores;
    this.scores.hidden = false;
    this.toolbar.offerFaults(true);
    this.redraw();
  }

  askDownload() {
    this.download.disabled = true;
    this.download.textContent = "Packing …";
    this.trigger("pack", { names: this.table.names });
  }

  onZip(value) {
    if (!value) return;
    this.download.disabled = false;
    this.download.textContent = "Download all (ZIP)";
    if (!value.data) return;
    const bytes = Uint8Array.from(atob(value.data), (letter) => letter.charCodeAt(0));
    const address = URL.createObjectURL(new Blob([bytes], { type: "application/zip" }));
    make("a", { href: address, download: value.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  hooks() {
    return {
      hover: (panel, pixel) => this.point(panel, pixel),
      pick: (panel, pixel) => this.pick(panel, pixel),
      pickCursor: (panel) => this.pick(panel, this.view.cursor),
      clear: () => this.clear(),
      move: (panel, across, down) => this.move(panel, across, down),
    };
  }

  point(panel, pixel) {
    this.view.cursor = pixel;
    this.drawLayers();
    this.say(panel, pixel);
  }

  // Arrow keys follow the eye: they move along the picture as it is turned.
  move(panel, across, down) {
    const { slice, turned } = this.view;
    const [x, y] = this.view.cursor ?? [slice.width >> 1, slice.height >> 1];
    const [u, v] = toShown(turned, slice.width, slice.height, x + 0.5, y + 0.5);
    const [wide, high] = shownSize(turned, slice.width, slice.height);
    const held = [Math.min(Math.max(u + across, 0.5), wide - 0.5), Math.min(Math.max(v + down, 0.5), high - 0.5)];
    this.point(panel, toSource(turned, slice.width, slice.height, ...held).map(Math.floor));
  }

  say(panel, pixel) {
    const slice = this.view.slice;
    if (!pixel) {
      this.readout.textContent = "Click a structure to outline it in every panel.";
      return;
    }
    const [x, y] = pixel;
    const unit = slice.intensity === "HU" ? " HU" : " of 255";
    const label = panel.result?.labels[y * slice.width + x];
    const what = !panel.result ? "" : label ? ` · structure ${label}` : " · background";
    this.readout.textContent = `x ${x * slice.step}, y ${y * slice.step} · ${slice.pixels[y * slice.width + x]}${unit}${what}`;
  }

  pick(panel, pixel) {
    if (!pixel || !panel.result) return;
    const label = panel.result.labels[pixel[1] * this.view.slice.width + pixel[0]];
    const same = this.selected?.method === panel.name && this.selected?.label === label;
    if (label && !same) this.select(panel.name, label);
    else this.clear();
  }

  select(method, label) {
    const { labels, table, title } = this.panels.get(method).result;
    this.selected = { method, label };
    this.focus = method;
    this.view.outline = edgesOf(labels, this.view.slice.width, this.view.slice.height, label);
    this.picked.textContent = `${this.table.inWords(table, label, this.view.slice.intensity)} · ${title}`;
    this.list();
    this.drawLayers();
    this.say(this.panels.get(method), null);
  }

  clear() {
    this.selected = null;
    this.view.outline = null;
    this.picked.textContent = "";
    this.list();
    this.drawLayers();
  }

  list() {
    const results = [...this.panels.values()].map((panel) => panel.result).filter(Boolean);
    if (!results.some(({ method }) => method === this.focus)) this.focus = results[0]?.method ?? null;
    this.table.show(results, this.focus, this.selected);
  }

  redraw() {
    this.legend.hidden = this.view.faults || ![...this.panels.values()].some((panel) => panel.result);
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => { for (const panel of this.panels.values()) panel.draw(this.view); });
  }

  drawLayers() {
    for (const panel of this.panels.values()) panel.drawLayer(this.view);
  }
}

const viewer = new Viewer(element.querySelector(".ct-viewer"), trigger);
const bus = (window.ctsegBus ??= { last: {}, hear: null });
bus.hear = (slot, value) => viewer.hear(slot, value);
for (const [slot, value] of Object.entries(bus.last)) viewer.hear(slot, value);
// The server listens for these: 'run' starts one method, 'pack' makes the ZIP.
