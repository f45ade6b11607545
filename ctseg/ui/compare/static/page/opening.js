// What the page opens: the finished first result, an example, what a link names, an upload, an image of a board.

const OPENING_PLAN = "opening";
const PHONE_PX = 720;

class Opening {
  constructor(page) { Object.assign(this, { page, loaded: false, shownExample: null }); }

  async open() {
    const { page } = this;
    const query = new URLSearchParams(window.location.search);
    if (query.has("board") || query.has("image")) {
      await page.try(() => this.openStack({ board: query.get("board") ?? "", image: query.get("image") ?? "" }));
    } else if (query.has("example")) await this.linked(query);
    // What a link names may not be there: why stands beside the methods, and the page is not empty.
    if (!page.stage.view.slice) await this.first();
  }

  async first() {
    const { page } = this;
    const { stack } = page.series;
    const answer = await (window.ctsegOpening ?? page.wire.public("opening"));
    if (!answer.ok) return;
    const [opening, slice, ...results] = await readWhole(answer);
    if (stack !== page.series.stack) return;
    page.series.show(slice, true);
    page.announce(opening);
    page.runs.planned(opening.methods, OPENING_PLAN);
    page.runs.finished(...results);
  }

  // A link names an example, never an upload; what it asks for is checked like a visitor's own choice.
  async linked(query) {
    const { page } = this;
    await page.sided;
    if (query.has("methods")) page.side.choose(query.get("methods").split(","));
    const [slice, window] = [Number(query.get("slice")), (query.get("window") ?? "").split("/").map(Number)];
    await page.try(async () => {
      await this.openStack({ example: Number(query.get("example")) }, slice - 1);
      if (window.length === 2 && window[0] >= 1 && window.every(Number.isFinite)) page.stage.toolbar.show(...window);
      if (page.side.chosen().length) await page.runs.run(true);
      for (const [method, count] of (query.get("cut") ?? "").split(",").map((each) => each.split(":"))) {
        const pane = page.stage.panes.get(method);
        if (pane?.result?.tree && Number(count) >= 1) await page.edits.ask(pane, { action: "cut", count: Math.floor(Number(count)) });
      }
    });
  }

  async example(index) {
    const { page } = this;
    await page.try(async () => {
      await this.openStack({ example: index });
      if (page.side.chosen().length) await page.runs.run(true);
    });
  }

  async uploaded() { await this.page.try(() => this.shownStack(this.page.wire.json("opened"))); }

  async openStack(asked, index = -1) { await this.shownStack(this.page.wire.json("open", asked), asked.example ?? null, index); }

  async shownStack(asking, example = null, index = -1) {
    const { page } = this;
    const { series, stage } = page;
    page.runs.stop();
    const mine = series.another();
    const opened = await asking;
    if (mine !== series.stack) return;
    this.shownExample = example;
    this.loaded = true;
    page.takeaway.opened(opened, example !== null);
    series.forget();
    page.table.names = {};
    const slice = await series.fetch(index >= 0 && index < opened.slices ? index : opened.index);
    if (mine !== series.stack) return;
    stage.panes.clear();
    page.truth.shown = null;
    page.asked = null;
    series.show(slice, true);
    page.announce(opened);
    stage.only(["slice"]);
    series.askUpright(opened.lie);
    page.list();
    if (opened.truth) await page.truth.judge();
    if (window.innerWidth <= PHONE_PX) stage.box.scrollIntoView({ block: "start" });
  }

  // What was computed beforehand becomes this page's own once something is asked of it.
  async adopt() {
    if (this.loaded) return;
    await this.page.wire.json("open", { opening: true });
    this.loaded = true;
    this.shownExample = 0;
    this.page.takeaway.offerLink(true);
  }
}
