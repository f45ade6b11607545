// What the method of a pane knows and where it fails: a strip under the panes, for the pane that was asked.

class Knowledge {
  constructor() {
    this.pane = null;
    this.title = make("b", {});
    this.list = make("ul", {});
    this.element = make("section", { class: "ct-knows", id: "ct-knows", hidden: true, "aria-live": "polite" },
      this.title, iconButton("×", "Close what it knows", () => this.close(), "ct-small"), this.list);
  }

  toggle(pane) {
    if (this.pane === pane) return this.close();
    this.show(pane);
    return this.element.scrollIntoView({ block: "nearest" });
  }

  show(pane) {
    this.pane?.about.setAttribute("aria-expanded", "false");
    this.pane = pane;
    pane.about.setAttribute("aria-expanded", "true");
    this.title.textContent = `What ${pane.title} knows`;
    this.list.replaceChildren(...pane.known.map((each) => make("li", {}, each)));
    this.element.hidden = false;
  }

  close() {
    if (!this.pane) return;
    const { about } = this.pane;
    about.setAttribute("aria-expanded", "false");
    // The button that closed it is gone with it.
    if (this.element.contains(document.activeElement)) about.focus();
    this.pane = null;
    this.element.hidden = true;
  }

  // Panes come and go, and a pane may know of something else on another slice.
  follow(panes) {
    if (!this.pane) return;
    if (panes.get(this.pane.name) === this.pane && this.pane.known.length) this.show(this.pane);
    else this.close();
  }
}
