// Display controls. They change what is shown and never what a method gets.

const DISPLAY_ONLY = "Display only: methods always get what their card says (400/40 for HU).";
const FIXED_WINDOW = "8-bit image: its window cannot be changed.";
const ICONS = {
  left: "M4 4v5h5M4.6 9A8 8 0 1 1 4 14", right: "M20 4v5h-5M19.4 9A8 8 0 1 0 20 14",
  mirror: "M12 3v18M9 7 3 17h6zM15 7l6 10h-6z", flip: "M3 12h18M7 9 17 3v6zM7 15l10 6v-6z",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5", home: "M4 12 12 4l8 8M7 10v9h10v-9",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3", redo: "M15 14l5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
  merge: "M4 5h5v14H4zM15 5h5v14h-5zM9 12h6", split: "M5 4h14v16H5zM12 2v20",
  ruler: "M3 17 17 3l4 4L7 21zM7 13l2 2M10 10l2 2M13 7l2 2",
};
const TURNS = [["left", "Quarter turn left"], ["right", "Quarter turn right"], ["mirror", "Mirror left and right"], ["flip", "Mirror top and bottom"]];

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

function drawnButton(name, label, onclick, more = {}) {
  return make("button", { type: "button", class: "ct-icon", title: label, "aria-label": label, onclick, ...more }, icon(ICONS[name]));
}

class Toolbar {
  constructor(view, hooks) {
    this.view = view;
    this.hooks = hooks;
    const presets = view.facts.windows.map(([width, level, name]) => [`${width}/${level}`, name]);
    this.width = slider("Width", { min: 1, max: 4000, step: 1, value: 400 }, () => this.slid());
    this.level = slider("Level", { min: -1200, max: 2000, step: 1, value: 40 }, () => this.slid());
    this.windows = choice("ct-window", "Window", [["file", "As in file"], ...presets], "file", (value) => this.pickWindow(value));
    this.window = make("div", { class: "ct-group ct-windows", title: DISPLAY_ONLY }, this.windows, this.width.element, this.level.element);
    this.fixed = make("span", { class: "ct-aside" }, FIXED_WINDOW);
    this.style = choice("ct-style", "How structures are drawn", [["filled", "Filled"], ["outline", "Outline"]], "filled",
      (value) => { view.outlined = value === "outline"; hooks.redraw(); });
    this.by = choice("ct-by", "What colours tell", [["structure", "Structures"], ["confidence", "Confidence"]], "structure",
      (value) => { view.byConfidence = value === "confidence"; hooks.confidence(); });
    this.by.hidden = true;
    this.opacity = slider("Opacity", { min: 0, max: 100, step: 1, value: 50 }, (value) => { view.opacity = value / 100; hooks.redraw(); });
    this.numbers = check("Numbers", (on) => { view.numbers = on; hooks.redraw(); });
    this.air = check("Air clear", (on) => { view.clearAir = on; hooks.recolour(); }, true);
    this.marks = check("Show errors", (on) => { view.marks = on; hooks.redraw(); hooks.legend(); });
    this.marks.element.hidden = true;
    const turns = TURNS.map(([name, label]) => drawnButton(name, label, () => { view.turned = changed(view.turned, name); hooks.turned(); }, { "data-turn": name }));
    this.layouts = choice("ct-layout", "Layout of the panes", [["grid", "Grid"], ["one", "One"], ["wipe", "Wipe"]], "grid", (value) => hooks.layout(value));
    // What is chosen already can be chosen too: then no width of the window changes it any more.
    this.layouts.addEventListener("click", ({ target }) => { if (target.value) hooks.layout(target.value); });
    this.rulerButton = drawnButton("ruler", "Ruler: drag over a pane (R)", () => hooks.ruler(), { "aria-pressed": "false" });
    const tools = make("div", { class: "ct-group", role: "group", "aria-label": "View" },
      drawnButton("home", "Whole slice (0)", () => hooks.home()), this.rulerButton, ...turns,
      drawnButton("full", "Full screen (F)", () => hooks.fullscreen()));
    this.pair = make("div", { class: "ct-group ct-pair", hidden: true });
    const more = make("details", { class: "ct-moretools" }, make("summary", {}, "Window values"),
      make("div", { class: "ct-group" }, this.width.element, this.level.element, this.air.element,
        make("span", { class: "ct-aside" }, DISPLAY_ONLY)));
    this.window.replaceChildren(this.windows, more);
    this.element = make("div", { class: "ct-toolbar", hidden: true }, this.window, this.fixed,
      make("div", { class: "ct-group" }, this.style, this.by, this.opacity.element, this.numbers.element, this.marks.element),
      make("div", { class: "ct-group" }, this.layouts, this.pair), tools, hooks.trees);
  }

  // A new stack opens in the file's own window, or soft tissue where the file has none; its slices keep it.
  open(slice, anew) {
    this.element.hidden = false;
    const hu = slice.intensity === "HU";
    this.window.hidden = !hu;
    this.fixed.hidden = hu;
    this.windows.querySelector('input[value="file"]').parentElement.hidden = !slice.window;
    this.fileWindow = slice.window;
    const first = this.view.facts.windows[0];
    if (anew) this.pickWindow(slice.window ? "file" : `${first[0]}/${first[1]}`);
    else this.apply(this.view.window.width, this.view.window.level);
  }

  pickWindow(value) {
    const [width, level] = value === "file" ? [this.fileWindow.width, this.fileWindow.level] : value.split("/").map(Number);
    for (const input of this.windows.querySelectorAll("input")) input.checked = input.value === value;
    this.width.set(width);
    this.level.set(level);
    this.apply(width, level);
  }

  show(width, level) {
    this.width.set(width);
    this.level.set(level);
    this.slid();
  }

  slid() {
    for (const input of this.windows.querySelectorAll("input")) input.checked = false;
    this.apply(Number(this.width.input.value), Number(this.level.input.value));
  }

  apply(width, level) {
    this.view.window = { width, level };
    this.view.grey = this.view.slice?.intensity === "HU" ? greyTable(Math.max(width, 1), level) : identityTable();
    this.hooks.regrey();
  }

  set(group, value) {
    const input = group.querySelector(`input[value="${value}"]`);
    input.checked = true;
    input.dispatchEvent(new Event("change"));
  }

  offerMarks(present) {
    this.marks.element.hidden = !present;
    if (!present) this.marks.input.checked = false;
    this.view.marks = this.marks.input.checked;
  }

  // Only methods with a merge tree tell how sure their structures are.
  offerConfidence(present) {
    this.by.hidden = !present;
    if (present || !this.view.byConfidence) return;
    this.by.querySelector('input[value="structure"]').checked = true;
    this.view.byConfidence = false;
  }

  offerPair(panes, pair, onpick) {
    this.pair.hidden = !panes.length;
    const select = (at, label) => make("select", { "aria-label": label, onchange: (event) => onpick(at, event.target.value) },
      ...panes.map(({ name, title }) => make("option", { value: name, selected: name === pair[at] }, title)));
    this.pair.replaceChildren(...(panes.length ? [select(0, "Left of the wipe"), select(1, "Right of the wipe")] : []));
  }
}
