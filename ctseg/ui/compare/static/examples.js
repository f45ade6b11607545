// Thumbnails that open an example; the pictures come from the server once the page is there.
const shelf = element.querySelector(".ct-examples");

function fill() {
  if (!Array.isArray(props.value)) return;
  const groups = new Map();
  props.value.forEach((example, index) => {
    const button = document.createElement("button");
    const picture = document.createElement("img");
    const name = document.createElement("span");
    button.type = "button";
    button.dataset.example = index;
    if (example.picture) picture.src = example.picture;
    picture.alt = "";
    name.textContent = example.name;
    button.append(picture, name);
    button.addEventListener("click", () => trigger("pick", { index }));
    if (!groups.has(example.group)) groups.set(example.group, []);
    groups.get(example.group).push(button);
  });
  shelf.replaceChildren(...[...groups].map(([title, buttons]) => {
    const group = document.createElement("div");
    const heading = document.createElement("span");
    const row = document.createElement("div");
    heading.textContent = title;
    row.append(...buttons);
    group.style.flexGrow = buttons.length;
    group.append(heading, row);
    return group;
  }));
}

watch("value", fill);
fill();

// Too large a choice is refused before it travels, in the words of the page and at its place.
function guard(event) {
  const files = event.target.files ?? event.dataTransfer?.files;
  if (!files || !event.target.closest("#upload, #truth")) return;
  const bytes = [...files].reduce((sum, file) => sum + file.size, 0);
  if (bytes <= props.most_bytes) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  if (event.type === "change") event.target.value = "";
  trigger("refuse", { bytes });
}

document.addEventListener("change", guard, true);
document.addEventListener("drop", guard, true);
