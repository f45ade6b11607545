// Cuts and edits of a method's merge tree. The server makes them one after the other, of waiting cuts the newest of each pane;
// a cut that the page knows is shown at once, and what is done to it waits until the server has it too.

const DONE = { merge: ([a, b]) => `Merged ${a} and ${b}.`, split: ([a]) => `Split ${a} in two.` };

class Edits {
  constructor(page) {
    Object.assign(this, { page, cuts: new Cuts(page), wanted: new Map(), lined: new Set(), line: Promise.resolve(), waiting: 0, refused: 0 });
  }

  get busy() { return this.waiting > 0; }

  // Steps count from what is wanted: what is shown may be some steps behind.
  coarser(pane, by) {
    const tree = pane.result?.tree;
    if (!tree) return;
    this.cuts.learn(pane);
    this.cut(pane, Math.min(Math.max(this.wantedOf(pane) + by, 1), tree.leaves));
  }

  wantedOf(pane) { return this.wanted.get(pane)?.count ?? pane.result.tree.structures; }

  cut(pane, count) {
    const { result, hues: hued } = pane;
    const hues = this.cuts.show(pane, count);
    if (hues && !result.ahead) pane.told = { result, hues: hued };
    this.wanted.set(pane, { count, hues, plan: result.plan });
    this.page.stage.trees.showCount();
    if (this.lined.has(pane)) return;
    this.lined.add(pane);
    this.enqueue(() => this.makeCut(pane));
  }

  async makeCut(pane) {
    this.lined.delete(pane);
    const next = this.wanted.get(pane);
    if (!next) return;
    const { count, hues, plan } = next;
    if (pane.result?.plan === plan) await this.ask(pane, { action: "cut", count, ...(hues ? { hues } : {}) });
    if (this.wanted.get(pane) === next) this.wanted.delete(pane);
    this.page.stage.offerTrees();
  }

  // Labels are those on the screen, which the server has when its turn comes, unless it refused a cut until then.
  edit(pane, action) {
    if (!pane.result?.tree) return null;
    const [labels, refused] = [this.page.stage.view.picked[pane.name] ?? [], this.refused];
    return this.enqueue(() => (this.refused === refused ? this.ask(pane, { action, labels }) : null));
  }

  enqueue(job) {
    this.waiting += 1;
    const done = this.line.then(job).finally(() => { this.waiting -= 1; });
    this.line = done.catch(() => {});
    return done;
  }

  async ask(pane, asked) {
    const { page } = this;
    const plan = pane.result?.plan;
    const wanted = this.wanted.get(pane);
    const gone = () => !pane.result || pane.result.plan !== plan;
    if (gone()) return;
    await page.try(async () => {
      const [one] = await page.wire.frames("edit", { method: pane.name, ...asked });
      if (gone()) return;
      page.table.moved(pane.name, one.moved);
      const { ahead } = pane.result;
      // A newer cut is on the screen already, and is asked for next.
      if (ahead && this.wanted.get(pane) !== wanted) {
        pane.told = { result: page.runs.shown(one), hues: one.hues[pane.name] };
        return;
      }
      page.runs.finished(one);
      if (!ahead) {
        page.stage.picking.clear();
        page.stage.tell(DONE[asked.action]?.(asked.labels) ?? "");
      }
      if (page.truth.known) await page.truth.judge();
    }, (sentence) => {
      if (gone()) return;
      this.refused += 1;
      this.wanted.delete(pane);
      // What was shown ahead of the server is not so.
      if (pane.result.ahead) {
        pane.hues = pane.told.hues;
        pane.take(pane.told.result);
        page.stage.recolour();
        page.list();
      }
      page.stage.picking.clear();
      page.stage.tell(sentence);
    });
  }
}
