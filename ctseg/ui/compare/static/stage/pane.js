// One pane: the slice and what a method made of it on one canvas, what lies over them on another, with its caption, progress
// and edits.

const MAX_TRACED = 32;
const FOUND = "True structures that it found with an IoU above 0.5";

class Pane {
  constructor(name, title, short, hooks) {
    Object.assign(this, { name, title, short, hooks, result: null, marks: null, layer: null, backing: new Backing(), overlay: new Overlay(this) });
    this.canvas = make("canvas", {
      class: "ct-image", tabindex: 0, role: "application", "data-panel": name, "aria-label": title,
    });
    this.known = [];
    this.note = make("div", { class: "ct-note", "aria-live": "polite" });
    this.time = make("span", { class: "ct-time" });
    this.found = make("span", { class: "ct-found" });
    this.pointed = make("span", { class: "ct-hover", hidden: true });
    this.outside = make("button", { type: "button", class: "ct-outside", hidden: true, onclick: () => hooks.tell(this) });
    this.about = iconButton("i", `What ${title} knows`, () => hooks.tell(this), "ct-small");
    this.about.setAttribute("aria-expanded", "false");
    this.about.hidden = true;
    const large = iconButton("⤢", `Show ${title} large`, () => hooks.enlarge(this), "ct-small ct-enlarge");
    // Words stand above the image and never on it.
    this.heading = make("span", { class: "ct-title", title }, title);
    const caption = make("figcaption", {},
      this.heading, make("span", { class: "ct-corner" }, this.about, large),
      make("div", { class: "ct-state" }, make("div", { class: "ct-run" }, make("span", { class: "ct-status" }, this.time, this.found), this.note), this.pointed), this.outside);
    this.place = make("div", { class: "ct-place" }, this.backing.canvas, this.overlay.bar, this.canvas);
    this.element = make("figure", { class: "ct-panel", "data-method": name }, caption, this.place);
  }

  // Where the whole title would be cut its short form stands.
  shorten(narrow) { this.heading.textContent = narrow ? this.short : this.title; }

  // That the slice is outside of what the method knows; its first sentence says why, the others stand behind "i".
  warn(sentences) {
    this.outside.hidden = !sentences;
    this.outside.replaceChildren(...(sentences ? [make("span", {}, "Outside of what it knows: "), sentences.split(/(?<=[.]) /)[0]] : []));
    this.outside.title = sentences || null;
  }

  get isOutside() { return !this.outside.hidden; }

  // A run is planned: what stands there is of no use any more, and what is known of the method is said.
  plan({ estimate, ahead, knows, failures, domain }) {
    this.empty();
    this.found.textContent = "";
    this.time.textContent = estimate ?? "";
    this.time.title = "";
    this.warn(domain ?? "");
    this.known = [...(domain ? [domain] : []), ...(knows ? [`Trained on: ${knows}`] : []), ...failures];
    this.about.hidden = !this.known.length;
    this.say("waiting", ahead ?? "");
  }

  // How much of a known truth it found, behind how the run went.
  tellFound(words) {
    this.found.textContent = ` · ${words}`;
    this.found.title = FOUND;
  }

  // How many it found, and how long that took where it was run here. That regions leave no background stands in the title.
  tellRun(counted, time = "") {
    this.time.textContent = [counted.split(", ")[0], time].filter(Boolean).join(" · ");
    this.time.title = counted;
  }

  empty() { Object.assign(this, { result: null, layer: null, marks: null, cuts: null }); }

  take(result) {
    this.result = result;
    this.anchors = this.traced = null;
  }

  // Hues may change with each further result; `clearAir` leaves regions of air outside the body unpainted.
  // With a ramp, colours tell how sure each structure is, where the method says so.
  colour(palette, hues, slice, clearAir, ramp) {
    if (!this.result) return;
    this.hues = hues;
    const clear = clearAir ? this.result.clear ?? [] : [];
    const sure = ramp && this.result.table?.confidence;
    this.swatches = sure ? { steps: confidenceSteps(this.result.table, hues.length, ramp.length), of: ramp } : { steps: hues, of: palette };
    this.colours = labelColours(this.swatches.steps, clear, this.swatches.of);
    this.layer = labelCanvas(slice, this.result.labels, this.colours);
  }

  colourOf(label) { return this.swatches.of[this.swatches.steps[label] % this.swatches.of.length]; }

