// The stage: panes over the window's whole width and height, one view of all of them, what is pointed at and chosen.

const MIN_PANE_PX = 200;
const LEAST_PANE_PX = 150;
const GAP_PX = 4;

class Stage {
  constructor(element, facts, hooks) {
    this.hooks = hooks;
    this.view = {
      facts, slice: null, greys: null, grey: identityTable(), window: null, turned: UPRIGHT, zoom: 1, panX: 0, panY: 0,
      opacity: 0.5, outlined: false, byConfidence: false, numbers: false, marks: false, clearAir: true, smooth: true, cursor: null, hovered: new Map(),
      selected: null, picked: {}, ruler: null, measuring: false, wipe: 0.5,
    };
    Object.assign(this, { panes: new Map(), slices: 1, arrangement: "grid", main: null, pair: [null, null] });
    this.trees = new TreeTools({
      cut: (pane, count) => hooks.cut(pane, count), edit: (pane, action) => this.edit(pane, action),
      acted: () => this.offerTrees(), tell: (sentence) => { this.picked.textContent = sentence; },
    });
    this.toolbar = new Toolbar(this.view, {
      trees: this.trees.element,
      redraw: () => this.redraw(), regrey: () => this.regrey(), recolour: () => this.recolour(), home: () => this.home(),
      fullscreen: () => this.fullscreen(), ruler: () => this.toggleRuler(), layout: (name) => this.arrange(name),
      legend: () => hooks.legend(), confidence: () => { this.recolour(); hooks.selected(); },
      turned: () => this.turned(),
    });
    this.facts = make("div", { class: "ct-facts" });
    this.remark = make("div", { class: "ct-opening" });
    this.asShown = make("div", { class: "ct-asked", hidden: true, role: "status" });
    this.grid = make("div", { class: "ct-grid", role: "group", "aria-label": "Panes, linked in zoom and position" });
    this.strip = make("div", { class: "ct-strip", hidden: true, role: "group", "aria-label": "All panes" });
    this.place = make("input", { type: "range", min: 1, max: 1, value: 1, "aria-label": "Slice of the series",
      oninput: () => hooks.turn(Number(this.place.value) - 1) });
    this.placeWords = make("output", {});
    this.slider = make("label", { id: "place", hidden: true }, make("span", {}, "Slice"), this.place, this.placeWords);
    this.readout = make("p", { class: "ct-readout", role: "status" });
    this.picked = make("p", { class: "ct-picked", role: "status" });
    this.legend = make("p", { class: "ct-aside ct-legend-line", hidden: true });
    this.keys = make("details", { class: "ct-keys" }, make("summary", {}, "Keys"), make("p", {},
      "Arrows move the cursor, Enter chooses the structure under it (Shift adds a second), Escape clears. + and - zoom, 0 shows all; "
      + "Ctrl and the wheel zoom, the wheel alone or PageUp and PageDown turn slices. O outline, N numbers, E errors, G grid, W wipe "
      + "(, and . move it), R ruler, F full screen. For methods with a merge tree: [ coarser, ] finer, M merge the two chosen, S split, U undo, Y redo."));
    this.box = make("div", { class: "ct-box" }, this.toolbar.element, this.asShown, this.grid, this.strip, this.slider,
      make("div", { class: "ct-said-below" }, this.legend, this.picked, this.readout, this.keys));
    element.replaceChildren(make("div", { class: "ct-head" }, this.facts, this.remark), this.box);
    new ResizeObserver(() => this.lay()).observe(element);
    window.addEventListener("resize", () => this.lay());
    document.addEventListener("fullscreenchange", () => this.lay());
    this.input = new StageInput(this);
  }

  shown() { return [...this.panes.values()].filter((pane) => pane.element.isConnected && pane.element.parentElement === this.grid); }

  paneOf(canvas) { return canvas && [...this.panes.values()].find((pane) => pane.canvas === canvas); }

  pane(name, title) {
    if (!this.panes.has(name)) {
      this.panes.set(name, new Pane(name, title, {
        enlarge: (pane) => this.enlarge(pane), nameOf: (method, label) => this.hooks.nameOf(method, label),
      }));
    }
    return this.panes.get(name);
  }

