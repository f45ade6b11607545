// The page: makes its parts, lets each find the others, hears the framework's slots, and says what the server refused.

class Compare {
  constructor(element, facts) {
    Object.assign(this, { facts, wire: new Wire(), side: null, asked: null, focus: null });
    const below = make("div", { class: "ct-below" });
    const upper = make("div", { class: "ct-upper" });
    element.replaceChildren(upper, below);
    this.series = new Series(this);
    this.opening = new Opening(this);
    this.runs = new Runs(this);
    this.truth = new Truth(this);
    this.edits = new Edits(this);
    this.takeaway = new Takeaway(this);
    this.stage = new Stage(upper, facts, {
      scroll: (by) => this.series.scroll(by), turn: (index) => this.series.turn(index), turned: () => this.series.askTurn(),
      nameOf: (method, label) => this.table.nameOf(method, label), inWords: (method, label) => this.inWords(method, label),
      selected: () => this.list(), legend: () => this.legend(), coarser: (pane, by) => this.edits.coarser(pane, by),
      cut: (pane, count) => this.edits.cut(pane, count), learn: (pane) => this.edits.cuts.learn(pane), wanted: (pane) => this.edits.wantedOf(pane), edit: (pane, action) => this.edits.edit(pane, action),
    });
    this.table = new StructureTable({
      focus: (method) => { this.asked = method; this.list(); }, pick: (method, label) => this.stage.picking.select(method, label),
      redraw: () => this.list(), colourOf: (method, label) => this.stage.panes.get(method).colourOf(label),
      named: () => this.stage.redraw(),
    });
    this.scores = new Scores(facts.marks, {
      titleOf: (method) => this.stage.panes.get(method)?.title ?? method, showTrue: (label) => this.truth.point(label),
    });
    this.agreement = new Agreement();
    this.credit = make("p", { class: "ct-credit" });
    this.table.tabs.after(...this.takeaway.controls);
    below.replaceChildren(this.scores.element, this.table.element, this.agreement.element, this.credit);
    this.sided = new Promise((answer) => { this.gotSide = answer; });
    this.listen();
    this.opening.open();
  }

  // Slots of the framework: the ticket, word that an upload or a truth was read, and the place of the side.
  listen() {
    const bus = (window.ctsegBus ??= { last: {}, hear: null });
    const hear = {
      ticket: ({ value }) => this.wire.enter(value),
      opened: ({ value }) => { if (value) this.opening.uploaded(); },
      truth: ({ value }) => { if (value) this.try(() => this.truth.judge()); },
      side: ({ element, props, trigger }) => {
        if (this.side) return;
        this.side = new Side(element.querySelector(".ct-side-root"), this.facts, {
          compare: () => this.runs.compare(), cancel: () => this.runs.cancel(), example: (index) => this.opening.example(index),
        });
        this.gotSide();
        guardUploads(props.max_bytes, (event) => trigger("refuse", event));
        this.thumbnails();
      },
    };
    bus.hear = (slot, heard) => hear[slot]?.(heard);
    for (const [slot, heard] of Object.entries(bus.last)) bus.hear(slot, heard);
  }

  async thumbnails() {
    const answer = await this.wire.public("shelf");
    if (answer.ok) this.side.showThumbnails(await answer.json());
  }

  // Everything asked of the server goes through here: its one sentence stands where the visitor looks.
  async try(work, say = (sentence) => this.side?.say(sentence)) {
    try {
      this.side?.say("");
      return await work();
    } catch (error) {
      if (error.name === "AbortError") return null;
      say(error instanceof Refused ? error.message : "The server does not answer; check the connection and try again.");
      if (!(error instanceof Refused || error instanceof TypeError)) throw error;
      return null;
    }
  }

  // Image and credit of what was opened, and that a result was there before anybody asked.
  announce({ remark, credit, beforehand }) {
    this.stage.remark.replaceChildren(...(beforehand ? [make("b", {}, beforehand)] : []), ...(remark ? [make("span", {}, remark)] : []));
    this.stage.remark.hidden = !remark;
    this.credit.textContent = credit ? `Image: ${credit}` : "";
  }

  inWords(method, label) {
    const { result } = this.stage.panes.get(method);
    // What was measured belongs to the partition before.
    if (result.ahead) return `Structure ${label}`;
    return this.table.inWords(result.table, label, result.intensity, this.table.nameOf(method, label));
  }

  // Fills what stands below the panes with what is in them.
  list() {
    const results = [...this.stage.panes.values()].map(({ result }) => result).filter(Boolean);
    // A cut that is shown ahead of the server has no table yet; with the answer this is asked for again.
    if (results.some(({ ahead }) => ahead)) return;
    const methods = results.filter(({ method }) => method !== "truth");
    const { selected } = this.stage.view;
    if (selected) this.asked = selected.method;
    // Whose table stands here: what the visitor chose, else our own structures, else what came first.
    const { first, whole } = this.facts;
    const outside = this.stage.panes.get(first)?.isOutside;
    const there = [this.asked, ...(outside ? [whole] : []), first].find((name) => results.some(({ method }) => method === name));
    this.focus = there ?? methods[0]?.method ?? null;
    this.table.show(results, this.focus, selected);
    this.takeaway.offerVolume();
    this.agreement.show(methods);
    this.scores.show(this.truth.shown);
    if (!this.truth.shown) this.stage.toolbar.offerMarks(false);
    this.stage.toolbar.offerConfidence(methods.some(({ table }) => table.confidence));
    this.legend();
  }

  // The panes are painted before the tables below them are filled.
  listSoon() {
    this.listing ??= requestAnimationFrame(() => setTimeout(() => {
      this.listing = null;
      this.list();
    }));
  }

  legend() {
    const { legend, view } = this.stage;
    legend.hidden = ![...this.stage.panes.values()].some(({ result }) => result);
    if (view.marks && this.truth.shown) {
      const { judged } = this.truth.shown;
      const titles = Object.keys(judged).map((method) => this.stage.panes.get(method)?.title ?? method);
      legend.replaceChildren(`Structures by ${titles.join(", ")}, in this order:`, ...legendOf(this.facts.marks, judged));
    } else if (view.byConfidence) legend.replaceChildren("Far from merging with a neighbour: 0",
      make("i", { class: "ct-ramp", style: `background: linear-gradient(to right, ${this.facts.ramp.map((rgb) => `rgb(${rgb})`)})` }),
      "1. It is no probability; panes without a merge tree keep their colours.");
    else legend.replaceChildren("Colours only tell structures apart; structures that match have one colour in all panes.");
  }
}
