// Cuts and edits of a method's merge tree; the server makes them, and while one is on its way only the newest cut waits.

const DONE = { merge: ([a, b]) => `Merged ${a} and ${b}.`, split: ([a]) => `Split ${a} in two.` };

class Edits {
  constructor(page) { Object.assign(this, { page, cutting: null, wanted: null, busy: false }); }

  // Steps count from what is wanted: what is shown may be some steps behind.
  coarser(pane, by) {
    const tree = pane.result?.tree;
    if (tree) this.cut(pane, Math.min(Math.max(this.wantedOf(pane) + by, 1), tree.leaves));
  }

  wantedOf(pane) { return this.wanted?.pane === pane ? this.wanted.count : pane.result.tree.structures; }

  async cut(pane, count) {
    this.cutting = this.wanted = { pane, count };
    this.page.stage.trees.showCount();
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.cutting) {
        const next = this.cutting;
        this.cutting = null;
        await this.ask(next.pane, { action: "cut", count: next.count });
      }
    } finally {
      this.busy = false;
      this.wanted = null;
      this.page.stage.offerTrees();
    }
  }

  edit(pane, action) {
    if (!pane.result?.tree) return null;
    this.cutting = this.wanted = null;
    return this.ask(pane, { action, labels: this.page.stage.view.picked[pane.name] ?? [] });
  }

  async ask(pane, asked) {
    const { page } = this;
    await page.try(async () => {
      const [one] = await page.wire.frames("edit", { method: pane.name, ...asked });
      page.table.moved(pane.name, one.moved);
      page.runs.finished(one);
      page.stage.picking.clear();
      page.stage.tell(DONE[asked.action]?.(asked.labels) ?? "");
      if (page.truth.known) await page.truth.judge();
    }, (sentence) => {
      page.stage.picking.clear();
      page.stage.tell(sentence);
    });
  }
}
