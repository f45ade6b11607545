// Runs of the chosen methods on the slice on show, one after the other; the newest wins, stale ones stop.

class Runs {
  constructor(page) { Object.assign(this, { page, plan: null, abort: null }); }

  compare() {
    const { page } = this;
    return page.try(async () => {
      await page.opening.adopt();
      page.stage.remark.querySelector("b")?.remove();
      await this.run(true);
    });
  }

  // After scrolling: quick methods run by themselves, slower ones wait for the button.
  async follow() { await this.page.try(() => this.run(false)); }

  async run(anew) {
    const { page } = this;
    this.stop();
    const chosen = page.side?.chosen() ?? [];
    const abort = (this.abort = new AbortController());
    const { stack, index, segmented: turned } = page.series;
    const [plan, ...there] = await page.wire.frames("begin", { index, methods: chosen, anew, turned }, abort.signal);
    if (abort.signal.aborted || stack !== page.series.stack) return;
    this.planned(plan.methods, plan.plan);
    this.finished(...there);
    page.side.running(true);
    if (page.stage.panes.has("truth")) await page.truth.judge();
    for (const { name, fast, there: done } of plan.methods) {
      if (done) continue;
      const pane = page.stage.panes.get(name);
      if (!anew && !fast) {
        pane.time.textContent = "";
        pane.say("waiting", "Press Compare to run it here.");
        continue;
      }
      await this.runOne(plan.plan, pane, abort.signal);
      if (abort.signal.aborted) return;
    }
    page.side.running(false);
  }

  async runOne(plan, pane, signal) {
    const { page } = this;
    try {
      for await (const one of read(await page.wire.ask("run", { plan, method: pane.name }, signal))) {
        if (signal.aborted || this.plan !== plan) return;
        if (one.state === "running") {
          pane.time.textContent = one.time;
          pane.say("running", one.text, one.fraction);
        } else if (one.state === "done") this.finished(one);
        else {
          pane.time.textContent = "";
          pane.say(one.state, one.text);
        }
      }
      if (page.stage.panes.get(pane.name)?.result && page.truth.known) await page.truth.judge();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  planned(methods, plan) {
    const { stage } = this.page;
    this.plan = plan;
    const kept = stage.panes.get("truth");
    stage.panes.delete("truth");
    for (const method of methods) stage.pane(method.name, method.title).plan(method);
    if (kept) stage.panes.set("truth", kept);
    stage.only(["slice", ...methods.map(({ name }) => name), ...(kept ? ["truth"] : [])]);
    stage.picking.clear();
    this.page.list();
  }

  // Several at once are painted once.
  finished(...results) {
    const { stage } = this.page;
    if (!stage.view.slice) return;
    const hues = {};
    for (const one of results) if (this.took(one)) Object.assign(hues, one.hues);
    stage.recolour(hues);
    stage.legend.hidden = false;
    stage.offerTrees();
    stage.layout.lay();
    this.page.listSoon();
  }

  shown(one) { return { ...one, labels: one.arrays.labels, intensity: this.page.stage.view.slice.intensity }; }

  took(one) {
    const { stage } = this.page;
    const pane = stage.panes.get(one.method);
    if (!pane) return false;
    pane.take(this.shown(one));
    pane.hues = one.hues[one.method];
    // What was computed beforehand took its time elsewhere.
    pane.tellRun(one.counted, one.plan === OPENING_PLAN ? "" : one.time);
    pane.canvas.setAttribute("aria-label", `${pane.title}: ${one.counted}. Arrow keys move the cursor, Enter chooses.`);
    pane.say(null, "");
    return true;
  }

  stop() {
    this.abort?.abort();
    this.abort = null;
    this.page.side?.running(false);
  }

  cancel() {
    const running = this.abort;
    this.stop();
    if (!running) return;
    this.plan = null;
    for (const pane of this.page.stage.panes.values()) {
      if (!["waiting", "running"].includes(pane.element.dataset.state)) continue;
      pane.time.textContent = "";
      pane.say("cancelled", "Cancelled.");
    }
    this.page.try(() => this.page.wire.json("cancel"));
  }
}
