// The stage: panes over the window's whole width and height, and one view of all of them.

const KEYS = "Arrows move the cursor, Enter chooses the structure under it (Shift adds a second), Escape clears. + and - zoom, 0 shows all; "
  + "Ctrl and the wheel zoom, the wheel alone or PageUp and PageDown turn slices. O outline, N numbers, E errors, G grid, W wipe "
  + "(, and . move it), R ruler, F full screen. For methods with a merge tree: [ coarser, ] finer, M merge the two chosen, S split, U undo, Y redo.";

class Stage {
  constructor(element, facts, hooks) {
    this.hooks = hooks;
    this.view = {
      facts, slice: null, greys: null, grey: identityTable(), window: null, turned: UPRIGHT, zoom: 1, panX: 0, panY: 0,
      opacity: 0.5, outlined: false, byConfidence: false, numbers: false, marks: false, clearAir: true, smooth: true, cursor: null, hovered: new Map(),
      selected: null, picked: {}, ruler: null, measuring: false, wipe: 0.5,
    };
    Object.assign(this, { panes: new Map(), slices: 1 });
    this.layout = new Layout(this);
    this.picking = new Picking(this);
    this.pointing = new Pointing(this);
    this.knowledge = new Knowledge();
    this.trees = new TreeTools({
      cut: (pane, count) => hooks.cut(pane, count), learn: (pane) => hooks.learn(pane), coarser: (pane, by) => hooks.coarser(pane, by), wanted: (pane) => hooks.wanted(pane), edit: (pane, action) => this.picking.edit(pane, action),
      acted: () => this.offerTrees(), tell: (sentence) => this.tell(sentence),
    });
    this.toolbar = new Toolbar(this.view, {
      trees: this.trees.element,
      redraw: () => this.redraw(), regrey: () => this.regrey(), recolour: () => this.recolour(), home: () => this.home(),
      fullscreen: () => this.fullscreen(), ruler: () => this.toggleRuler(), layout: (name) => this.layout.arrange(name),
      legend: () => hooks.legend(), confidence: () => { this.recolour(); hooks.selected(); },
      turned: () => this.turned(),
    });
    this.build(element);
    new ResizeObserver(() => this.layout.lay()).observe(element);
    window.addEventListener("resize", () => this.layout.lay());
    document.addEventListener("fullscreenchange", () => this.layout.lay());
    this.input = new StageInput(this);
  }

  build(element) {
    this.facts = make("div", { class: "ct-facts" });
    this.remark = make("div", { class: "ct-opening" });
    this.asShown = make("div", { class: "ct-asked", hidden: true, role: "status" });
    this.place = make("input", { type: "range", min: 1, max: 1, value: 1, "aria-label": "Slice of the series",
      oninput: () => this.hooks.turn(Number(this.place.value) - 1) });
    this.placeWords = make("output", {});
    this.slider = make("label", { id: "place", hidden: true }, make("span", {}, "Slice"), this.place, this.placeWords);
    this.picked = make("p", { class: "ct-picked", role: "status" });
    this.legend = make("p", { class: "ct-aside ct-legend-line", hidden: true });
    this.keys = make("details", { class: "ct-keys" }, make("summary", {}, "Keys"), make("p", {}, KEYS));
    this.box = make("div", { class: "ct-box" }, this.toolbar.element, this.asShown, this.layout.grid, this.layout.strip.element, this.knowledge.element, this.slider,
      make("div", { class: "ct-said-below" }, this.legend, this.picked, this.pointing.readout, this.keys));
    element.replaceChildren(make("div", { class: "ct-head" }, this.facts, this.remark), this.box);
  }

  paneOf(canvas) { return canvas && [...this.panes.values()].find((pane) => pane.canvas === canvas); }

  pane(name, title) {
    if (!this.panes.has(name)) {
      const short = this.view.facts.methods?.find((method) => method.name === name)?.short;
      this.panes.set(name, new Pane(name, title, short ?? title, {
        enlarge: (pane) => this.layout.enlarge(pane), tell: (pane) => this.knowledge.toggle(pane), nameOf: (method, label) => this.hooks.nameOf(method, label),
      }));
    }
    return this.panes.get(name);
  }

  // Keeps the slice first and the truth last, methods in their order between.
  only(names) {
    for (const name of [...this.panes.keys()]) if (!names.includes(name)) this.panes.delete(name);
    this.panes = new Map(names.filter((name) => this.panes.has(name)).map((name) => [name, this.panes.get(name)]));
    this.offerTrees();
    this.knowledge.follow(this.panes);
    this.layout.lay();
  }

