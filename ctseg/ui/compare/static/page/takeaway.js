// What a visitor takes away: a link, the ZIP with its figure, a volume of label maps.

const DOWNLOAD_ALL = "Download all, with a figure (ZIP)";
const KEPT_MS = 10000;

function saved(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

class Takeaway {
  constructor(page) {
    Object.assign(this, { page, named: false, packing: null });
    const { formats } = page.facts;
    this.download = make("button", { type: "button", class: "ct-download", onclick: () => this.pack() }, DOWNLOAD_ALL);
    this.share = make("button", { type: "button", class: "ct-download ct-share", hidden: true, onclick: () => this.link() }, "Copy link");
    this.volume = make("button", { type: "button", class: "ct-download ct-volume", hidden: true, onclick: () => this.packVolume() });
    this.format = make("select", { class: "ct-more ct-format", "aria-label": "Format of the label maps in the ZIP", onchange: () => this.tellFormat() },
      ...formats.map(([value, text]) => make("option", { value }, text)));
    this.formatSaid = make("p", { class: "ct-aside", role: "status", hidden: true });
    this.controls = [this.share, this.volume, this.format, this.download, this.formatSaid];
  }

  opened({ named }, linkable) {
    this.named = named;
    this.tellFormat();
    this.offerLink(linkable);
  }

  offerLink(linkable) {
    this.share.hidden = !linkable;
    this.share.textContent = "Copy link";
  }

  link() {
    const { stage, side, series, opening } = this.page;
    const { window: shown } = stage.view;
    const address = new URL(window.location.href);
    const cuts = [...stage.panes.values()].filter(({ result }) => result?.tree).map(({ name, result }) => `${name}:${result.tree.structures}`);
    address.search = new URLSearchParams({
      example: opening.shownExample, slice: series.index + 1, methods: side.chosen().join(","), window: `${shown.width}/${shown.level}`,
      ...(cuts.length ? { cut: cuts.join(",") } : {}),
    });
    window.history.replaceState(null, "", address);
    this.share.textContent = "The link is in the address bar";
    navigator.clipboard?.writeText(address.href).then(() => { this.share.textContent = "Link copied"; }, () => {});
  }

  offerVolume() {
    const { stage, focus } = this.page;
    this.volume.hidden = stage.slices < 2 || !stage.panes.get(focus)?.result || focus === "truth";
    if (!this.packing) this.volume.textContent = `3-D labels of ${stage.slices} slices (NIfTI)`;
    this.volume.title = "Runs the method whose structures are listed on all slices; structures keep their numbers.";
  }

  // Runs slice by slice; the button shows how far it is and stops it.
  async packVolume() {
    const { page } = this;
    if (this.packing) return this.packing.abort();
    await page.try(async () => {
      await page.opening.adopt();
      page.runs.stop();
      const { signal } = (this.packing = new AbortController());
      for await (const one of read(await page.wire.ask("volume", { method: page.focus }, signal))) {
        if (one.state === "running") this.volume.textContent = `${one.text} Stop`;
        else page.side.say(one.state === "done" ? "" : one.text);
        if (one.state !== "done") continue;
        saved(new Blob([one.arrays.file], { type: "application/gzip" }), one.file);
        page.stage.picked.textContent = `${one.file}: ${one.text}`;
      }
    });
    this.packing = null;
    this.offerVolume();
    return null;
  }

  // A DICOM Segmentation names its patient: that is said before it is made.
  tellFormat() {
    const { seg } = this.page.facts;
    this.formatSaid.hidden = this.format.value !== "dicom-seg";
    this.formatSaid.textContent = this.named ? seg.named : seg.unnamed;
  }

  async pack() {
    const { page } = this;
    this.download.disabled = true;
    this.download.textContent = "Packing …";
    await page.try(async () => {
      await page.opening.adopt();
      const { view, layout } = page.stage;
      const answer = await page.wire.ask("zip", {
        formats: [this.format.value], names: page.table.names, panes: layout.shown().map(({ name }) => name),
        box: layout.shown()[0].visible(), window: view.window, outlined: view.outlined, opacity: view.opacity,
      });
      saved(await answer.blob(), page.facts.zip);
    });
    this.download.disabled = false;
    this.download.textContent = DOWNLOAD_ALL;
  }
}
