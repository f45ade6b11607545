// The table of structures of the method in focus: sortable, names editable, rows selectable by mouse and keyboard.

const ROWS_AT_ONCE = 300;

// Made once: a formatter takes longer to make than a table to fill.
const ONE_DECIMAL = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat("en");

class StructureTable {
  constructor(hooks) {
    this.hooks = hooks;
    this.names = {};
    this.sorted = { column: "area_px", down: true };
    this.all = false;
    this.tabs = make("div", { class: "ct-tabs", role: "group", "aria-label": "Method whose structures are listed" });
    this.body = make("div", { class: "ct-table", tabindex: 0, "aria-label": "Table of structures" });
    this.element = make("section", { class: "ct-structures", hidden: true },
      make("div", { class: "ct-bar-line" }, make("h2", {}, "Structures"), this.tabs), this.body);
  }

  show(results, focus, selected) {
    this.element.hidden = results.length === 0;
    this.tabs.replaceChildren(...results.map((result) => make("button", {
      type: "button", "aria-pressed": String(result.method === focus), onclick: () => this.hooks.focus(result.method),
    }, result.title)));
    const result = results.find(({ method }) => method === focus);
    if (result) this.fill(result, selected?.method === focus ? selected.label : null);
    else this.body.replaceChildren();
  }

  columns(result) {
    const unit = result.intensity === "HU" ? "HU" : "grey";
    return [
      ["label", "No."], ["name", "Your name for it"], ["area_px", "Area (px)"],
      ...(result.table.area_mm2 ? [["area_mm2", "Area (mm²)"]] : []),
      ["mean", `Mean (${unit})`], ["sd", `SD (${unit})`], ["centroid", "Centre x, y (px)"],
      ...(result.table.confidence ? [["confidence", "Confidence"]] : []),
    ];
  }

  fill(result, label) {
    const table = result.table;
    const order = table.label.map((_, k) => k);
    const key = this.sorted.column === "centroid" ? "centroid_row" : this.sorted.column;
    const named = (k) => this.names[result.method]?.[table.label[k]] ?? "";
    order.sort((i, j) => key === "name" ? named(i).localeCompare(named(j)) : table[key][i] - table[key][j]);
    if (this.sorted.down) order.reverse();
    const chosen = order.findIndex((k) => table.label[k] === label);
    const shown = this.all ? order : order.filter((_, rank) => rank < ROWS_AT_ONCE || rank === chosen);
    const columns = this.columns(result);
    const head = make("tr", {}, ...columns.map(([name, text]) => make("th", {
      scope: "col", "aria-sort": this.sorted.column === name ? (this.sorted.down ? "descending" : "ascending") : null,
    }, make("button", { type: "button", onclick: () => this.sort(name) }, text))));
    const rows = shown.map((k) => this.row(result, k, columns, table.label[k] === label));
    const more = shown.length < order.length
      ? make("button", { type: "button", class: "ct-more", onclick: () => { this.all = true; this.hooks.redraw(); } },
        `Show all ${order.length}`) : null;
    const kept = this.body.scrollTop;
    this.body.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
    if (more) this.body.append(more);
    this.body.scrollTop = kept;
    this.reveal();
  }

  row(result, k, columns, selected) {
    const table = result.table;
    const label = table.label[k];
    const [red, green, blue] = this.hooks.colourOf(result.method, label);
    const names = (this.names[result.method] ??= {});
    const cells = {
      label: () => make("button", { type: "button", class: "ct-label", "aria-label": `Structure ${label}` },
        make("i", { class: "ct-chip", style: `background: rgb(${red}, ${green}, ${blue})` }), String(label)),
      name: () => make("input", {
        type: "text", maxlength: 80, value: names[label] ?? "", placeholder: "–", "aria-label": `Name of structure ${label}`,
        oninput: (event) => { names[label] = event.target.value; this.hooks.named(); }, onclick: (event) => event.stopPropagation(),
      }),
      centroid: () => `${table.centroid_column[k].toFixed(0)}, ${table.centroid_row[k].toFixed(0)}`,
      confidence: () => table.confidence[k].toFixed(2),
      area_px: () => WHOLE.format(table.area_px[k]),
    };
    const number = (name) => ONE_DECIMAL.format(table[name][k]);
    return make("tr", { "data-label": label, "aria-selected": String(selected), onclick: () => this.hooks.pick(result.method, label) },
      ...columns.map(([name]) => make("td", { "data-column": name }, cells[name] ? cells[name]() : number(name))));
  }

  sort(column) {
    const words = column === "name" || column === "label";
    this.sorted = { column, down: this.sorted.column === column ? !this.sorted.down : !words };
    this.hooks.redraw();
  }

  // Scrolls within the table only, so that the page stays where the visitor put it; to the top of the table
  // where its lower end is out of the window.
  reveal() {
    const row = this.body.querySelector('tr[aria-selected="true"]');
    if (!row) return;
    const head = this.body.querySelector("thead").offsetHeight;
    const top = row.offsetTop - head;
    const shown = Math.min(this.body.clientHeight, window.innerHeight - this.body.getBoundingClientRect().top);
    const bottom = row.offsetTop + row.offsetHeight - this.body.scrollTop;
    if (this.body.scrollTop > top || bottom > shown) this.body.scrollTop = top;
  }

  nameOf(method, label) { return this.names[method]?.[label]?.trim() ?? ""; }

  // After an edit of a merge tree, old labels live on as new ones.
  moved(method, moved) {
    const old = this.names[method] ?? {};
    this.names[method] = Object.fromEntries(Object.entries(old).filter(([label]) => moved[label])
      .map(([label, name]) => [moved[label], name]));
  }

  inWords(table, label, intensity, name = "") {
    const k = table.label.indexOf(label);
    if (k < 0) return `Structure ${label}`;
    const mean = ONE_DECIMAL.format(table.mean[k]);
    return `Structure ${label}${name ? ` (${name})` : ""} · ${WHOLE.format(table.area_px[k])} px · ${mean} ${intensity === "HU" ? "HU" : "of 255"}`;
  }
}
