// The list of methods: one box to tick each; planned ones are shown greyed.
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

list.replaceChildren(...props.cards.map(row));
