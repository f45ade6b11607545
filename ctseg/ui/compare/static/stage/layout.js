// Where the panes stand: a grid of all, one large with a filmstrip, or a wipe between two; as large as the window lets.

const MIN_PANE_PX = 200;
const LEAST_PANE_PX = 150;
const GAP_PX = 4;
const STRIP_PX = 92;
const BOX_GAP_PX = 6;
const MAX_BELOW_PX = 120;
// From this width on a caption has its title and its state in one line.
const WIDE_PANE_PX = 430;
// From this width on it has room for the longest title.
const TITLED_PANE_PX = 380;
const CAPTION_PX = { wide: 28, narrow: 46, outside: 19 };

class Layout {
  constructor(stage) {
    Object.assign(this, { stage, arrangement: "grid", chosen: false, main: null, pair: [null, null] });
    this.grid = make("div", { class: "ct-grid", role: "group", "aria-label": "Panes, linked in zoom and position" });
    this.strip = new Filmstrip((name) => this.show(name));
  }

  shown() { return [...this.stage.panes.values()].filter(({ element }) => element.isConnected && element.parentElement === this.grid); }

  // The second pane of a wipe.
  other() { return this.arrangement === "wipe" ? this.stage.panes.get(this.pair[1]) : null; }

  arrange(name) {
    this.arrangement = name;
    this.chosen = true;
    this.lay();
  }

  enlarge(pane) {
    const { toolbar } = this.stage;
    if (this.arrangement === "one" && this.main === pane.name) return toolbar.set(toolbar.layouts, "grid");
    this.main = pane.name;
    toolbar.set(toolbar.layouts, "one");
  }

  lay() {
    const { stage } = this;
    const panes = [...stage.panes.values()];
    if (!panes.length || !stage.view.slice) return;
    if (!stage.panes.has(this.main)) this.main = null;
    const [width, height] = this.room();
    if (!this.chosen) this.choose(panes.length, width, height);
    const grid = this.arrangement === "grid" ? panes : [this.pickMain(panes)];
    const { columns, rows } = this.columns(grid.length, width, height);
    const strip = this.arrangement === "grid" ? [] : panes;
    this.grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    this.grid.style.gridTemplateRows = `repeat(${rows}, auto minmax(0, 1fr))`;
    this.grid.toggleAttribute("data-wide", width / columns >= WIDE_PANE_PX);
    for (const pane of grid) pane.shorten(width / columns < TITLED_PANE_PX);
    const least = rows * (LEAST_PANE_PX + this.caption(width / columns));
    this.grid.style.height = `${strip.length ? Math.max(height - STRIP_PX, 240) : Math.max(height, least)}px`;
    const there = [...this.grid.children];
    const wanted = grid.map((pane) => pane.element);
    if (there.length !== wanted.length || there.some((each, k) => each !== wanted[k])) this.put(wanted);
    this.strip.fill(strip, this.pickMain(panes));
    this.offerPair(panes);
    stage.redraw();
  }

  // Width and height that the panes may take.
  room() {
    const { box } = this.stage;
    const full = document.fullscreenElement === box;
    const top = full ? this.grid.offsetTop : Math.max(this.grid.getBoundingClientRect().top + window.scrollY, 0);
    const below = (full ? this.under() : Math.min(this.under(), MAX_BELOW_PX)) + 10;
    return [this.grid.clientWidth, Math.max(window.innerHeight - top - below, 300)];
  }

  // Height of what stands below the panes in every arrangement. What a visitor opens there leaves the panes as they
  // are, and the filmstrip takes its place only once it is decided that there is one.
  under() {
    const { box, knowledge, keys } = this.stage;
    if (keys.open && this.closed != null) return this.closed;
    // Not the box's own end: in full screen it has all the height whatever is in it.
    const end = box.lastElementChild.getBoundingClientRect().bottom - this.grid.getBoundingClientRect().bottom;
    const strip = this.strip.element.offsetHeight;
    this.closed = end - knowledge.element.offsetHeight - (strip ? strip + BOX_GAP_PX : 0);
    return this.closed;
  }

  // Until the visitor says how: a grid, unless its panes would be too small.
  choose(count, width, height) {
    this.arrangement = this.columns(count, width, height).size < MIN_PANE_PX ? "one" : "grid";
    this.stage.toolbar.layouts.querySelector(`input[value="${this.arrangement}"]`).checked = true;
  }

  // Keys go on where they went: what is moved loses the focus.
  put(panes) {
    const held = document.activeElement;
    const within = this.grid.contains(held);
    this.grid.replaceChildren(...panes);
    if (within) (this.grid.contains(held) ? held : this.grid.querySelector("canvas.ct-image"))?.focus({ preventScroll: true });
  }

  columns(count, width, height) {
    const [wide, high] = displaySize(this.stage.view.slice, this.stage.view.turned);
    let best = { columns: 1, rows: count, size: 0 };
    const most = Math.max(1, Math.min(count, Math.floor(width / LEAST_PANE_PX)));
    for (let columns = 1; columns <= most; columns++) {
      const rows = Math.ceil(count / columns);
      const k = Math.min((width / columns - GAP_PX) / wide, (height / rows - GAP_PX - this.caption(width / columns)) / high);
      const size = k * Math.max(wide, high);
      if (size > best.size + 0.5) best = { columns, rows, size };
    }
    return best;
  }

  // Height of the words above an image of a width.
  caption(width) {
    const outside = [...this.stage.panes.values()].some((pane) => !pane.outside.hidden);
    return CAPTION_PX[width >= WIDE_PANE_PX ? "wide" : "narrow"] + (outside ? CAPTION_PX.outside : 0);
  }

  pickMain(panes) {
    const known = this.stage.panes;
    if (this.arrangement === "wipe") return known.get(this.pair[0]) ?? panes[0];
    const results = panes.filter((pane) => pane.result && pane.name !== "truth");
    const first = results.find(({ name, isOutside }) => name === this.stage.view.facts.first && !isOutside);
    return known.get(this.main) ?? first ?? results.find((pane) => !pane.result.full_tiling) ?? results[0] ?? panes[0];
  }

  show(name) {
    if (this.arrangement === "wipe") this.pair[0] = name;
    else this.main = name;
    this.lay();
  }

  offerPair(panes) {
    const wiping = this.arrangement === "wipe";
    if (wiping) {
      const known = this.stage.panes;
      const results = panes.filter((pane) => pane.result);
      this.pair[0] = known.has(this.pair[0]) ? this.pair[0] : panes[0].name;
      this.pair[1] = known.has(this.pair[1]) ? this.pair[1] : (results.find(({ name }) => name !== this.pair[0]) ?? panes.at(-1)).name;
    }
    const key = wiping ? JSON.stringify([this.pair, panes.map(({ name }) => name)]) : "";
    if (key === this.pairKey) return;
    this.pairKey = key;
    this.stage.toolbar.offerPair(wiping ? panes : [], this.pair, (at, name) => { this.pair[at] = name; this.lay(); });
  }
}
