// Which structures are chosen by clicks and keys, and what tree tools then do with them.

class Picking {
  constructor(stage) {
    this.stage = stage;
    this.view = stage.view;
  }

  pick(pane, pixel, add) {
    if (!pixel || !pane.result) return;
    const label = this.stage.labelAt(pane, pixel);
    const { armed, active } = this.stage.trees;
    if (armed && pane === active) return label ? this.editWith(pane, armed, label) : this.stage.tell("That is background; click a structure.");
    if (!label) return this.clear();
    const picked = this.view.picked[pane.name] ?? [];
    if (add && picked.length && !picked.includes(label)) this.view.picked = { [pane.name]: [picked.at(-1), label] };
    else if (this.view.selected?.method === pane.name && this.view.selected.label === label) return this.clear();
    else this.view.picked = pane.result.tree ? { [pane.name]: [label] } : {};
    this.select(pane.name, label);
  }

  select(method, label) {
    const { panes, hooks, trees } = this.stage;
    trees.disarm();
    this.view.selected = { method, label, edges: panes.get(method).edges(label) };
    this.stage.tell(`${hooks.inWords(method, label)} · ${panes.get(method).title}`);
    hooks.selected();
    this.stage.redraw();
  }

  clear() {
    const { selected } = this.view;
    Object.assign(this.view, { selected: null, picked: {}, ruler: null });
    this.stage.trees.disarm();
    this.stage.tell("");
    // Filling the tables takes longer than painting: while a slider is drawn there is nothing to take from them.
    if (selected) this.stage.hooks.selected();
    this.stage.redraw();
  }

  // What was chosen is merged or split; where too little is, the next clicks say it.
  edit(pane, action) {
    const { trees, hooks } = this.stage;
    if (action === "undo" || action === "redo") return hooks.edit(pane, action);
    const picked = this.view.picked[pane.name] ?? [];
    if (picked.length === trees.wanted(action)) return hooks.edit(pane, action);
    if (trees.armed === action) return this.clear();
    trees.arm(action);
    if (action === "merge" && picked.length) this.askSecond(picked[0]);
    return null;
  }

  editWith(pane, action, label) {
    const { trees, hooks } = this.stage;
    const picked = [...new Set([...(this.view.picked[pane.name] ?? []), label])].slice(-trees.wanted(action));
    this.view.picked = { [pane.name]: picked };
    this.stage.redraw();
    if (picked.length < trees.wanted(action)) return this.askSecond(label);
    trees.disarm();
    return hooks.edit(pane, action);
  }

  askSecond(label) { this.stage.tell(`Now click the structure to merge with ${label}; press Escape to cancel.`); }
}
