// What is known against the truth: scores, counts of the five marks, best and worst structures; and the agreement.

const READ_TOGETHER = "ari measures mostly how well the background is left alone; fg_ari looks at the pixels of true structures "
  + "only, so growing over the background costs nothing there. Read the two together.";
const AGREEMENT = "How alike two label maps are: 1 is the same, 0 is chance. Methods that agree may both be wrong; "
  + "only a true label map tells which is better.";
const SHOWN_STRUCTURES = 3;

class Scores {
  constructor(marks, hooks) {
    this.marks = Object.entries(marks);
    this.hooks = hooks;
    this.table = make("div", { id: "scores" });
    this.lists = make("div", { class: "ct-outcomes" });
    this.element = make("section", { class: "ct-structures", hidden: true },
      make("h2", {}, "Scores against the known truth"), this.table, this.lists);
  }

  show(truth) {
    this.element.hidden = !truth || !Object.keys(truth.scores).length;
    if (this.element.hidden) return;
    const head = make("tr", {}, ...Object.entries(truth.columns).map(([name, why]) =>
      make("th", { scope: "col", title: why || null }, name)));
    const rows = Object.values(truth.scores).map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell))));
    this.table.replaceChildren(
      make("div", { class: "ct-table" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))),
      make("p", {}, READ_TOGETHER));
    this.lists.replaceChildren(...Object.entries(truth.judged).map(([method, outcome]) => this.outcome(method, outcome)));
  }

  outcome(method, { counts, structures }) {
    const named = Object.fromEntries(this.marks.map(([name, { value }]) => [value, name]));
    const button = ([label, iou, mark]) => make("button", {
      type: "button", class: "ct-true", "data-mark": named[mark], title: `Show true structure ${label}`,
      onclick: () => this.hooks.showTrue(label),
    }, `${label}: ${named[mark]}, IoU ${iou.toFixed(2)}`);
    // What nothing was found of is no best one, however few there are.
    const best = structures.slice(0, SHOWN_STRUCTURES).filter(([, iou]) => iou > 0);
    const worst = structures.slice(Math.max(structures.length - SHOWN_STRUCTURES, best.length)).reverse();
    return make("div", { class: "ct-outcome", "data-outcome": method },
      make("h3", {}, this.hooks.titleOf(method)),
      make("p", {}, this.marks.map(([name]) => `${counts[name]} ${name}`).join(" · ")),
      make("div", {}, make("span", {}, "Best "), ...(best.length ? best.map(button) : ["none"])),
      make("div", {}, make("span", {}, "Worst "), ...worst.map(button)));
  }
}

// The legend under the stage, with counts over all panes' methods.
function legendOf(marks, judged) {
  const rows = Object.values(judged);
  return markWords(marks).map(({ name, colour, pattern }) => {
    const swatch = canvasOf(18, 14);
    const context = swatch.getContext("2d");
    const image = context.createImageData(18, 14);
    for (let v = 0, at = 0; v < 14; v++) {
      for (let u = 0; u < 18; u++, at += 4) image.data.set([...colour, pattern(u, v) ? 255 : 120], at);
    }
    context.putImageData(image, 0, 0);
    swatch.setAttribute("aria-hidden", "true");
    const counts = rows.map(({ counts: each }) => each[name]).join(", ");
    return make("span", { class: "ct-mark", "data-mark": name }, swatch, ` ${name} ${counts}`);
  });
}

// Adjusted Rand index of two label maps from one contingency table, over all shown pixels.
function agreementOf(one, other) {
  const table = new Map();
  const [rows, columns] = [new Map(), new Map()];
  for (let at = 0; at < one.length; at++) {
    const key = one[at] * 4294967296 + other[at];
    table.set(key, (table.get(key) ?? 0) + 1);
  }
  for (const [key, n] of table) {
    const [a, b] = [Math.floor(key / 4294967296), key % 4294967296];
    rows.set(a, (rows.get(a) ?? 0) + n);
    columns.set(b, (columns.get(b) ?? 0) + n);
  }
  const pairs = (counts) => { let sum = 0; for (const n of counts.values()) sum += (n * (n - 1)) / 2; return sum; };
  const [both, a, b] = [pairs(table), pairs(rows), pairs(columns)];
  const expected = (a * b) / ((one.length * (one.length - 1)) / 2 || 1);
  const most = (a + b) / 2;
  return most === expected ? 1 : (both - expected) / (most - expected);
}

class Agreement {
  constructor() {
    this.body = make("div", { id: "agreement", class: "ct-table" });
    this.element = make("section", { class: "ct-structures", hidden: true },
      make("h2", {}, "Agreement between methods"), make("p", { class: "ct-aside" }, AGREEMENT), this.body);
  }

  show(results) {
    this.element.hidden = results.length < 2;
    if (this.element.hidden) return;
    const known = (this.known ??= new WeakMap());
    const value = (one, other) => {
      if (!known.has(one.labels)) known.set(one.labels, new WeakMap());
      const row = known.get(one.labels);
      if (!row.has(other.labels)) row.set(other.labels, agreementOf(one.labels, other.labels));
      return row.get(other.labels);
    };
    const cell = (one, other) => {
      const ari = one === other ? 1 : value(one, other);
      const share = Math.round(Math.max(ari, 0) * 70);
      return make("td", { style: `background: color-mix(in srgb, var(--primary-500) ${share}%, transparent)` }, ari.toFixed(2));
    };
    this.body.replaceChildren(make("table", {},
      make("thead", {}, make("tr", {}, make("th", {}), ...results.map(({ title }) => make("th", { scope: "col" }, title)))),
      make("tbody", {}, ...results.map((one) => make("tr", {}, make("th", { scope: "row" }, one.title),
        ...results.map((other) => cell(one, other)))))));
  }
}
