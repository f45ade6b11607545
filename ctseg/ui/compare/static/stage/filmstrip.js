// All panes as small images in a row, under the one or two that are shown large.

const FILM_PX = [96, 72];

class Filmstrip {
  constructor(onpick) {
    this.element = make("div", { class: "ct-strip", hidden: true, role: "group", "aria-label": "All panes" });
    Object.assign(this, { onpick, panes: [] });
  }

  fill(panes, main) {
    this.element.hidden = !panes.length;
    this.panes = panes;
    this.element.replaceChildren(...panes.map((pane) => this.button(pane, pane === main)));
  }

  button(pane, pressed) {
    const [width, height] = FILM_PX;
    const canvas = make("canvas", { width, height, "aria-hidden": "true" });
    const button = make("button", { type: "button", "aria-pressed": String(pressed), "data-film": pane.name,
      title: pane.title, onclick: () => this.onpick(pane.name) }, canvas, make("span", {}, pane.short));
    Object.assign(pane, { film: canvas, filmed: button });
    pane.tellFilm();
    return button;
  }

  draw(view) {
    for (const pane of this.panes) if (pane.film && view.greys) this.drawOne(pane, view);
  }

  drawOne(pane, view) {
    const context = pane.film.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#05070a";
    context.fillRect(0, 0, ...FILM_PX);
    context.setTransform(...matrixOf(view.slice, { ...view, zoom: 1, panX: 0, panY: 0 }, ...FILM_PX));
    context.drawImage(view.greys, 0, 0);
    if (!pane.layer) return;
    context.globalAlpha = view.opacity;
    context.drawImage(pane.layer, 0, 0);
    context.globalAlpha = 1;
  }
}
