// The table of a board: sorting within each group, search, more columns, cards, downloads, and the address.
// The table is made anew whenever the board changes, so its surroundings listen.

function remember(name, value) {
  const address = new URL(location.href);
  address.searchParams.set("board", element.querySelector(".bd-board").dataset.board);
  if (value) address.searchParams.set(name, value);
  else address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
}

// Cells without a value stay below, whichever way round.
function compare(one, other, sign) {
  if (one === undefined || other === undefined) return (one === undefined) - (other === undefined);
  const numbers = [Number(one), Number(other)];
  return sign * (numbers.some(Number.isNaN) ? one.localeCompare(other) : numbers[0] - numbers[1]);
}

function sort(head) {
  const key = head.dataset.key;
  const before = head.getAttribute("aria-sort");
  const first = head.firstElementChild.dataset.first;
  const order = !before ? first : before === "ascending" ? "descending" : "ascending";
  for (const each of head.parentElement.children) each.removeAttribute("aria-sort");
  if (key !== "rank") head.setAttribute("aria-sort", order);
  const sign = key === "rank" || order === "ascending" ? 1 : -1;
  for (const group of element.querySelectorAll("tbody")) {
    const rows = [...group.querySelectorAll(".bd-row")];
    const value = (row) => (key === "rank" ? row.dataset.ranked : row.querySelector(`.bd-c-${key}`).dataset.sort);
    rows.sort((one, other) => compare(value(one), value(other), sign) || one.dataset.ranked - other.dataset.ranked);
    for (const row of rows) group.append(row, cardOf(row));
  }
  remember("score", key === "rank" ? "" : key);
}

const cardOf = (row) => element.querySelector(`[data-card="${CSS.escape(row.dataset.entry)}"]`);

function toggle(row) {
  const card = cardOf(row);
  card.hidden = !card.hidden;
  row.querySelector(".bd-name").setAttribute("aria-expanded", String(!card.hidden));
  remember("method", card.hidden ? "" : row.dataset.entry);
}

function search(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of element.querySelectorAll(".bd-row")) {
    row.classList.toggle("bd-away", !wanted.every((word) => row.dataset.search.includes(word)));
    cardOf(row).classList.toggle("bd-away", row.classList.contains("bd-away"));
  }
  for (const group of element.querySelectorAll("tbody")) {
    group.hidden = !group.querySelector(".bd-row:not(.bd-away)");
  }
  element.querySelector(".bd-none").hidden = Boolean(element.querySelector("tbody:not([hidden])"));
}

async function download(button) {
  const board = element.querySelector(".bd-board").dataset.board;
  const file = await server.wanted_file(`${board} ${button.dataset.kind}`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

element.addEventListener("click", (event) => {
  const head = event.target.closest("th[data-key]");
  if (head) return sort(head);
  const name = event.target.closest(".bd-name");
  if (name && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    return toggle(name.closest(".bd-row"));
  }
  if (event.target.closest("[data-more]")) element.classList.toggle("bd-all-columns");
  const button = event.target.closest("button[data-kind]");
  return button ? download(button) : undefined;
});
element.addEventListener("input", (event) => {
  if (event.target.type === "search") search(event.target.value);
});
