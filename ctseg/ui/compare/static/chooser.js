// The list of methods: one box to tick each; planned ones are shown greyed, controls are folded away.
const list = element.querySelector(".ct-methods");

function row(card) {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.value = card.name;
  box.disabled = !card.ready;
  box.checked = props.value.includes(card.name);
  box.addEventListener("change", () => {
    props.value = [...list.querySelectorAll("input:checked")].map((input) => input.value);
  });
  const label = document.createElement("label");
  label.title = card.summary;
  label.className = card.ready ? "" : "ct-planned";
  const words = document.createElement("span");
  words.className = "ct-method";
  const note = document.createElement("small");
  words.textContent = card.title;
  note.textContent = card.note;
  words.append(" ", note);
  label.append(box, words);
  return label;
}

const more = document.createElement("details");
const summary = document.createElement("summary");
const behind = props.cards.filter((card) => card.more);
summary.textContent = `${behind.length} more, for comparison`;
more.append(summary, ...behind.map(row));
list.replaceChildren(...props.cards.filter((card) => !card.more).map(row), ...(behind.length ? [more] : []));
