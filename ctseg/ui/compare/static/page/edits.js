// Cuts and edits of a method's merge tree; the server makes them, and while one is on its way only the newest cut waits. A cut
// that the page knows is shown at once.

const DONE = { merge: ([a, b]) => `Merged ${a} and ${b}.`, split: ([a]) => `Split ${a} in two.` };

class Edits {
  constructor(page) { Object.assign(this, { page, cuts: new Cuts(page), cutting: null, wanted: null, busy: false }); }

  // Steps count from what is wanted: what is shown may be some steps behind.
  coarser(pane, by) {
    const tree = pane.result?.tree;
    if (!tree) return;
    this.cuts.learn(pane);
    this.cut(pane, Math.min(Math.max(this.wantedOf(pane) + by, 1), tree.leaves));
  }

  wantedOf(pane) { return this.wanted?.pane === pane ? this.wanted.count : pane.result.tree.structures; }

  async cut(pane, count) {
    const { result, hues: hued } = pane;
    const hues = this.cuts.show(pane, count);
    if (hues && !result.ahead) pane.told = { result, hues: hued };
    this.cutting = this.wanted = { pane, count, hues };
    this.page.stage.trees.showCount();
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.cutting) {
        const next = this.cutting;
        this.cutting = null;
        await this.ask(next.pane, { action: "cut", count: next.count, ...(next.hues ? { hues: next.hues } : {}) });
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
      // A newer cut is on the screen already, and is asked for next.
      if (this.cutting?.pane === pane && pane.result?.ahead) return;
      page.runs.finished(one);
      page.stage.picking.clear();
      page.stage.tell(DONE[asked.action]?.(asked.labels) ?? "");
      if (page.truth.known) await page.truth.judge();
    }, (sentence) => {
      // What was shown ahead of the server is not so.
      if (pane.result?.ahead) {
        Object.assign(pane, { hues: pane.told.hues });
        pane.take(pane.told.result);
        page.stage.recolour();
        page.list();
      }
      page.stage.picking.clear();
      page.stage.tell(sentence);
    });
  }
}
