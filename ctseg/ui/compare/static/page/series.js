// The slices of what is open: fetched and kept, turned to by wheel and slider, and how they lie.

const KEPT_SLICES = 24;
const UPRIGHT_AFTER = { left: ["right"], right: ["left"], "upside down": ["right", "right"] };

class Series {
  constructor(page) { Object.assign(this, { page, index: 0, stack: 0, segmented: UPRIGHT, cache: new Map(), wanted: null, turning: false }); }

  // What is open from now on; answers about an earlier one come too late.
  another() { return (this.stack += 1); }

  forget() {
    this.cache.clear();
    this.segmented = UPRIGHT;
  }

  async fetch(index) {
    if (!this.cache.has(index)) {
      const [slice] = await this.page.wire.frames("slice", { index });
      this.cache.set(index, slice);
      if (this.cache.size > KEPT_SLICES) this.cache.delete(this.cache.keys().next().value);
    }
    return this.cache.get(index);
  }

  show(slice, anew) {
    const { stage } = this.page;
    stage.pane("slice", "Slice");
    stage.setSlice({ ...slice, pixels: slice.arrays.pixels }, anew);
    this.index = slice.index;
    stage.only([...stage.panes.keys()]);
  }

  // The wheel sets where to go; what is on its way is given up for the newest, and neighbours are fetched ahead.
  // A slice that cannot be read is scrolled past.
  scroll(by) { this.turn((this.wanted ?? this.passed ?? this.index) + by); }

  async turn(index) {
    const { page } = this;
    const last = page.stage.slices - 1;
    this.wanted = Math.min(Math.max(index, 0), last);
    if (this.turning) return;
    // Beyond the first or last slice nothing changes, and what runs goes on.
    if (this.wanted === this.index && this.passed == null) {
      this.wanted = null;
      return;
    }
    this.turning = true;
    this.passed = null;
    const turned = await page.try(async () => {
      await page.opening.adopt();
      while (this.wanted !== this.index) {
        const [going, stack] = [this.wanted, this.stack];
        page.runs.stop();
        const slice = await this.fetch(going);
        if (stack !== this.stack) break;
        for (const pane of page.stage.panes.values()) if (pane.name !== "slice") pane.empty();
        page.truth.shown = null;
        this.show(slice, false);
        page.list();
      }
      return true;
    });
    this.turning = false;
    if (!turned) {
      this.passed = this.wanted;
      page.stage.place.value = this.index + 1;
    }
    this.wanted = null;
    if (turned) page.runs.follow();
    for (const near of [this.index + 1, this.index - 1, this.index + 2]) {
      if (near >= 0 && near <= last) this.fetch(near).catch(() => {});
    }
  }

  // Display alone never changes what methods get; after a turn the visitor is asked.
  askTurn() {
    const { stage } = this.page;
    const same = String(stage.view.turned) === String(this.segmented);
    const upright = String(stage.view.turned) === String(UPRIGHT);
    if (same) return stage.ask(upright ? "" : "Methods get the slice as shown.");
    return stage.ask(upright ? "Methods got the slice turned." : "Turned on the display only: methods get the slice as in the file.",
      upright ? "Segment it as in the file" : "Segment it as shown", () => this.segmentAsShown());
  }

  async segmentAsShown() {
    this.segmented = [...this.page.stage.view.turned];
    this.askTurn();
    await this.page.runs.compare();
  }

  // What the file or the grey levels say of how the slice lies.
  askUpright(lie) {
    const { stage } = this.page;
    const turns = UPRIGHT_AFTER[lie];
    if (turns) {
      stage.ask(`This slice seems to lie ${lie === "upside down" ? lie : "on its side"}; the trained methods know upright slices.`,
        "Turn it upright and segment", () => {
          for (const turn of turns) stage.view.turned = changed(stage.view.turned, turn);
          stage.turned();
          return this.segmentAsShown();
        });
    } else if (lie === "coronal" || lie === "sagittal") stage.ask(`This slice is ${lie}; the trained methods know axial slices only.`);
    else stage.ask("");
  }
}
