// Display controls. They change what is shown and never what a method gets.

const WINDOWS = [["file", "As in file"], ["400/40", "Soft tissue"], ["1500/-600", "Lung"], ["1800/400", "Bone"], ["80/40", "Brain"]];
const DISPLAY_ONLY = "Display only: methods always get what their card says (400/40 for HU).";
const FIXED_WINDOW = "8-bit picture: its window cannot be changed.";
const ICONS = {
  left: "M4 4v5h5M4.6 9A8 8 0 1 1 4 14", right: "M20 4v5h-5M19.4 9A8 8 0 1 0 20 14",
  mirror: "M12 3v18M9 7 3 17h6zM15 7l6 10h-6z", flip: "M3 12h18M7 9 17 3v6zM7 15l10 6v-6z",
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

class Toolbar {
  constructor(view, redraw) {
    this.view = view;
    this.redraw = redraw;
    this.width = slider("Width", { min: 1, max: 4000, step: 1, value: 400 }, () => this.slid());
    this.level = slider("Level", { min: -1200, max: 2000, step: 1, value: 40 }, () => this.slid());
    this.windows = choice("ct-window", "Window", WINDOWS, "file", (value) => this.pickWindow(value));
    this.window = make("div", { class: "ct-group ct-windows" }, this.windows, this.width.element, this.level.element);
    this.told = make("p", { class: "ct-told" });
    const turns = make("div", { class: "ct-group", role: "group", "aria-label": "Turn and flip the view" },
      ...TURNS.map(([name, label]) => make("button", {
        type: "button", class: "ct-icon", title: label, "aria-label": label, "data-turn": name,
        onclick: () => { view.turned = changed(view.turned, name); redraw(); },
      }, icon(ICONS[name]))));
    this.style = choice("ct-style", "How structures are drawn", [["filled", "Filled"], ["outline", "Outline"]], "filled",
      (value) => { view.outlined = value === "outline"; redraw(); });
    const opacity = slider("Opacity", { min: 0, max: 100, step: 1, value: 45 }, (value) => { view.opacity = value / 100; redraw(); });
    this.faults = make("label", { class: "ct-check", hidden: true },
      make("input", { type: "checkbox", onchange: (event) => { view.faults = event.target.checked; redraw(); } }),
      make("span", {}, "Show errors"),
      make("small", { class: "ct-legend" }, make("b", { class: "ct-merged" }, "red"), ": joined with a neighbour, ",
        make("b", { class: "ct-split" }, "blue"), ": cut apart, no colour: neither"));
    const numbers = make("label", { class: "ct-check" },
      make("input", { type: "checkbox", onchange: (event) => { view.numbers = event.target.checked; redraw(); } }),
      make("span", {}, "Numbers"));
    const drawing = make("div", { class: "ct-group" }, this.style, opacity.element, numbers);
    this.element = make("div", { class: "ct-toolbar", hidden: true }, this.window, this.told, turns, drawing, this.faults);
  }

  // A new slice opens in the file's own window, or soft tissue where the file has none.
  open(slice) {
    this.element.hidden = false;
    this.window.hidden = slice.intensity !== "HU";
    this.told.textContent = this.window.hidden ? FIXED_WINDOW : DISPLAY_ONLY;
    const own = this.windows.querySelector('input[value="file"]');
    own.parentElement.hidden = !slice.window;
    this.fileWindow = slice.window;
    this.pickWindow(slice.window ? "file" : "400/40");
  }

  pickWindow(value) {
    const [width, level] = value === "file" ? [this.fileWindow.width, this.fileWindow.level] : value.split("/").map(Number);
    for (const input of this.windows.querySelectorAll("input")) input.checked = input.value === value;
    this.width.set(width);
    this.level.set(level);
    this.apply(width, level);
  }

  slid() {
    for (const input of this.windows.querySelectorAll("input")) input.checked = false;
    this.apply(Number(this.width.input.value), Number(this.level.input.value));
  }

  apply(width, level) {
    this.view.grey = this.view.slice?.intensity === "HU" ? greyTable(Math.max(width, 1), level) : identityTable();
    this.redraw();
  }

  offerFaults(present) {
    this.faults.hidden = !present;
    const box = this.faults.querySelector("input");
    if (!present) box.checked = false;
    this.view.faults = box.checked;
  }
}
