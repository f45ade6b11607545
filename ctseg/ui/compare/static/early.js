// Builds the stage as soon as the page is read. Until the framework has a place for it, it stands over the page by itself.

class EarlyStage {
  constructor() {
    this.root = make("div", { class: "ct-stage" });
    const introduction = make("div", { class: "ct-intro" });
    introduction.innerHTML = FACTS.introduction;
    const page = make("div", { class: "ct-page" }, make("div", { class: "ct-side" }),
      make("div", { class: "ct-main" }, make("div", { class: "ct-viewer" }, this.root)));
    this.cover = make("div", { class: `ct-early ${this.dark() ? "dark" : ""}` }, introduction, page);
    // A link names something to open, which waits for the framework; there is nothing to show before.
    if (window.ctsegOpening) document.body.append(this.cover);
    this.compare = new Compare(this.root, FACTS);
  }

  // As the framework decides it.
  dark() {
    const asked = new URLSearchParams(window.location.search).get("__theme");
    return asked === "dark" || (asked !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  }

  mount(place) {
    place.replaceChildren(this.root);
    this.cover.remove();
  }
}

window.ctsegStage = new EarlyStage();