  // Keeps the slice first and the truth last, methods in their order between.
  only(names) {
    for (const name of [...this.panes.keys()]) if (!names.includes(name)) this.panes.delete(name);
    this.panes = new Map(names.filter((name) => this.panes.has(name)).map((name) => [name, this.panes.get(name)]));
    if (!this.panes.has(this.main)) this.main = null;
    this.offerTrees();
    this.lay();
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
    this.picked.textContent = "";
    this.toolbar.open(slice, anew);
    this.pane("slice", "Slice").time.textContent = slice.place;
    this.say(null, null);
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

  // One sentence above the panes, with a button that does something about it; nothing without a sentence.
  ask(sentence, action = "", onclick = null) {
    this.asShown.hidden = !sentence;
    this.asShown.replaceChildren(...(sentence ? [make("span", {}, sentence)] : []),
      ...(action ? [make("button", { type: "button", class: "ct-download", onclick }, action)] : []));
    this.lay();
  }

  regrey() {
    if (!this.view.slice) return;
    this.view.greys = greyCanvas(this.view.slice, this.view.grey);
    this.redraw();
  }

  recolour(hues = null) {
    const ramp = this.view.byConfidence ? this.view.facts.ramp : null;
    for (const pane of this.panes.values()) {
      const own = hues?.[pane.name] ?? pane.hues;
      if (pane.result && own) pane.colour(this.view.facts.palette, own, this.view.slice, this.view.clearAir, ramp);
    }
    this.redraw();
  }

  // Grid: all panes as large as they fit. One: a large pane and the others as a filmstrip. Wipe: two in one.
  arrange(name) {
    this.arrangement = name;
    this.chosen = true;
    this.lay();
  }

  enlarge(pane) {
    if (this.arrangement === "one" && this.main === pane.name) return this.toolbar.set(this.toolbar.layouts, "grid");
    this.main = pane.name;
    this.toolbar.set(this.toolbar.layouts, "one");
  }

  lay() {
    const panes = [...this.panes.values()];
    if (!panes.length || !this.view.slice) return;
    const width = this.grid.clientWidth;
    const full = document.fullscreenElement === this.box;
    // Not the box's own end: in full screen it has all the height whatever is in it.
    const under = this.box.lastElementChild.getBoundingClientRect().bottom - this.grid.getBoundingClientRect().bottom;
    const top = full ? this.grid.offsetTop : Math.max(this.grid.getBoundingClientRect().top + window.scrollY, 0);
    const below = (full ? under : Math.min(under, 120)) + 10;
    const height = Math.max(window.innerHeight - top - below, 300);
    if (!this.chosen) {
      const many = this.columns(panes.length, width, height).size < MIN_PANE_PX;
      this.arrangement = many ? "one" : "grid";
      this.toolbar.layouts.querySelector(`input[value="${this.arrangement}"]`).checked = true;
    }
    const large = this.pickMain(panes);
    const grid = this.arrangement === "grid" ? panes : [large];
    const { columns, rows } = this.columns(grid.length, width, height);
    const strip = this.arrangement === "grid" ? [] : panes;
    this.strip.hidden = !strip.length;
    this.grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    this.grid.style.height = `${strip.length ? Math.max(height - 92, 240) : Math.max(height, rows * LEAST_PANE_PX)}px`;
    const there = [...this.grid.children];
    const wanted = grid.map((pane) => pane.element);
    if (there.length !== wanted.length || there.some((each, k) => each !== wanted[k])) this.put(wanted);
    this.film(strip);
    this.offerPair(panes);
    this.redraw();
  }

  // Keys go on where they went: what is moved loses the focus.
  put(panes) {
    const held = document.activeElement;
    const within = this.grid.contains(held);
    this.grid.replaceChildren(...panes);
    if (within) (this.grid.contains(held) ? held : this.grid.querySelector("canvas"))?.focus({ preventScroll: true });
  }

  columns(count, width, height) {
    const [wide, high] = displaySize(this.view.slice, this.view.turned);
    let best = { columns: 1, rows: count, size: 0 };
    const most = Math.max(1, Math.min(count, Math.floor(width / LEAST_PANE_PX)));
    for (let columns = 1; columns <= most; columns++) {
      const rows = Math.ceil(count / columns);
      const k = Math.min((width / columns - GAP_PX) / wide, (height / rows - GAP_PX) / high);
      const size = k * Math.max(wide, high);
      if (size > best.size + 0.5) best = { columns, rows, size };
    }
    return best;
  }

  pickMain(panes) {
    if (this.arrangement === "wipe") return this.panes.get(this.pair[0]) ?? panes[0];
    const results = panes.filter((pane) => pane.result && pane.name !== "truth");
    return this.panes.get(this.main) ?? results.find((pane) => !pane.result.full_tiling) ?? results[0] ?? panes[0];
  }

  film(panes) {
    if (!panes.length) return this.strip.replaceChildren();
    const main = this.pickMain(panes).name;
    this.strip.replaceChildren(...panes.map((pane) => {
      const canvas = make("canvas", { width: 96, height: 72, "aria-hidden": "true" });
      const button = make("button", { type: "button", "aria-pressed": String(pane.name === main), "data-film": pane.name,
        title: pane.title, onclick: () => this.show(pane.name) }, canvas, make("span", {}, pane.title));
      Object.assign(pane, { film: canvas, filmed: button });
      pane.tellFilm();
      return button;
    }));
    this.inStrip = panes;
  }

  show(name) {
    if (this.arrangement === "wipe") this.pair[0] = name;
    else this.main = name;
    this.lay();
  }

  drawFilm(pane) {
    const context = pane.film?.getContext("2d");
    if (!context || !this.view.greys) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#05070a";
    context.fillRect(0, 0, 96, 72);
    context.setTransform(...matrixOf(this.view.slice, { ...this.view, zoom: 1, panX: 0, panY: 0 }, 96, 72));
    context.drawImage(this.view.greys, 0, 0);
    if (!pane.layer) return;
    context.globalAlpha = this.view.opacity;
    context.drawImage(pane.layer, 0, 0);
    context.globalAlpha = 1;
  }

  offerPair(panes) {
    const wiping = this.arrangement === "wipe";
    if (wiping) {
      const results = panes.filter((pane) => pane.result);
      this.pair[0] = this.panes.has(this.pair[0]) ? this.pair[0] : panes[0].name;
      this.pair[1] = this.panes.has(this.pair[1]) ? this.pair[1] : (results.find(({ name }) => name !== this.pair[0]) ?? panes.at(-1)).name;
    }
    const key = wiping ? JSON.stringify([this.pair, panes.map(({ name }) => name)]) : "";
    if (key === this.pairKey) return;
    this.pairKey = key;
    this.toolbar.offerPair(wiping ? panes : [], this.pair, (at, name) => { this.pair[at] = name; this.lay(); });
  }

  redraw() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      const other = this.arrangement === "wipe" ? this.panes.get(this.pair[1]) : null;
      for (const pane of this.shown()) pane.draw(this.view, other);
      if (!this.strip.hidden) for (const pane of this.inStrip ?? []) this.drawFilm(pane);
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
    this.say(pane, view.cursor);
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
    this.view.measuring = !this.view.measuring;
    this.toolbar.rulerButton.setAttribute("aria-pressed", String(this.view.measuring));
    if (!this.view.measuring) this.view.ruler = null;
    this.redraw();
  }

