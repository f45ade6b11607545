// One panel: the slice, what a method made of it, and the layer with outline, numbers and cursor on top.

class Panel {
  constructor(name, title, hooks) {
    this.name = name;
    this.title = title;
    this.hooks = hooks;
    this.result = null;
    this.image = make("canvas", { class: "ct-image" });
    this.layer = make("canvas", {
      class: "ct-layer", tabindex: 0, role: "application", "data-panel": name,
      "aria-label": `${title}. Arrow keys move the cursor, Enter selects the structure under it, Escape clears.`,
    });
    this.note = make("div", { class: "ct-note", "aria-live": "polite" });
    this.stage = make("div", { class: "ct-stage" }, this.image, this.layer, this.note);
    this.time = make("span", { class: "ct-time" });
    this.found = make("span");
    this.heading = make("figcaption", {}, make("span", { class: "ct-title", title }, title),
      make("span", { class: "ct-status" }, this.time, this.found));
    this.element = make("figure", { class: "ct-panel", "data-method": name }, this.heading, this.stage);
    this.listen();
  }

  listen() {
    this.layer.addEventListener("pointermove", (event) => this.hooks.hover(this, this.pixelAt(event)));
    this.layer.addEventListener("pointerleave", () => this.hooks.hover(this, null));
    this.layer.addEventListener("click", (event) => this.hooks.pick(this, this.pixelAt(event)));
    this.layer.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in steps) {
      const stride = event.shiftKey ? 10 : 1;
      this.hooks.move(this, steps[event.key][0] * stride, steps[event.key][1] * stride);
    } else if (event.key === "Enter" || event.key === " ") this.hooks.pickCursor(this);
    else if (event.key === "Escape") this.hooks.clear();
    else return;
    event.preventDefault();
  }

  // The source pixel under the pointer; both canvases lie exactly over each other.
  pixelAt(event) {
    const box = this.layer.getBoundingClientRect();
    const { slice, turned } = this.view;
    const [shownWidth, shownHeight] = shownSize(turned, slice.width, slice.height);
    const u = Math.min(Math.max(Math.floor(((event.clientX - box.left) / box.width) * shownWidth), 0), shownWidth - 1);
    const v = Math.min(Math.max(Math.floor(((event.clientY - box.top) / box.height) * shownHeight), 0), shownHeight - 1);
    return toSource(turned, slice.width, slice.height, u + 0.5, v + 0.5).map(Math.floor);
  }

  // Size of the canvases in CSS pixels: as large as the stage allows, pixels in their true proportion.
  fit() {
    const { slice, turned } = this.view;
    const [shownWidth, shownHeight] = shownSize(turned, slice.width, slice.height);
    const [across, down] = shownSize(turned, slice.aspect[1], slice.aspect[0]);
    const wide = shownWidth * across;
    const high = shownHeight * down;
    const tallest = Math.max(0.52 * window.innerHeight, 240);
    this.stage.style.height = `${Math.max(Math.min((this.stage.clientWidth * high) / wide, tallest), 150)}px`;
    const scale = Math.min(this.stage.clientWidth / wide, this.stage.clientHeight / high);
    this.width = Math.max(wide * scale, 1);
    this.height = Math.max(high * scale, 1);
    for (const canvas of [this.image, this.layer]) {
      canvas.style.width = `${this.width}px`;
      canvas.style.height = `${this.height}px`;
    }
    this.image.style.imageRendering = this.width > 1.5 * shownWidth ? "pixelated" : "auto";
    const dense = window.devicePixelRatio || 1;
    this.layer.width = Math.round(this.width * dense);
    this.layer.height = Math.round(this.height * dense);
    return shownWidth / this.width;
  }

  draw(view) {
    this.view = view;
    if (!view.slice) return;
    const perPixel = this.fit();
    const paint = this.paintOf(view, perPixel);
    const image = compose(view.slice, view.grey, view.turned, paint);
    this.image.width = image.width;
    this.image.height = image.height;
    this.image.getContext("2d").putImageData(image, 0, 0);
    this.drawLayer(view);
  }

  paintOf(view, perPixel) {
    if (!this.result) return null;
    const faults = view.faults && this.result.faults;
    return {
      labels: faults ? this.result.faults : this.result.labels,
      colours: faults ? FAULT_COLOURS : this.result.colours,
      opacity: view.opacity,
      outlined: view.outlined && !faults,
      reach: Math.max(1, Math.round(perPixel)),
    };
  }

  drawLayer(view) {
    if (!view.slice) return;
    const context = this.layer.getContext("2d");
    const { slice, turned } = view;
    const [shownWidth, shownHeight] = shownSize(turned, slice.width, slice.height);
    const dense = this.layer.width / this.width;
    const place = (x, y) => {
      const [u, v] = toShown(turned, slice.width, slice.height, x, y);
      return [(u / shownWidth) * this.width, (v / shownHeight) * this.height];
    };
    context.setTransform(dense, 0, 0, dense, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    if (view.numbers && this.result) this.drawNumbers(context, place, shownWidth);
    if (view.outline) this.drawOutline(context, place, view.outline);
    if (view.cursor) this.drawCursor(context, place, view.cursor);
  }

  drawNumbers(context, place, shownWidth) {
    const scale = this.width / shownWidth;
    context.font = "600 11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.strokeStyle = "rgba(0, 0, 0, 0.8)";
    context.fillStyle = "#fff";
    this.result.anchors ??= anchorsOf(this.result.labels, this.view.slice.width, this.view.slice.height);
    for (const { label, area, x, y } of this.result.anchors) {
      if (area * scale * scale < 130) continue;
      const [u, v] = place(x, y);
      context.strokeText(label, u, v);
      context.fillText(label, u, v);
    }
  }

  drawOutline(context, place, edges) {
    context.beginPath();
    for (let k = 0; k < edges.length; k += 4) {
      context.moveTo(...place(edges[k], edges[k + 1]));
      context.lineTo(...place(edges[k + 2], edges[k + 3]));
    }
    context.lineCap = "round";
    for (const [width, colour] of [[4, "rgba(0, 0, 0, 0.85)"], [2, "#fff"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  drawCursor(context, place, [x, y]) {
    const [u, v] = place(x + 0.5, y + 0.5);
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(u + 4 * dx, v + 4 * dy);
      context.lineTo(u + 11 * dx, v + 11 * dy);
    }
    for (const [width, colour] of [[3, "rgba(0, 0, 0, 0.7)"], [1.25, "#ffe08a"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  // `kind` is waiting, running, failed or cancelled; null removes the note.
  say(kind, text, fraction = null) {
    this.element.dataset.state = kind ?? "done";
    const bar = fraction == null ? null
      : make("div", { class: "ct-bar", role: "progressbar", "aria-valuenow": Math.round(fraction * 100) },
        make("div", { style: `width: ${Math.max(2, fraction * 100)}%` }));
    this.note.className = `ct-note ${kind ? `ct-${kind}` : ""}`;
    this.note.replaceChildren(...(text ? [make("p", {}, text)] : []), ...(bar ? [bar] : []));
  }
}