  // Sizes the canvas to its place; returns whether there is one to draw on.
  fit() {
    const width = Math.round(this.place.clientWidth);
    const height = Math.round(this.place.clientHeight);
    if (!width || !height) return false;
    this.dense = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * this.dense), Math.round(height * this.dense)];
    if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, { width: w, height: h });
    return true;
  }

  draw(view, other = null) {
    this.view = view;
    if (!view.slice || !this.fit()) return;
    const { width, height } = this.canvas;
    this.matrix = matrixOf(view.slice, view, width, height);
    this.behind(view, other);
    this.overlay.show(view, other);
  }

  // The slice and its label map, and those of another pane to the right of the wipe.
  behind(view, other) {
    const { width, height } = this.canvas;
    const of = other ? [this, other] : [this];
    const facts = [view.greys, view.opacity, view.outlined, view.marks, view.smooth, this.dense, other && view.wipe,
      ...of.flatMap(({ layer, result, colours, marks }) => [layer, result, colours, marks])];
    const onScreen = other || (view.outlined && this.result) || (view.marks && this.marks);
    this.backing.show([width, height], this.dense, this.matrix, facts, !onScreen, (context, box) => {
      this.fill(context, box, view, this);
      if (other) this.fill(context, [view.wipe * width, 0, width, height], view, other);
    });
  }

  fill(context, box, view, of) {
    context.save();
    context.beginPath();
    context.rect(...box);
    context.clip();
    context.fillStyle = "#05070a";
    context.fillRect(...box);
    this.paint(context, view, of);
    context.restore();
  }

  paint(context, view, of) {
    const { width, height } = this.canvas;
    const perSource = Math.hypot(this.matrix[0], this.matrix[1]);
    context.transform(...this.matrix);
    context.imageSmoothingEnabled = view.smooth || perSource < 1;
    context.imageSmoothingQuality = "medium";
    context.drawImage(view.greys, 0, 0);
    if (view.marks && of.marks) this.lay(context, markImage(
      sampled(of.marks, view.slice, this.matrix, width, height), width, height, view.facts.marks, this.dense), 0.9);
    else if (of.result && view.outlined) this.lay(context, outlineImage(
      sampled(of.result.labels, view.slice, this.matrix, width, height), width, height, of.colours,
      Math.round(2 * this.dense)), 1);
    else if (of.layer) {
      context.imageSmoothingEnabled = false;
      context.globalAlpha = view.opacity;
      context.drawImage(of.layer, 0, 0);
      context.globalAlpha = 1;
    }
  }

  lay(context, image, opacity) {
    if (!this.sheet || this.sheet.width !== image.width || this.sheet.height !== image.height) {
      this.sheet = canvasOf(image.width, image.height);
    }
    this.sheet.getContext("2d").putImageData(image, 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = opacity;
    context.drawImage(this.sheet, 0, 0);
    context.globalAlpha = 1;
  }

  // Edges of a structure of this pane; those that were asked for last are kept.
  edges(label) {
    if (!label || !this.result) return [];
    const { width, height } = this.view.slice;
    const known = (this.traced ??= new Map());
    if (!known.has(label)) {
      if (known.size > MAX_TRACED) known.clear();
      known.set(label, edgesOf(this.result.labels, width, height, label));
    }
    return known.get(label);
  }

  // The source coordinates under the pointer, which may lie outside the slice.
  placeAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const u = ((event.clientX - box.left) / box.width) * this.canvas.width;
    const v = ((event.clientY - box.top) / box.height) * this.canvas.height;
    return applied(inverted(this.matrix), u, v);
  }

  // What of the slice is on the screen, whatever its turn: left, top, right, bottom in pixels of the file.
  visible() {
    const { width, height, step } = this.view.slice;
    const back = inverted(this.matrix);
    const ends = [[0, 0], [this.canvas.width, this.canvas.height]].map(([u, v]) => applied(back, u, v));
    const within = (k, size) => ends.map((end) => Math.round(Math.min(Math.max(end[k], 0), size)) * step).sort((a, b) => a - b);
    const [[left, right], [top, bottom]] = [within(0, width), within(1, height)];
    return [left, top, right, bottom];
  }

  pixelAt(event) {
    if (!this.matrix || !this.view?.slice) return null;
    const [x, y] = this.placeAt(event).map(Math.floor);
    const { width, height } = this.view.slice;
    return x >= 0 && y >= 0 && x < width && y < height ? [x, y] : null;
  }

  // What is pointed at, in the place of how the run went.
  point(words) {
    this.pointed.hidden = !words;
    this.pointed.textContent = words;
  }

  // In the filmstrip the same state, and in words for those who do not see it.
  tellFilm() {
    if (!this.filmed) return;
    const { state } = this.element.dataset;
    this.filmed.dataset.state = state ?? "";
    this.filmed.setAttribute("aria-label", state && state !== "done" ? `${this.title}, ${state}` : this.title);
  }

  // `kind` is waiting, running, failed or cancelled; null removes the note.
  say(kind, text, fraction = null) {
    this.element.dataset.state = kind ?? "done";
    const bar = fraction == null ? null
      : make("div", { class: "ct-bar", role: "progressbar", "aria-label": this.title, "aria-valuenow": Math.round(fraction * 100) },
        make("div", { style: `width: ${Math.max(2, fraction * 100)}%` }));
    this.note.className = `ct-note ${kind ? `ct-${kind}` : ""}`;
    this.note.title = text || "";
    this.note.replaceChildren(...(text ? [make("span", {}, text)] : []), ...(bar ? [bar] : []));
    this.tellFilm();
  }
}
