// Size, intensity and place of every structure: ctseg.labelmaps.area_table; and which are air outside the body.
import { highest } from "./regions.js";

const AIR_BELOW = { HU: -300, "8-bit": 16 };
const MIN_SHARE_OUTSIDE = 0.1;
const MIN_BORDER_OUTSIDE = 0.5;
const rounded = (values) => Array.from(values, (each) => Math.round(each * 100) / 100);

// As it is measured; areas in mm² are NaN where the spacing is unknown.
export function measured(labels, { pixels, width, spacing_mm: spacing }) {
  const count = highest(labels);
  const sums = Array.from({ length: 4 }, () => new Float64Array(count + 1));
  const [area, total, rows, columns] = sums;
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at];
    area[label] += 1;
    total[label] += pixels[at];
    rows[label] += Math.floor(at / width);
    columns[label] += at % width;
  }
  const mean = total.map((sum, label) => sum / area[label]);
  const squares = new Float64Array(count + 1);
  for (let at = 0; at < labels.length; at++) squares[labels[at]] += (pixels[at] - mean[labels[at]]) ** 2;
  const structures = [...area.keys()].filter((label) => label && area[label]);
  const picked = (values) => structures.map((label) => values[label]);
  return {
    label: structures,
    area_px: picked(area),
    area_mm2: picked(area.map((each) => each * (spacing ? spacing[0] * spacing[1] : NaN))),
    mean: picked(mean),
    sd: picked(squares.map((sum, label) => Math.sqrt(sum / area[label]))),
    centroid_row: picked(rows.map((sum, label) => sum / area[label])),
    centroid_column: picked(columns.map((sum, label) => sum / area[label])),
  };
}

// As the page shows it.
export function areaTable(labels, slice) {
  const { label, area_px: pixels, area_mm2: area, ...others } = measured(labels, slice);
  const shown = Object.fromEntries(Object.entries(slice.spacing_mm ? { area_mm2: area, ...others } : others).map(([name, values]) => [name, rounded(values)]));
  return { label, area_px: pixels, ...shown };
}

// Labels of regions of air outside the body, which the stage leaves clear: those that reach the border and, where a
// method divides everything, those of which a tenth of the outline or more lies against the outside, if that has most of
// the border.
export function clearLabels(labels, { pixels, width, intensity }, tiling = false) {
  const count = highest(labels);
  const [area, total, atBorder, border] = [new Float64Array(count + 1), new Float64Array(count + 1), new Set(), new Float64Array(count + 1)];
  const height = labels.length / width;
  for (let at = 0; at < labels.length; at++) {
    area[labels[at]] += 1;
    total[labels[at]] += pixels[at];
    const x = at % width;
    const sides = (x === 0) + (x === width - 1) + (at < width) + (at >= labels.length - width);
    if (sides) atBorder.add(labels[at]);
    border[labels[at]] += sides;
  }
  const air = (label) => label && total[label] / area[label] < AIR_BELOW[intensity];
  const clear = new Set([...atBorder].filter(air));
  const outside = [0, ...clear].reduce((sum, label) => sum + border[label], 0);
  if (tiling && outside >= MIN_BORDER_OUTSIDE * 2 * (width + height)) {
    const share = shareAgainst(labels, width, new Set([0, ...clear]), count);
    for (let label = 1; label <= count; label++) if (air(label) && share[label] >= MIN_SHARE_OUTSIDE) clear.add(label);
  }
  return [...clear].sort((a, b) => a - b);
}

function shareAgainst(labels, width, outside, count) {
  const [whole, shared] = [new Float64Array(count + 1), new Float64Array(count + 1)];
  const meet = (one, other) => {
    if (one === other) return;
    whole[one] += 1;
    whole[other] += 1;
    if (outside.has(other)) shared[one] += 1;
    if (outside.has(one)) shared[other] += 1;
  };
  for (let at = 0; at < labels.length; at++) {
    if (at % width) meet(labels[at], labels[at - 1]);
    if (at >= width) meet(labels[at], labels[at - width]);
  }
  return shared.map((each, label) => each / Math.max(whole[label], 1));
}
