// Pointer, wheel and keys over the stage: pan, zoom, choose, measure, wipe, scroll.

const MOVED_PX = 4;
const MAX_ZOOM = 40;

class StageInput {
  constructor(stage) {
    this.stage = stage;
    this.view = stage.view;
    this.pointers = new Map();
    const { grid } = stage.layout;
    grid.addEventListener("pointerdown", (event) => this.down(event));
    grid.addEventListener("pointermove", (event) => this.move(event));
    grid.addEventListener("pointerup", (event) => this.up(event));
    grid.addEventListener("pointercancel", (event) => this.drop(event));
    grid.addEventListener("pointerleave", () => stage.pointing.point(null, null), true);
    grid.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    grid.addEventListener("focusin", (event) => { const pane = this.paneOf(event); if (pane) stage.trees.act(pane.name); });
    stage.box.addEventListener("keydown", (event) => this.key(event));
    // Wherever the focus is: a click on a tool leaves it there.
    document.addEventListener("keydown", (event) => { if (event.key === "Escape" && stage.trees.armed) stage.picking.clear(); });
  }

  onTree(work) { if (this.stage.trees.active) work(this.stage.trees.active); }

  paneOf(event) { return this.stage.paneOf(event.target.closest?.("canvas.ct-image")); }

  down(event) {
    const pane = this.paneOf(event);
    if (!pane || event.button) return;
    pane.canvas.focus({ preventScroll: true });
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 1) this.start = { pane, x: event.clientX, y: event.clientY, moved: false, wiping: this.onDivider(pane, event) };
    else this.spread = this.distance();
    if (event.pointerType !== "touch" || this.start?.wiping || this.view.measuring) pane.canvas.setPointerCapture(event.pointerId);
    if (this.view.measuring) this.from = pane.placeAt(event);
  }

  onDivider(pane, event) {
    if (this.stage.layout.arrangement !== "wipe") return false;
    const box = pane.canvas.getBoundingClientRect();
    return Math.abs(event.clientX - box.left - this.view.wipe * box.width) < 16;
  }

  distance() {
    const [a, b] = [...this.pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  }

  move(event) {
    const pane = this.paneOf(event);
    const held = this.pointers.get(event.pointerId);
    if (!held) return this.stage.pointing.point(pane, pane?.pixelAt(event) ?? null);
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    Object.assign(held, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 2) return this.pinch(event);
    if (!this.start) return;
    this.start.moved ||= Math.hypot(event.clientX - this.start.x, event.clientY - this.start.y) > MOVED_PX;
    if (!this.start.moved) return;
    const start = this.start.pane;
    if (this.start.wiping) {
      const box = start.canvas.getBoundingClientRect();
      this.stage.setWipe((event.clientX - box.left) / box.width);
    } else if (this.view.measuring) this.stage.pointing.measure(this.from, start.placeAt(event));
    else if (event.pointerType !== "touch" || this.view.zoom > 1) this.stage.pan(start, dx, dy);
  }

  pinch(event) {
    const spread = this.distance();
    const [a, b] = [...this.pointers.values()];
    const middle = { clientX: (a.x + b.x) / 2, clientY: (a.y + b.y) / 2 };
    if (this.spread) this.stage.zoomAt(this.start.pane, middle, spread / this.spread);
    this.spread = spread;
    this.start.moved = true;
    event.preventDefault();
  }

  up(event) {
    const start = this.start;
    const pane = start?.pane;
    this.drop(event);
    if (pane && !start.moved && !this.view.measuring && !start.wiping) this.stage.picking.pick(pane, pane.pixelAt(event), event.shiftKey);
  }

  drop(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) this.start = this.spread = null;
  }

  wheel(event) {
    const pane = this.paneOf(event);
    if (!pane) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.stage.zoomAt(pane, event, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0025)));
    } else if (this.stage.slices > 1) {
      event.preventDefault();
      this.stage.hooks.scroll(Math.sign(event.deltaY));
    }
  }

  key(event) {
    const pane = this.paneOf(event) ?? this.stage.layout.shown()[0];
    if (!pane || event.altKey || event.metaKey || event.target.closest("input, select, textarea, button")) return;
    if (event.ctrlKey && event.key !== "z" && event.key !== "y") return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const { stage } = this;
    const { toolbar } = stage;
    const actions = {
      Enter: () => stage.picking.pick(pane, stage.view.cursor, event.shiftKey), " ": () => stage.picking.pick(pane, stage.view.cursor, event.shiftKey),
      Escape: () => { stage.knowledge.close(); stage.picking.clear(); }, "+": () => stage.zoomAt(pane, null, 1.25), "=": () => stage.zoomAt(pane, null, 1.25),
      "-": () => stage.zoomAt(pane, null, 0.8), 0: () => stage.home(), f: () => stage.fullscreen(), r: () => stage.toggleRuler(),
      o: () => toolbar.set(toolbar.style, stage.view.outlined ? "filled" : "outline"),
      n: () => toolbar.numbers.input.click(), e: () => toolbar.marks.element.hidden || toolbar.marks.input.click(),
      g: () => toolbar.set(toolbar.layouts, "grid"), w: () => toolbar.set(toolbar.layouts, "wipe"),
      PageDown: () => stage.hooks.scroll(1), PageUp: () => stage.hooks.scroll(-1),
      ",": () => stage.setWipe(stage.view.wipe - 0.02), ".": () => stage.setWipe(stage.view.wipe + 0.02),
      "[": () => this.onTree((tree) => stage.hooks.coarser(tree, -1)), "]": () => this.onTree((tree) => stage.hooks.coarser(tree, 1)),
      m: () => this.onTree((tree) => stage.picking.edit(tree, "merge")), s: () => this.onTree((tree) => stage.picking.edit(tree, "split")),
      u: () => this.onTree((tree) => stage.picking.edit(tree, "undo")), z: () => this.onTree((tree) => stage.picking.edit(tree, "undo")),
      y: () => this.onTree((tree) => stage.picking.edit(tree, "redo")),
      "?": () => { stage.keys.open = !stage.keys.open; },
    };
    if (event.key in steps) {
      const stride = event.shiftKey ? 10 : 1;
      stage.pointing.step(pane, steps[event.key][0] * stride, steps[event.key][1] * stride);
    } else if (actions[event.key]) actions[event.key]();
    else return;
    event.preventDefault();
  }
}