  setSlice(slice, anew) {
    this.view.slice = slice;
    this.slices = slice.slices;
    Object.assign(this.view, { hovered: new Map(), selected: null, picked: {}, ruler: null });
    if (anew) Object.assign(this.view, { ...bodyView(slice), turned: UPRIGHT, cursor: null });
    this.turnedBefore = this.view.turned;
    this.facts.replaceChildren(...slice.facts.map((fact, k) => make("span", { class: k ? "ct-fact" : "ct-badge" }, fact)));
    this.slider.hidden = slice.slices < 2;
    this.place.max = slice.slices;
    this.place.value = slice.index + 1;
    this.placeWords.textContent = slice.place;
    this.trees.disarm();
    this.tell("");
    this.toolbar.open(slice, anew);
    this.pane("slice", "Slice").time.textContent = slice.place;
    this.pointing.say(null, null);
  }

  // What is in the middle stays there when the slice is turned.
  turned() {
    const { view } = this;
    const [from, to] = [this.turnedBefore ?? UPRIGHT, view.turned];
    const [w, h] = displaySize(view.slice, from);
    const [u, v] = [view.panX * w, view.panY * h];
    const [x, y] = [from[0] * u + from[2] * v, from[1] * u + from[3] * v];
    const [wide, high] = displaySize(view.slice, to);
    Object.assign(view, { panX: (to[0] * x + to[1] * y) / wide, panY: (to[2] * x + to[3] * y) / high });
    this.turnedBefore = to;
    this.redraw();
    this.hooks.turned();
  }

  // What is chosen, what the next clicks do, or what became of an edit.
  tell(sentence) { this.picked.textContent = sentence; }

  // One sentence above the panes, with a button that does something about it; nothing without a sentence.
  ask(sentence, action = "", onclick = null) {
    this.asShown.hidden = !sentence;
    this.asShown.replaceChildren(...(sentence ? [make("span", {}, sentence)] : []),
      ...(action ? [make("button", { type: "button", class: "ct-download", onclick }, action)] : []));
    this.layout.lay();
  }

  regrey() {
    if (!this.view.slice) return;
    this.view.greys = greyCanvas(this.view.slice, this.view.grey);
    this.redraw();
  }

  recolour(hues = null) {
    const ramp = this.view.byConfidence ? this.view.facts.ramp : null;
    for (const pane of this.panes.values()) {
      const own = (pane.result?.ahead ? null : hues?.[pane.name]) ?? pane.hues;
      if (pane.result && own) pane.colour(this.view.facts.palette, own, this.view.slice, this.view.clearAir, ramp);
    }
    this.redraw();
  }

  redraw() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      const other = this.layout.other();
      for (const pane of this.layout.shown()) pane.draw(this.view, other);
      this.layout.strip.draw(this.view);
    });
  }

  pan(pane, dx, dy) {
    const [wide, high] = displaySize(this.view.slice, this.view.turned);
    const k = Math.min(pane.canvas.width / wide, pane.canvas.height / high) * this.view.zoom / pane.dense;
    this.view.panX = Math.min(Math.max(this.view.panX - dx / k / wide, -0.6), 0.6);
    this.view.panY = Math.min(Math.max(this.view.panY - dy / k / high, -0.6), 0.6);
    this.redraw();
  }

  // Zooms so that what lies under the pointer stays there; at the middle without one.
  zoomAt(pane, event, factor) {
    const { view } = this;
    const zoom = Math.min(Math.max(view.zoom * factor, 1), MAX_ZOOM);
    const box = pane.canvas.getBoundingClientRect();
    const [x, y] = event ? [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2] : [0, 0];
    const grown = view.zoom / zoom;
    view.zoom = zoom;
    this.pan(pane, -x * (1 / grown - 1), -y * (1 / grown - 1));
    if (zoom === 1) Object.assign(view, { panX: 0, panY: 0 });
    this.pointing.say(pane, view.cursor);
  }

  home() {
    Object.assign(this.view, { zoom: 1, panX: 0, panY: 0 });
    this.redraw();
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.box.requestFullscreen?.().catch(() => {});
  }

  setWipe(share) {
    this.view.wipe = Math.min(Math.max(share, 0.02), 0.98);
    this.redraw();
  }

  toggleRuler() {
    this.trees.disarm();
    this.view.measuring = !this.view.measuring;
    this.toolbar.rulerButton.setAttribute("aria-pressed", String(this.view.measuring));
    if (!this.view.measuring) this.view.ruler = null;
    this.redraw();
  }

  labelAt(pane, [x, y]) { return pane.result?.labels[y * this.view.slice.width + x] ?? 0; }

  // The pane that was pressed or came into focus is the one that the tree tools act on.
  offerTrees() { this.trees.offer([...this.panes.values()]); }
}
