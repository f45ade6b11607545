// Writes PNG: what ctseg.labelmaps.files.png writes of a label map.
import { FACTS } from "../facts.js";
import { crc32 } from "./png.js";
import { highest } from "./regions.js";

const GREY = 0;
const RGB = 2;
const PALETTE = 3;
const MOST = 65535;

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name, data) {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set([...name].map((letter) => letter.charCodeAt(0)), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

// `rows` are the bytes of all rows; each goes unfiltered.
async function png({ width, height, bits, colour, palette = null }, rows) {
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([bits, colour, 0, 0, 0], 8);
  const rowBytes = rows.length / height;
  const raw = new Uint8Array((rowBytes + 1) * height);
  for (let y = 0; y < height; y++) raw.set(rows.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1);
  const parts = [chunk("IHDR", head), ...(palette ? [chunk("PLTE", palette)] : []), chunk("IDAT", await deflated(raw)), chunk("IEND", new Uint8Array(0))];
  return new Uint8Array(await new Blob([new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...parts]).arrayBuffer());
}

// 16-bit grey, the label of every pixel; null where a label does not fit.
export function labelPng(labels, width, height) {
  if (highest(labels) > MOST) return null;
  const rows = new Uint8Array(2 * labels.length);
  const view = new DataView(rows.buffer);
  labels.forEach((label, at) => view.setUint16(2 * at, label));
  return png({ width, height, bits: 16, colour: GREY }, rows);
}

// In the palette's colours, background black; up to 255 labels the index is the label.
export function colouredPng(labels, width, height) {
  const { colours } = FACTS;
  if (highest(labels) > 255) return rgbPng(rgbOf(labels, (label) => (label ? colours[(label - 1) % colours.length] : [0, 0, 0])), width, height);
  const palette = new Uint8Array(3 * 256);
  for (let label = 1; label < 256; label++) palette.set(colours[(label - 1) % colours.length], 3 * label);
  return png({ width, height, bits: 8, colour: PALETTE, palette }, Uint8Array.from(labels));
}

// One value of each structure, 0 to 1 as 1 to 255; background 0.
export function layerPng(labels, width, height, values) {
  return png({ width, height, bits: 8, colour: GREY }, Uint8Array.from(labels, (label) => (label ? 1 + Math.round(254 * values[label - 1]) : 0)));
}

export function rgbPng(rgb, width, height) { return png({ width, height, bits: 8, colour: RGB }, rgb); }

function rgbOf(labels, colourOf) {
  const out = new Uint8Array(3 * labels.length);
  labels.forEach((label, at) => out.set(colourOf(label), 3 * at));
  return out;
}
