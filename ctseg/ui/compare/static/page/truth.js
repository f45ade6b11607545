// The true label map of the slice on show, where it is known: its pane, and what every method is judged by.

class Truth {
  constructor(page) { Object.assign(this, { page, shown: null, known: false }); }

  async judge() {
    const { page } = this;
    const { stage } = page;
    const [truth] = await page.wire.frames("truth");
    this.known = !!truth;
    if (!truth) return this.without();
    if (truth.index !== page.series.index) return;
    this.shown = truth;
    const pane = stage.pane("truth", "Truth");
    pane.take({ method: "truth", title: "Truth", labels: truth.arrays.labels, table: truth.table, clear: [], intensity: stage.view.slice.intensity });
    pane.hues = truth.hues.truth;
    pane.time.textContent = truth.counted;
    pane.say(null, "");
    for (const each of stage.panes.values()) {
      each.marks = truth.arrays[`marks ${each.name}`] ?? null;
      if (truth.found[each.name]) each.tellFound(truth.found[each.name]);
    }
    const names = [...stage.panes.keys()].filter((name) => name !== "truth");
    stage.only([...names, "truth"]);
    stage.recolour(truth.hues);
    stage.toolbar.offerMarks(Object.keys(truth.judged).length > 0);
    page.list();
  }

  // A truth that was uploaded for one slice does not fit the next.
  without() {
    const { stage } = this.page;
    this.shown = null;
    if (stage.panes.delete("truth")) stage.only([...stage.panes.keys()]);
    this.page.list();
  }

  // Shows where a true structure lies.
  point(label) {
    const { stage } = this.page;
    const { width } = stage.view.slice;
    const pane = stage.panes.get("truth");
    const at = pane.result.labels.indexOf(label);
    if (at >= 0) stage.pointing.point(pane, [at % width, Math.floor(at / width)]);
    stage.picking.select("truth", label);
    stage.box.scrollIntoView({ block: "start" });
  }
}
