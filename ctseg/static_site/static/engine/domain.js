// Whether a slice is of the kind that the trained methods know: ctseg.methods.base.domain, the same score.
import { FACTS } from "../facts.js";
import { bodyMask } from "./body.js";
import { areaMean } from "./resize.js";
import { toGrey } from "./windowing.js";

const LIES = ["upright", "left", "upside down", "right"];
const seen = new WeakMap();

// { lie, region, score, threshold, outside }; a slice's own file is believed about how it lies, else its grey levels are asked.
export function domainOf(slice) {
  if (!seen.has(slice)) seen.set(slice, judged(slice));
  return seen.get(slice);
}

// One sentence for a method where a slice is outside of what it knows, "" where it is not.
export function domainNote(name, domain) {
  const notes = FACTS.methods[name].notes;
  return domain.outside ? notes[domain.lie === "upright" ? domain.region : domain.lie] ?? "" : "";
}

function judged(slice) {
  const { window, longest_side: longest, sure_from: sureFrom, regions, threshold, lie: lieWeights, region } = FACTS.domain;
  let small = everyNth({ ...slice, pixels: toGrey(slice, window) }, Math.ceil(Math.max(slice.width, slice.height) / longest));
  let described = features(small);
  let { lie } = slice;
  if (!lie) {
    const chances = softmax(described, lieWeights);
    const likeliest = chances.indexOf(Math.max(...chances));
    lie = chances[likeliest] >= sureFrom ? LIES[likeliest] : "upright";
  }
  const turns = LIES.indexOf(lie);
  if (turns > 0) {
    for (let turn = 0; turn < turns; turn++) small = turnedRight(small);
    described = features(small);
  }
  const chances = softmax(described, region);
  const score = Math.round((1 - chances[0]) * 1e4) / 1e4;
  return { lie, region: regions[chances.indexOf(Math.max(...chances))], score, threshold, outside: lie !== "upright" || score > threshold };
}

function everyNth({ pixels, width, height }, step) {
  const [wide, high] = [Math.ceil(width / step), Math.ceil(height / step)];
  const out = new Uint8Array(wide * high);
  for (let y = 0, at = 0; y < high; y++) for (let x = 0; x < wide; x++, at++) out[at] = pixels[y * step * width + x * step];
  return { pixels: out, width: wide, height: high };
}

function turnedRight({ pixels, width, height }) {
  const out = new Uint8Array(pixels.length);
  for (let y = 0, at = 0; y < width; y++) for (let x = 0; x < height; x++, at++) out[at] = pixels[(height - 1 - x) * width + y];
  return { pixels: out, width: height, height: width };
}

// Mean grey level, air and bone in a grid over the body's box, its shape, and the shares of air and bone.
function features({ pixels, width, height }) {
  const { grid, air_below: airBelow, bone_above: boneAbove } = FACTS.domain;
  const body = bodyMask(pixels, width, height);
  let [top, left, bottom, right] = [height, width, -1, -1];
  body.forEach((set, at) => {
    if (!set) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    [top, bottom, left, right] = [Math.min(top, y), Math.max(bottom, y), Math.min(left, x), Math.max(right, x)];
  });
  const [wide, high] = [right - left + 1, bottom - top + 1];
  const channels = Array.from({ length: 3 }, () => new Float32Array(wide * high));
  let inside = 0;
  for (let y = 0, at = 0; y < high; y++) {
    for (let x = 0; x < wide; x++, at++) {
      const from = (top + y) * width + left + x;
      if (!body[from]) continue;
      inside += 1;
      channels[0][at] = pixels[from] / 255;
      channels[1][at] = pixels[from] < airBelow ? 1 : 0;
      channels[2][at] = pixels[from] > boneAbove ? 1 : 0;
    }
  }
  const grids = channels.map((channel) => areaMean(channel, wide, high, grid, grid));
  const shares = [1, 2].map((k) => grids[k].reduce((sum, each) => sum + each, 0) / ((inside / (wide * high)) * grid ** 2));
  return Float32Array.from([...grids.flatMap((each) => [...each]), Math.log(high / wide), ...shares]);
}

// Softmax of a linear map; the last row of the weights is added.
function softmax(described, weights) {
  const values = weights.at(-1).map((bias, k) => described.reduce((sum, each, row) => sum + each * weights[row][k], bias));
  const most = Math.max(...values);
  const powers = values.map((each) => Math.exp(each - most));
  const all = powers.reduce((sum, each) => sum + each);
  return powers.map((each) => each / all);
}
