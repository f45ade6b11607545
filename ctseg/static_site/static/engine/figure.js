// The figure that the app puts beside the label maps (ctseg.ui.compare.figure): the slice and the chosen panes.
import { FACTS } from "../facts.js";
import { toGrey } from "./windowing.js";

const PANE_PX = 512;
const MAX_PANES = 12;
const [GAP_PX, CAPTION_PX, FOOT_PX] = [12, 44, 34];
const BARS_MM = [200, 100, 50, 20, 10, 5, 2, 1];
const FONT = "system-ui, sans-serif";

// The slice with the structures of one label map over it, RGB: each pixel of a structure blended with its colour.
export function painted(slice, window, labels, hues, clear, { outlined, opacity }) {
  const grey = toGrey(slice, window);
  const out = new Uint8Array(3 * grey.length);
  const hidden = new Set(clear);
  const shown = labels?.map((label) => (hidden.has(label) ? 0 : label));
  const where = shown && (outlined ? outlines(shown, slice.width, slice.height) : shown);
  const share = outlined ? 1 : opacity;
  grey.forEach((level, at) => {
    const colour = where?.[at] ? FACTS.colours[hues[labels[at]] % FACTS.colours.length] : null;
    for (let channel = 0; channel < 3; channel++) out[3 * at + channel] = colour ? Math.round(level + (colour[channel] - level) * share) : level;
  });
  return out;
}

// Pixels of structures within 2 px (4-neighbour steps) of another label.
function outlines(labels, width, height) {
  let [low, high] = [labels, labels];
  for (let step = 0; step < 2; step++) [low, high] = [spread(low, width, height, Math.min), spread(high, width, height, Math.max)];
  return Uint8Array.from(labels, (label, at) => (label && low[at] !== high[at] ? 1 : 0));
}

function spread(values, width, height, pick) {
  const out = values.slice();
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let found = values[at];
      if (x) found = pick(found, values[at - 1]);
      if (x + 1 < width) found = pick(found, values[at + 1]);
      if (y) found = pick(found, values[at - width]);
      if (y + 1 < height) found = pick(found, values[at + width]);
      out[at] = found;
    }
  }
  return out;
}

// `panes` are { title, words, rgb }, all of the slice's size; the first is the slice alone. Returns a PNG.
export async function figure(slice, panes, foot) {
  const shown = panes.slice(0, MAX_PANES);
  const [rows, columns] = slice.spacing_mm ?? [1, 1];
  const factor = PANE_PX / Math.max(slice.height * rows, slice.width * columns);
  const [wide, high] = [slice.width * columns, slice.height * rows].map((side) => Math.max(Math.round(side * factor), 1));
  const across = Math.min(shown.length, shown.length === 4 ? 2 : 3);
  const down = Math.ceil(shown.length / across);
  const sheet = new OffscreenCanvas(across * (wide + GAP_PX) + GAP_PX, down * (high + CAPTION_PX + GAP_PX) + GAP_PX + FOOT_PX);
  const context = sheet.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.textBaseline = "top";
  context.imageSmoothingQuality = "high";
  shown.forEach(({ title, words, rgb }, k) => {
    const [x, y] = [GAP_PX + (k % across) * (wide + GAP_PX), GAP_PX + Math.floor(k / across) * (high + CAPTION_PX + GAP_PX)];
    write(context, title, x, y, "black", `600 17px ${FONT}`, wide);
    write(context, words, x, y + 21, "#444444", `14px ${FONT}`, wide);
    context.drawImage(canvasOf(rgb, slice), x, y + CAPTION_PX, wide, high);
    if (k === 0 && slice.spacing_mm) scaleBar(context, x, y + CAPTION_PX + high, (columns * slice.width) / wide, wide);
  });
  write(context, foot, GAP_PX, sheet.height - FOOT_PX + 8, "#444444", `12px ${FONT}`, sheet.width - 2 * GAP_PX);
  return new Uint8Array(await (await sheet.convertToBlob({ type: "image/png" })).arrayBuffer());
}

function write(context, text, x, y, colour, font, room) {
  Object.assign(context, { fillStyle: colour, font });
  context.fillText(text, x, y, room);
}

function scaleBar(context, x, bottom, mmPerPx, wide) {
  const length = BARS_MM.find((mm) => mm / mmPerPx <= 0.4 * wide) ?? BARS_MM.at(-1);
  context.fillStyle = "white";
  context.fillRect(x + 14, bottom - 16, Math.max(Math.round(length / mmPerPx), 1), 5);
  write(context, `${length} mm`, x + 14, bottom - 36, "white", `14px ${FONT}`, wide);
}

function canvasOf(rgb, { width, height }) {
  const image = new ImageData(width, height);
  for (let at = 0; at < width * height; at++) {
    image.data.set(rgb.subarray(3 * at, 3 * at + 3), 4 * at);
    image.data[4 * at + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
