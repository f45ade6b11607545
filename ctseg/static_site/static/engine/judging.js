// What became of every true structure, and the scores of a label map: ctseg.labelmaps.judgement and ctseg.metrics.
import { FACTS } from "../facts.js";
import { areasOf, overlaps } from "./overlaps.js";
import { highest } from "./regions.js";

const FOUND_ABOVE_IOU = 0.5;
const SUBSTANTIAL_PX = 10;
const SUBSTANTIAL_SHARE = 0.1;

// Marks of pixels, counts of each mark, and [label, best IoU, mark] of the true structures, best first.
export function judge(predicted, truth) {
  const marks = FACTS.marks;
  const pairs = overlaps(predicted, truth);
  const counted = pairs.filter(({ shared, sizes }) => shared >= SUBSTANTIAL_PX && shared >= SUBSTANTIAL_SHARE * Math.min(...sizes));
  const [trueCount, foundCount] = [highest(truth), highest(predicted)];
  const [best, cutInto, joined] = [new Float64Array(trueCount + 1), new Int32Array(trueCount + 1), new Uint8Array(trueCount + 1)];
  const sharedBy = new Int32Array(foundCount + 1);
  for (const { second, iou } of pairs) best[second] = Math.max(best[second], iou);
  for (const { first, second } of counted) {
    sharedBy[first] += 1;
    cutInto[second] += 1;
  }
  for (const { first, second } of counted) if (sharedBy[first] > 1) joined[second] = 1;
  const markOf = (label) => {
    if (best[label] > FOUND_ABOVE_IOU) return marks.found;
    return joined[label] ? marks.merged : cutInto[label] > 1 ? marks.split : marks.missed;
  };
  const outcome = Uint8Array.from(best, (_, label) => (label ? markOf(label) : 0));
  const painted = Uint8Array.from(truth, (label, at) => {
    if (label) return outcome[label];
    return predicted[at] && !sharedBy[predicted[at]] ? marks.extra : 0;
  });
  const counts = Object.fromEntries(Object.entries(marks).map(([name, mark]) => [name, outcome.filter((each) => each === mark).length]));
  counts.extra = [...sharedBy].filter((each, label) => label && !each).length;
  const labels = [...outcome.keys()].slice(1).sort((a, b) => best[b] - best[a] || a - b);
  return { painted, counts, structures: labels.map((label) => [label, Math.round(best[label] * 1000) / 1000, outcome[label]]), best: best.subarray(1) };
}

// Sizes of the pairs of labels of two maps, background a label like any other.
function contingency(one, other) {
  const width = highest(other) + 1;
  const counts = new Map();
  for (let at = 0; at < one.length; at++) counts.set(one[at] * width + other[at], (counts.get(one[at] * width + other[at]) ?? 0) + 1);
  return [...counts].map(([key, count]) => [Math.floor(key / width), key % width, count]);
}

// Hubert and Arabie (1985), equation 5; in big integers, for products of pairs are larger than what is exact.
function adjustedRand(one, other) {
  const squares = (values) => values.reduce((sum, each) => sum + BigInt(each) * BigInt(each), 0n);
  const [pixels, both] = [BigInt(one.length), squares(contingency(one, other).map(([, , count]) => count))];
  const [a, b] = [squares([...areasOf(one)]), squares([...areasOf(other)])];
  const [together, onlyOne, onlyOther, apart] = [both - pixels, a - both, b - both, pixels * pixels - a - b + both];
  if (!onlyOne && !onlyOther) return 1;
  const agreement = together * apart - onlyOne * onlyOther;
  return (2 * Number(agreement)) / Number((together + onlyOther) * (onlyOther + apart) + (together + onlyOne) * (onlyOne + apart));
}

// The row of scores, as the page shows it after the method's title.
export function scoreRow(predicted, truth) {
  const inside = [...truth.keys()].filter((at) => truth[at]);
  const picked = (values) => Int32Array.from(inside, (at) => values[at]);
  const table = contingency(predicted, truth);
  const [found, real] = [areasOf(predicted), areasOf(truth)];
  const entropy = (given) => table.reduce((sum, [one, other, count]) => sum + count * Math.log2(given(one, other) / count), 0) / truth.length;
  const { best } = judge(predicted, truth);
  const numbers = [
    adjustedRand(predicted, truth), inside.length ? adjustedRand(picked(predicted), picked(truth)) : NaN,
    best.length ? best.reduce((sum, each) => sum + each, 0) / best.length : NaN,
    entropy((_, other) => real[other]), entropy((one) => found[one]),
  ];
  const matched = best.filter((each) => each > FOUND_ABOVE_IOU).length;
  const keyed = { ari: numbers[0], fg_ari: numbers[1], best_iou: numbers[2], split: numbers[3], merge: numbers[4], structures_found: matched, structures_true: best.length };
  return { keyed, cells: [...numbers.map((each) => (Number.isNaN(each) ? "–" : each.toFixed(3))), `${matched} / ${best.length}`], matched, all: best.length };
}
