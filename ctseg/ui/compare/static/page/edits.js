// Cuts and edits of a method's merge tree; the server makes them, and while one is on its way only the newest cut waits.

const DONE = { merge: ([a, b]) => `Merged ${a} and ${b}.`, split: ([a]) => `Split ${a} in two.` };

class Edits {
  constructor(page) { Object.assign(this, { page, cutting: null, busy: false }); }

  coarser(pane, by) {
    const tree = pane.result?.tree;
    if (tree) this.cut(pane, Math.min(Math.max(tree.structures + by, 1), tree.leaves));
  }

  async cut(pane, count) {
    this.cutting = { pane, count };
    if (this.busy) return;
    this.busy = true;
    while (this.cutting) {
      const next = this.cutting;
      this.cutting = null;
      await this.ask(next.pane, { action: "cut", count: next.count });
    }
    this.busy = false;
  }

  edit(pane, action) {
    if (!pane.result?.tree) return null;
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
