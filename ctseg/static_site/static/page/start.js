// Puts the stage into this page, with the upload and the side in the framework's stead.

const notice = document.querySelector("#said");
const input = document.querySelector("#upload input");
const drop = document.querySelector("#upload");

function say(sentence, kind = "ct-notice") {
  notice.replaceChildren(...(sentence ? [make("div", { class: kind, role: "status" }, sentence)] : []));
}

async function take(files) {
  if (!files.length) return;
  say("Reading …", "ct-remark");
  const answer = await ask("upload", { files });
  const read = await answer.json();
  say(answer.ok ? read.remark : `${read.sentence} The slice before it is still shown.`, answer.ok ? "ct-remark" : "ct-notice");
  if (answer.ok) window.ctsegBus.hear("opened", { value: read });
}

input.addEventListener("change", () => {
  take([...input.files]);
  input.value = "";
});
for (const name of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.toggleAttribute("data-over", name === "dragover");
    if (name === "drop") take([...event.dataTransfer.files]);
  });
}
// A file that misses the box by a little must not replace the page.
for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());

window.ctsegBus = { last: {}, hear: null };
window.ctsegBus.last.ticket = { value: "here" };
window.ctsegBus.last.side = {
  element: document.querySelector("#side"), props: { max_bytes: FACTS.max_bytes },
  trigger: () => say(`This is more than the ${FACTS.max_bytes / 2 ** 20} MB that are read here; choose fewer slices or a smaller volume.`),
};
const page = new Compare(document.querySelector(".ct-stage"), FACTS);
