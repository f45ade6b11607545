// Small helpers for building the page's own elements.

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

// Radio buttons that look like one control; the browser gives them their keys.
function choice(name, label, options, chosen, onpick) {
  const group = make("div", { class: "ct-choice", role: "radiogroup", "aria-label": label });
  for (const [value, text] of options) {
    const input = make("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onpick(value) });
    group.append(make("label", {}, input, make("span", {}, text)));
  }
  return group;
}

function slider(label, attributes, oninput) {
  const shown = make("output", {}, String(attributes.value));
  const input = make("input", {
    type: "range", "aria-label": label, ...attributes,
    oninput: () => { shown.textContent = input.value; oninput(Number(input.value)); },
  });
  const set = (value) => { input.value = value; shown.textContent = Math.round(value); };
  return { element: make("label", { class: "ct-slider" }, make("span", {}, label), input, shown), input, set };
}

function iconButton(text, label, onclick, kind = "") {
  return make("button", { type: "button", class: `ct-icon ${kind}`, title: label, "aria-label": label, onclick }, text);
}

function check(label, onchange, checked = false) {
  const input = make("input", { type: "checkbox", checked, onchange: () => onchange(input.checked) });
  return { element: make("label", { class: "ct-check" }, input, make("span", {}, label)), input };
}
