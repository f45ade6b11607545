// What a visitor takes away, packed where it was made: label maps, tables, a figure, a report (ctseg.export).
import { FACTS } from "../facts.js";
import { domainNote, domainOf } from "./domain.js";
import { figure, painted } from "./figure.js";
import { colouredPng, labelPng, layerPng, rgbPng } from "./png_writing.js";
import { clearLabels, measured } from "./tables.js";
import { beyond } from "./windowing.js";
import { zipOf } from "./zip.js";

const MAX_NAME_LETTERS = 80;
const FORMULA = /^[=+\-@\t\r]/;
const DECIMALS = 6;

const readme = (unit) => `Label maps made by ctseg in a browser. ${FACTS.disclaimer}

One folder for each method:
labels.png           16 bit, the label of every pixel, 0 = background; most viewers show it nearly black
labels-coloured.png  the same in colours, to look at
overlay.png          the structures over the slice, in the colours and the window of the page
structures.csv       one row for each structure; intensities in ${unit}, centroids in px from the upper left
confidence.png       with a merge tree: how far each structure is from being one with its neighbour,
                     0 to 1 as 1 to 255, 0 = background; also in structures.csv. It is no probability

A label is one structure of one method; numbers of two methods have nothing to do with each other.
figure.png shows the panes side by side. report.json tells methods, times, versions and, where the truth was known, scores.
NIfTI and DICOM Segmentations, which say where the slice lies in the patient, are made by the app only.
`;

// Text that a spreadsheet would take for a formula gets an apostrophe; what is not known is an empty cell.
function cell(value) {
  if (typeof value === "number") return Number.isNaN(value) ? "" : decimal(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function decimal(value) {
  const rounded = Number(value.toFixed(DECIMALS));
  return Number.isInteger(rounded) ? rounded.toFixed(1) : String(rounded);
}

export function structuresCsv(labels, slice, names, confidence) {
  const table = measured(labels, slice);
  const unit = slice.intensity === "HU" ? "hu" : "grey";
  const columns = {
    name: table.label.map((label) => (names[label] ?? "").trim().slice(0, MAX_NAME_LETTERS)), area_px: table.area_px, area_mm2: table.area_mm2,
    [`mean_${unit}`]: table.mean, [`sd_${unit}`]: table.sd, centroid_row_px: table.centroid_row, centroid_column_px: table.centroid_column,
    ...(confidence ? { confidence } : {}),
  };
  const whole = new Set(["area_px"]);
  const row = (k) => [table.label[k], ...Object.entries(columns).map(([name, values]) => (whole.has(name) ? values[k] : cell(values[k])))].join(",");
  return `${[["label", ...Object.keys(columns)].join(","), ...table.label.map((_, k) => row(k))].join("\n")}\n`;
}

// `finished` as the session holds it; `truth` are its labels and hues, or null; `asked` as the page sent it.
export async function takeaway(slice, finished, truth, credit, asked, scoresOf) {
  const { width, height } = slice;
  const window = windowOf(asked.window, slice);
  const look = { outlined: asked.outlined === true, opacity: asked.opacity >= 0 && asked.opacity <= 1 ? asked.opacity : 0.5 };
  const paint = (name, { labels, hues }) => painted(slice, window, labels, hues, clearLabels(labels, slice, FACTS.methods[name]?.full_tiling), look);
  const overlays = new Map([...finished].map(([name, found]) => [name, paint(name, found)]));
  const files = [];
  const scores = {};
  for (const [method, found] of finished) {
    const { labels, tree } = found;
    const confidence = tree && Array.from(tree.confidence());
    const put = (name, content) => { if (content) files.push([`${method}/${name}`, content]); };
    put("labels.png", await labelPng(labels, width, height));
    put("labels-coloured.png", await colouredPng(labels, width, height));
    put("overlay.png", await rgbPng(overlays.get(method), width, height));
    put("structures.csv", structuresCsv(labels, slice, asked.names?.[method] ?? {}, confidence));
    if (confidence) put("confidence.png", await layerPng(labels, width, height, confidence));
    scores[method] = truth && scoresOf(labels);
  }
  files.push(["README.txt", readme(slice.intensity === "HU" ? "HU" : "grey levels")]);
  files.push(["report.json", `${JSON.stringify(report(slice, finished, scores), null, 2)}\n`]);
  if (credit) files.push(["ATTRIBUTION.txt", `The slice: ${credit}\n`]);
  const all = new Map([...finished, ...(truth ? [["truth", truth]] : [])]);
  const named = (asked.panes ?? []).filter((name) => all.has(name));
  const panes = (named.length ? named : [...finished.keys()]).map((name) => ({
    title: name === "truth" ? "Truth" : FACTS.methods[name].title, words: words(scores[name]), rgb: overlays.get(name) ?? paint(name, all.get(name)),
  }));
  const alone = { title: "Slice", words: "", rgb: painted(slice, window, null, [], [], look) };
  files.push(["figure.png", await figure(slice, [alone, ...panes], [credit, FACTS.disclaimer].filter(Boolean).join("  ·  "))]);
  return zipOf(files);
}

function windowOf(asked, slice) {
  const { width, level } = asked?.width >= 1 ? asked : slice.window ?? {};
  return width ? [width, level] : FACTS.domain.window;
}

function words(scores) {
  if (!scores) return "";
  return ["ari", "fg_ari", "best_iou"].filter((key) => Number.isFinite(scores[key])).map((key) => `${key === "best_iou" ? "best IoU" : key} ${scores[key].toFixed(3)}`).join(", ");
}

function report(slice, finished, scores) {
  const { outside, ...domain } = domainOf(slice);
  const { width, height, intensity, spacing_mm: spacing, source } = slice;
  return {
    disclaimer: FACTS.disclaimer,
    slice: { height_px: height, width_px: width, intensity, spacing_mm: spacing ?? null, source, notes: beyond(slice).map(({ note }) => note), domain },
    methods: [...finished].map(([name, { labels, seconds, tree }]) => ({
      name, title: FACTS.methods[name].title, structures: measured(labels, slice).label.length, seconds: Math.round(seconds * 1000) / 1000,
      ...FACTS.methods[name].report,
      confidence: tree && Object.fromEntries(Array.from(tree.confidence(), (each, k) => [k + 1, Math.round(each * 1e4) / 1e4])),
      outside_domain: domainNote(name, { ...domain, outside }), scores: scores[name] ?? null,
    })),
    versions: FACTS.versions,
  };
}
