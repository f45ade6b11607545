// Tools for methods with a merge tree, in the toolbar: coarse to fine, undo, redo, merge, split, for one pane at a time.

const MOST_STEPS = 200;
const THUMB_STEPS = 1000;
const HINTS = { merge: "Click the two structures to merge; press Escape to cancel.", split: "Click the structure to split; press Escape to cancel." };

class TreeTools {
  constructor(hooks) {
    this.hooks = hooks;
    Object.assign(this, { panes: [], active: null, named: null, seen: new Set(), armed: null });
    this.which = make("select", { "aria-label": "Pane that the tree tools act on", onchange: () => this.act(this.which.value) });
    this.name = make("b", {});
    this.range = make("input", { type: "range", min: 0, max: THUMB_STEPS, step: 1,
      oninput: () => hooks.cut(this.active, this.count()), onkeydown: (event) => this.key(event) });
    this.number = make("output", { class: "ct-count" });
    const edit = (name, text, label, action) => drawnButton(name, label, () => hooks.edit(this.active, action), { "data-edit": action, class: text ? "ct-worded" : "ct-icon" });
    this.undo = edit("undo", "", "Undo (U)", "undo");
    this.redo = edit("redo", "", "Redo (Y)", "redo");
    this.merge = edit("merge", "Merge", "Merge two structures (M)", "merge");
    this.split = edit("split", "Split", "Split a structure (S)", "split");
    this.merge.append(" Merge");
    this.split.append(" Split");
    const near = () => hooks.learn(this.active);
    this.element = make("div", { class: "ct-group ct-trees", role: "group", "aria-label": "Coarse to fine, and edits", hidden: true, onpointerenter: near, onfocusin: near },
      this.name, this.which, make("label", { class: "ct-slider" }, make("span", {}, "Coarse"), this.range, make("span", {}, "fine"), this.number),
      this.undo, this.redo, this.merge, this.split);
  }

  // Steps grow with the count, so that the coarse end is not passed in one jerk.
  count() { return Math.max(1, Math.round(this.most() ** (Number(this.range.value) / THUMB_STEPS))); }

  // By key one structure more or fewer, so that as many steps back lead to where it began.
  key(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.hooks.coarser(this.active, by);
  }

  most() { return Math.min(this.active.result.tree.leaves, MOST_STEPS); }

  // Panes with a tree are offered, and the one that was worked on stays; else one that knows such a slice. While a
  // method runs anew its tools keep their place, so that nothing jumps.
  offer(all) {
    this.panes = all.filter(({ result }) => result?.tree);
    for (const { name } of this.panes) this.seen.add(name);
    this.element.hidden = !all.some(({ name }) => this.seen.has(name));
    const before = this.active;
    this.active = this.panes.find(({ name }) => name === this.named) ?? this.panes.find(({ isOutside }) => !isOutside) ?? this.panes[0] ?? null;
    if (this.active !== before) this.disarm();
    const several = this.panes.length > 1;
    for (const pane of all) pane.element.toggleAttribute("data-active", several && pane === this.active);
    for (const control of [this.range, this.undo, this.redo, this.merge, this.split]) control.disabled = !this.active;
    if (this.active) this.fill(several);
  }

  fill(several) {
    const { name, title, result } = this.active;
    this.name.hidden = several;
    this.which.hidden = !several;
    this.name.textContent = this.name.title = this.which.title = title;
    this.which.replaceChildren(...this.panes.map((each) => make("option", { value: each.name, selected: each.name === name }, each.title)));
    this.show(result.tree);
  }

  show({ undo, redo }) {
    this.undo.disabled = !undo;
    this.redo.disabled = !redo;
    this.showCount();
  }

  // The newest count that is wanted, also while what is shown is still an earlier one.
  showCount() {
    if (!this.active) return;
    const structures = this.hooks.wanted(this.active);
    const share = Math.log(Math.max(structures, 1)) / Math.log(Math.max(this.most(), 2));
    // While it is drawn its thumb stays under the pointer.
    if (document.activeElement !== this.range || this.count() !== structures) this.range.value = Math.round(share * THUMB_STEPS);
    this.range.setAttribute("aria-label", `Coarse to fine, ${this.active.title}`);
    this.number.textContent = `${structures} ${this.active.result.full_tiling ? "region" : "structure"}${structures === 1 ? "" : "s"}`;
    this.range.setAttribute("aria-valuetext", this.number.textContent);
  }

  act(name) {
    const pane = this.panes.find((each) => each.name === name);
    if (!pane || pane === this.active) return;
    this.named = name;
    this.hooks.acted();
    this.hooks.learn(this.active);
  }

  // The next clicks into the pane say which structures.
  arm(action) {
    this.press(action);
    this.hooks.tell(HINTS[action]);
  }

  // Clicks choose as ever; the hint goes with the mode.
  disarm() {
    if (!this.armed) return;
    this.press(null);
    this.hooks.tell("");
  }

  press(action) {
    this.armed = action;
    for (const [button, its] of [[this.merge, "merge"], [this.split, "split"]]) button.setAttribute("aria-pressed", String(action === its));
  }

  wanted(action) { return action === "merge" ? 2 : 1; }
}
