// What lies under the pointer or the cursor, in every pane and in words, and what is measured between two points.

const HINT = "Ctrl and wheel: zoom. Drag: move. Click: choose a structure.";

class Pointing {
  constructor(stage) {
    this.stage = stage;
    this.view = stage.view;
    this.readout = make("p", { class: "ct-readout", role: "status" });
  }

  // Cursor and structure under it, in every pane.
  point(pane, pixel) {
    if (!this.view.slice) return;
    this.view.cursor = pixel;
    this.view.hovered = new Map(pixel ? [...this.stage.panes.values()].filter((each) => each.result)
      .map((each) => [each.name, this.stage.labelAt(each, pixel)]) : []);
    this.stage.redraw();
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
    for (const each of this.stage.panes.values()) each.point("");
    if (!slice) return;
    this.readout.textContent = pixel ? this.inWords(pane, pixel) : `${slice.slices > 1 ? "Wheel: slices. " : ""}${HINT}`;
    if (pixel) for (const each of this.stage.layout.shown()) this.hover(each, pixel);
  }

  inWords(pane, [x, y]) {
    const { slice } = this.view;
    const unit = slice.intensity === "HU" ? " HU" : " of 255";
    const label = pane?.result ? this.stage.labelAt(pane, [x, y]) : 0;
    const what = !pane?.result ? "" : label ? ` · structure ${label}` : " · background";
    return `x ${x * slice.step}, y ${y * slice.step} · ${slice.pixels[y * slice.width + x]}${unit}${what}`;
  }

  hover(pane, pixel) {
    if (!pane.result?.table) return;
    const under = this.stage.labelAt(pane, pixel);
    pane.point(under ? this.stage.hooks.inWords(pane.name, under) : "Background");
  }

  measure(from, to) {
    const { slice } = this.view;
    const [rows, columns] = slice.spacing_mm ?? [1, 1];
    const length = Math.hypot((to[0] - from[0]) * columns, (to[1] - from[1]) * rows) * slice.step;
    this.view.ruler = { from, to, words: `${length.toFixed(1)} ${slice.spacing_mm ? "mm" : "px"}` };
    this.readout.textContent = `Ruler: ${this.view.ruler.words}`;
    this.stage.redraw();
  }
}
