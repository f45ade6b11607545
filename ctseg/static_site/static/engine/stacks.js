// Slices of a series, however they came: examples of this page, and the visitor's own files.
import { FACTS } from "../facts.js";
import { inOrder, readDicom } from "./dicom.js";
import { ReadError } from "./errors.js";
import { unpacked } from "./frames.js";
import { LoadError } from "./networks.js";
import { niftiSlice, readNifti } from "./nifti.js";
import { readJpeg, readPng } from "./png.js";

const HERE = new URL("../", import.meta.url);
const MAX_KEPT = 64;

// An example's slices lie beside the page, one file each, and are fetched when they are looked at.
export async function openExample(index) {
  const example = FACTS.examples[index];
  if (!example) throw new ReadError("There is no such example; pick one of those shown.");
  const kept = new Map();
  const slice = async (at) => {
    if (!kept.has(at)) {
      const answer = await fetch(new URL(`examples/${example.folder}/${at}.frame`, HERE)).catch(() => null);
      if (!answer?.ok) throw new LoadError("This example cannot be fetched; check the connection and try again.");
      const { arrays, ...head } = await unpacked(new Uint8Array(await answer.arrayBuffer()));
      kept.set(at, { ...head, ...arrays });
      if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
    }
    return kept.get(at);
  };
  const { slices, start, remark, credit, truth } = example;
  return { slices, start, remark, credit, truth, slice };
}

// The finished first result that the page opened on, as what this page computed itself; it has no merge trees.
export async function openingResults() {
  const answer = await fetch(new URL("opening.frames", HERE)).catch(() => null);
  if (!answer?.ok) throw new LoadError("The first result cannot be fetched; check the connection and press Compare.");
  const [held, finished] = [new Uint8Array(await answer.arrayBuffer()), new Map()];
  for (let at = 0, size; at < held.length; at += size) {
    const sizes = new DataView(held.buffer, at);
    size = 8 + sizes.getUint32(0, true) + sizes.getUint32(4, true);
    const { method, arrays, hues, time } = await unpacked(held.slice(at, at + size));
    if (method) finished.set(method, { labels: Int32Array.from(arrays.labels), hues: hues[method], seconds: parseFloat(time), tree: null });
  }
  return finished;
}

// What a file is, by its first bytes.
function kindOf(bytes) {
  const starts = (at, ...values) => values.every((value, k) => bytes[at + k] === value);
  if (starts(0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  if (starts(0, 0xff, 0xd8, 0xff)) return "jpeg";
  if (starts(128, 0x44, 0x49, 0x43, 0x4d)) return "dicom";
  if (starts(0, 0x1f, 0x8b)) return "packed";
  return starts(344, 0x6e, 0x2b, 0x31) || starts(344, 0x6e, 0x69, 0x31) || starts(4, 0x6e, 0x2b, 0x32) ? "nifti" : "";
}

const one = (slice) => ({ slices: 1, start: 0, remark: "", credit: "", truth: false, slice: async () => slice });

export async function readFiles(files) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const most = FACTS.limits.upload_bytes;
  if (!files.length || files.some((file) => !file.size)) throw new ReadError("This file is empty; export or download it again.");
  if (bytes > most) throw new ReadError(`This is more than the ${most / 2 ** 20} MB that are read here; choose fewer slices or a smaller volume.`);
  const kinds = [];
  for (const file of files) kinds.push(kindOf(new Uint8Array(await file.slice(0, 352).arrayBuffer())));
  if (kinds.includes("")) throw new ReadError("This file is none of PNG, JPEG, NIfTI and DICOM, which are read in the browser; save it as one of them, or open it in the app.");
  const whole = async (file) => new Uint8Array(await file.arrayBuffer());
  if (files.length > 1) {
    if (kinds.some((kind) => kind !== "dicom")) throw new ReadError("Several files are read as slices of one DICOM series only; choose one image or volume.");
    if (files.length > FACTS.limits.slices) throw new ReadError(`These are more than the ${FACTS.limits.slices} slices read here; choose a part of them.`);
    const slices = [];
    for (const file of files) slices.push(readDicom(await whole(file)));
    const sorted = inOrder(slices);
    return { ...one(sorted[0]), slices: sorted.length, start: sorted.length >> 1, slice: async (at) => sorted[at] };
  }
  const [file] = files;
  if (kinds[0] === "png") return one(await readPng(await whole(file)));
  if (kinds[0] === "jpeg") return one(await readJpeg(await whole(file)));
  if (kinds[0] === "dicom") return one(readDicom(await whole(file)));
  const volume = await readNifti(file, kinds[0] === "packed");
  return { ...one(null), slices: volume.slices, start: volume.slices >> 1, slice: async (at) => niftiSlice(volume, at) };
}