  measure(from, to) {
    const { slice } = this.view;
    const [rows, columns] = slice.spacing_mm ?? [1, 1];
    const length = Math.hypot((to[0] - from[0]) * columns, (to[1] - from[1]) * rows) * slice.step;
    this.view.ruler = { from, to, words: `${length.toFixed(1)} ${slice.spacing_mm ? "mm" : "px"}` };
    this.readout.textContent = `Ruler: ${this.view.ruler.words}`;
    this.redraw();
  }

  labelAt(pane, [x, y]) { return pane.result?.labels[y * this.view.slice.width + x] ?? 0; }

  // Cursor and structure under it, in every pane.
  point(pane, pixel) {
    if (!this.view.slice) return;
    this.view.cursor = pixel;
    this.view.hovered = new Map(pixel ? [...this.panes.values()].filter((each) => each.result)
      .map((each) => [each.name, this.labelAt(each, pixel)]) : []);
    this.redraw();
    this.say(pane, pixel);
  }

  step(pane, across, down) {
    const { slice, cursor, turned } = this.view;
    if (!slice) return;
    const [x, y] = cursor ?? [Math.floor(slice.width / 2), Math.floor(slice.height / 2)];
    const [dx, dy] = [turned[0] * across + turned[2] * down, turned[1] * across + turned[3] * down];
    const held = (value, size) => Math.min(Math.max(value, 0), size - 1);
    this.point(pane, [held(x + dx, slice.width), held(y + dy, slice.height)]);
  }

