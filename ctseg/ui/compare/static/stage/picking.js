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
    if (armed && pane === active) return label ? this.editWith(pane, armed, label) : null;
    if (!label) return this.clear();
    const picked = this.view.picked[pane.name] ?? [];
    if (add && picked.length && !picked.includes(label)) this.view.picked = { [pane.name]: [picked.at(-1), label] };
    else if (this.view.selected?.method === pane.name && this.view.selected.label === label) return this.clear();
    else this.view.picked = pane.result.tree ? { [pane.name]: [label] } : {};
    this.select(pane.name, label);
  }

  select(method, label) {
    const { panes, picked, hooks } = this.stage;
    this.view.selected = { method, label, edges: panes.get(method).edges(label) };
    picked.textContent = `${hooks.inWords(method, label)} · ${panes.get(method).title}`;
    hooks.selected();
    this.stage.redraw();
  }

  clear() {
    const { selected } = this.view;
    Object.assign(this.view, { selected: null, picked: {}, ruler: null });
    this.stage.trees.arm(null);
    this.stage.picked.textContent = "";
    // Filling the tables takes longer than painting: while a slider is drawn there is nothing to take from them.
    if (selected) this.stage.hooks.selected();
    this.stage.redraw();
  }

  // What was chosen is merged or split; where too little is, the next clicks say it.
  edit(pane, action) {
    const { trees, hooks } = this.stage;
    if (action === "undo" || action === "redo") return hooks.edit(pane, action);
    if ((this.view.picked[pane.name] ?? []).length === trees.wanted(action)) return hooks.edit(pane, action);
    return trees.arm(trees.armed === action ? null : action);
  }

  editWith(pane, action, label) {
    const { trees, hooks } = this.stage;
    const picked = [...new Set([...(this.view.picked[pane.name] ?? []), label])].slice(-trees.wanted(action));
    this.view.picked = { [pane.name]: picked };
    this.stage.redraw();
    if (picked.length < trees.wanted(action)) return;
    trees.arm(null);
    hooks.edit(pane, action);
  }
}
