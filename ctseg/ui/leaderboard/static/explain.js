// The image and the bars of the explanation; the server sends only what moved.
const lab = element.querySelector(".bd-lab");
const node = (tag, name, text) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
};
const stage = node("div", "bd-stage");
const [grey, labels] = ["bd-grey", "bd-labels"].map((name) => {
  const image = node("img", name);
  image.alt = name === "bd-grey" ? "Drawn abdominal slice" : "Structures after the changes";
  return image;
});
const bars = node("div", "bd-bars");
const facts = node("dl", "bd-numbers");
const side = node("div", "bd-side");
stage.append(grey, labels);
side.append(bars, facts);
lab.append(stage, side);

function bar({ key, name, value, note }, tick) {
  const line = node("div", "bd-index");
  const track = node("div", "bd-track");
  const filled = node("div", "bd-filled");
  filled.style.width = `${100 * Math.max(0, Math.min(1, value))}%`;
  track.append(filled);
  if (key === "ri") {
    const mark = node("i", "bd-tick");
    mark.style.left = `${100 * tick}%`;
    track.append(mark);
  }
  const words = node("span", "bd-name", name);
  words.append(node("small", "", note));
  line.append(words, track, node("output", "", value.toFixed(3)));
  line.dataset.index = key;
  return line;
}

function show() {
  const message = props.value;
  if (!message) return;
  if (message.grey) grey.src = message.grey;
  labels.src = message.labels;
  bars.replaceChildren(...message.scores.bars.map((each) => bar(each, message.scores.tick)));
  facts.replaceChildren(...message.scores.facts.flatMap(([name, value]) => [node("dt", "", name), node("dd", "", value)]));
}

watch("value", show);
show();