  say(pane, pixel) {
    const { slice } = this.view;
    for (const each of this.panes.values()) each.hover?.remove();
    if (!slice) return;
    if (!pixel) {
      this.readout.textContent = slice.slices > 1 ? "Wheel: slices. Ctrl and wheel: zoom. Drag: move. Click: choose a structure."
        : "Ctrl and wheel: zoom. Drag: move. Click: choose a structure.";
      return;
    }
    const [x, y] = pixel;
    const unit = slice.intensity === "HU" ? " HU" : " of 255";
    const label = pane?.result ? this.labelAt(pane, pixel) : 0;
    const what = !pane?.result ? "" : label ? ` · structure ${label}` : " · background";
    this.readout.textContent = `x ${x * slice.step}, y ${y * slice.step} · ${slice.pixels[y * slice.width + x]}${unit}${what}`;
    for (const each of this.shown()) {
      const under = each.result ? this.labelAt(each, pixel) : 0;
      if (!each.result?.table) continue;
      each.hover = make("div", { class: "ct-hover" }, under ? this.hooks.inWords(each.name, under) : "background");
      each.element.append(each.hover);
    }
  }

  // The pane that was pressed or came into focus is the one that the tree tools act on.
  offerTrees() { this.trees.offer([...this.panes.values()]); }

  // What was chosen is merged or split; where too little is, the next clicks say it.
  edit(pane, action) {
    if (action === "undo" || action === "redo") return this.hooks.edit(pane, action);
    if ((this.view.picked[pane.name] ?? []).length === this.trees.wanted(action)) return this.hooks.edit(pane, action);
    return this.trees.arm(this.trees.armed === action ? null : action);
  }

  editWith(pane, action, label) {
    const picked = [...new Set([...(this.view.picked[pane.name] ?? []), label])].slice(-this.trees.wanted(action));
    this.view.picked = { [pane.name]: picked };
    this.redraw();
    if (picked.length < this.trees.wanted(action)) return;
    this.trees.arm(null);
    this.hooks.edit(pane, action);
  }

  pick(pane, pixel, add) {
    if (!pixel || !pane.result) return;
    const label = this.labelAt(pane, pixel);
    const { armed, active } = this.trees;
    if (armed && pane === active) return label ? this.editWith(pane, armed, label) : null;
    if (!label) return this.clear();
    const picked = this.view.picked[pane.name] ?? [];
    if (add && picked.length && !picked.includes(label)) this.view.picked = { [pane.name]: [picked.at(-1), label] };
    else if (this.view.selected?.method === pane.name && this.view.selected.label === label) return this.clear();
    else this.view.picked = pane.result.tree ? { [pane.name]: [label] } : {};
    this.select(pane.name, label);
  }

  select(method, label) {
    this.view.selected = { method, label, edges: this.panes.get(method).edges(label) };
    this.picked.textContent = `${this.hooks.inWords(method, label)} · ${this.panes.get(method).title}`;
    this.hooks.selected();
    this.redraw();
  }

  clear() {
    Object.assign(this.view, { selected: null, picked: {}, ruler: null });
    this.trees.arm(null);
    this.picked.textContent = "";
    this.hooks.selected();
    this.redraw();
  }
}
