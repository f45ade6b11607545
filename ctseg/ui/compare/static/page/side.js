// Beside the stage: examples, the list of methods, Compare and Cancel.

class Side {
  constructor(element, facts, hooks) {
    this.facts = facts;
    this.shelf = make("div", { class: "ct-examples", role: "group", "aria-label": "Examples", id: "examples" });
    this.list = make("div", { class: "ct-methods" });
    this.compare = make("button", { type: "button", id: "compare", class: "ct-primary", onclick: hooks.compare }, "Compare");
    this.cancel = make("button", { type: "button", id: "cancel", class: "ct-second", disabled: true, onclick: hooks.cancel }, "Cancel");
    this.notice = make("div", { id: "notice", role: "alert" });
    element.replaceChildren(this.shelf, this.notice,
      make("div", { id: "methods", role: "group", "aria-labelledby": "methods-title" }, make("h2", { id: "methods-title" }, "Methods"), this.list),
      make("div", { class: "ct-go" }, this.compare, this.cancel));
    this.hooks = hooks;
    this.fillMethods();
    this.fillShelf(facts.examples);
  }

  fillMethods() {
    const { methods, preselected } = this.facts;
    const behind = methods.filter((card) => card.more);
    const more = make("details", {}, make("summary", {}, `${behind.length} more, for comparison`), ...behind.map((card) => this.row(card)));
    this.list.replaceChildren(...methods.filter((card) => !card.more).map((card) => this.row(card, preselected)), ...(behind.length ? [more] : []));
  }

  row(card, preselected = []) {
    const box = make("input", { type: "checkbox", value: card.name, disabled: !card.ready, checked: preselected.includes(card.name) });
    return make("label", { title: card.summary, class: card.ready ? "" : "ct-planned" }, box,
      make("span", { class: "ct-method" }, card.title, " ", make("small", {}, card.note)));
  }

  chosen() { return [...this.list.querySelectorAll("input:checked")].map((input) => input.value); }

  // Where none of the names is known here, the choice stays as it is.
  choose(names) {
    const boxes = [...this.list.querySelectorAll("input:enabled")];
    if (names.some(Boolean) && !boxes.some(({ value }) => names.includes(value))) return;
    for (const box of boxes) box.checked = names.includes(box.value);
  }

  fillShelf(examples) {
    const groups = new Map();
    examples.forEach((example, index) => {
      const image = make("img", { alt: "", src: example.image || null });
      const button = make("button", { type: "button", "data-example": index, onclick: () => this.hooks.example(index) },
        image, make("span", {}, example.name));
      if (!groups.has(example.group)) groups.set(example.group, []);
      groups.get(example.group).push(button);
    });
    this.shelf.replaceChildren(...[...groups].map(([title, buttons], k) => {
      const row = make("div", { class: "ct-row" }, ...buttons);
      if (k < 2) return make("div", { class: "ct-shelf" }, make("span", {}, title), row);
      return make("details", { class: "ct-shelf" }, make("summary", {}, title), row);
    }));
  }

  // Images that came later: nothing else changes, so what a visitor opened or holds stays.
  showThumbnails(examples) {
    examples.forEach(({ image }, index) => {
      if (image) this.shelf.querySelector(`[data-example="${index}"] img`).src = image;
    });
  }

  say(sentence) {
    this.notice.replaceChildren(...(sentence ? [make("div", { class: "ct-notice" }, sentence)] : []));
  }

  running(on) {
    this.cancel.disabled = !on;
    document.body.toggleAttribute("data-ct-running", on);
  }
}

// Too large a choice is refused before it travels, in the words of the page and at its place.
function guardUploads(maxBytes, refuse) {
  const guard = (event) => {
    const files = event.target.files ?? event.dataTransfer?.files;
    if (!files || !event.target.closest?.("#upload, #truth")) return;
    const bytes = [...files].reduce((sum, file) => sum + file.size, 0);
    if (bytes <= maxBytes) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.type === "change") event.target.value = "";
    refuse({ bytes });
  };
  document.addEventListener("change", guard, true);
  document.addEventListener("drop", guard, true);
}
