// What lies over the image of a pane: numbers, outlines of what is pointed at and chosen, ruler, cursor, scale bar,
// and the divider of a wipe. Sizes are pixels of the screen, whatever the zoom.

const POINTED = "rgba(255, 255, 255, 0.9)";
const PICKED = "#ffe08a";
const SELECTED = "#fff";
const MIN_NUMBERED_PX = 130;
const MIN_BAR_PANE_PX = 140;
const MIN_BAR_WORDS_PX = 60;
const BAR_PX = 34;

class Overlay {
  constructor(pane) {
    this.pane = pane;
    this.bar = make("canvas", { class: "ct-scale", "aria-hidden": "true" });
    this.barred = "";
  }

  // Where nothing lies over the image its canvas is not mixed in, which takes a third of a frame. It still hears the pointer.
  show(view, other) {
    const { pane } = this;
    const { canvas, result } = pane;
    const seen = other || (view.numbers && result) || view.hovered?.get(pane.name) || view.picked?.[pane.name]?.length || view.selected || view.ruler || view.cursor;
    canvas.style.opacity = seen ? "" : 0;
    this.scaleBar(view.slice);
    if (!seen) return;
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.draw(context, view, other);
  }

  draw(context, view, other) {
    const { pane } = this;
    if (other) this.divider(context, view.wipe * pane.canvas.width);
    if (view.numbers && pane.result && !view.marks && !other) this.numbers(context, view.slice);
    if (!other) {
      this.outline(context, pane.edges(view.hovered?.get(pane.name)), 1.5, POINTED);
      for (const label of view.picked?.[pane.name] ?? []) this.outline(context, pane.edges(label), 2, PICKED);
    }
    // What is chosen in one pane is outlined in all.
    if (view.selected) this.outline(context, view.selected.edges, 2, SELECTED);
    if (view.ruler) this.ruler(context, view.ruler);
    if (view.cursor) this.cursor(context, view.cursor);
  }

  divider(context, x) {
    const { dense, canvas: { height } } = this.pane;
    context.fillStyle = "#fff";
    context.fillRect(x - dense, 0, 2 * dense, height);
    context.beginPath();
    context.arc(x, height / 2, 11 * dense, 0, 7);
    context.fill();
    context.fillStyle = "#0b7680";
    context.font = `600 ${13 * dense}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("⇔", x, height / 2);
  }

  // On a small canvas of its own: it stays while all else moves.
  scaleBar(slice) {
    const { dense, matrix, canvas } = this.pane;
    const scale = canvas.width < MIN_BAR_PANE_PX * dense ? null : scaleBar(slice, Math.hypot(matrix[0], matrix[1]), canvas.width);
    const { bar } = this;
    bar.hidden = !scale;
    const barred = scale && [scale.length, scale.words, dense].join();
    if (!scale || barred === this.barred) return;
    this.barred = barred;
    Object.assign(bar, { width: Math.ceil(Math.max(scale.length, MIN_BAR_WORDS_PX * dense) + 12 * dense), height: Math.ceil(BAR_PX * dense) });
    Object.assign(bar.style, { width: `${bar.width / dense}px`, height: `${bar.height / dense}px` });
    const context = bar.getContext("2d");
    const [x, y] = [10 * dense, bar.height - 12 * dense];
    context.fillStyle = "rgba(0, 0, 0, 0.6)";
    context.fillRect(x - 2 * dense, y - 2 * dense, scale.length + 4 * dense, 7 * dense);
    context.fillStyle = "#fff";
    context.fillRect(x, y, scale.length, 3 * dense);
    this.words(context, scale.words, x, y - 6 * dense, "left");
  }

  words(context, text, x, y, align = "center") {
    const { dense } = this.pane;
    context.font = `600 ${11 * dense}px system-ui, sans-serif`;
    context.textAlign = align;
    context.textBaseline = align === "left" ? "alphabetic" : "middle";
    context.lineWidth = 3 * dense;
    context.lineJoin = "round";
    context.strokeStyle = "rgba(0, 0, 0, 0.8)";
    context.fillStyle = "#fff";
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  }

  numbers(context, slice) {
    const { pane } = this;
    const [a, b, c, d] = pane.matrix;
    const area = Math.abs(a * d - b * c) / pane.dense ** 2;
    pane.anchors ??= anchorsOf(pane.result.labels, slice.width);
    for (const { label, area: pixels, x, y } of pane.anchors) {
      if (pixels * area < MIN_NUMBERED_PX || !pane.colours[label]) continue;
      const name = pane.hooks.nameOf(pane.name, label);
      this.words(context, name ? `${label} ${name}` : String(label), ...applied(pane.matrix, x, y));
    }
  }

  outline(context, edges, width, colour) {
    if (!edges.length) return;
    const { matrix } = this.pane;
    context.beginPath();
    for (let k = 0; k < edges.length; k += 4) {
      context.moveTo(...applied(matrix, edges[k], edges[k + 1]));
      context.lineTo(...applied(matrix, edges[k + 2], edges[k + 3]));
    }
    context.lineCap = "round";
    this.strokes(context, [width + 2, "rgba(0, 0, 0, 0.85)"], [width, colour]);
  }

  // Dark below, bright above: seen on any grey.
  strokes(context, ...pens) {
    for (const [width, colour] of pens) {
      context.lineWidth = width * this.pane.dense;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  ruler(context, { from, to, words }) {
    const { dense, matrix } = this.pane;
    const [a, b] = [applied(matrix, ...from), applied(matrix, ...to)];
    context.beginPath();
    context.moveTo(...a);
    context.lineTo(...b);
    this.strokes(context, [4, "rgba(0, 0, 0, 0.8)"], [1.75, PICKED]);
    this.words(context, words, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - 12 * dense);
  }

  cursor(context, [x, y]) {
    const { dense, matrix } = this.pane;
    const [u, v] = applied(matrix, x + 0.5, y + 0.5);
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(u + 4 * dx * dense, v + 4 * dy * dense);
      context.lineTo(u + 11 * dx * dense, v + 11 * dy * dense);
    }
    this.strokes(context, [3, "rgba(0, 0, 0, 0.7)"], [1.25, PICKED]);
  }
}
