// How many pixels structures of two label maps share, and one hue for what is one structure: ctseg.labelmaps.
import { highest } from "./regions.js";

const SAME_FROM_IOU = 0.5;
const NEIGHBOUR_PX = 3;

export function areasOf(labels) {
  const areas = new Int32Array(highest(labels) + 1);
  for (const label of labels) areas[label] += 1;
  return areas;
}

// Pairs of structures that share pixels, ordered by both labels: { first, second, shared, iou, sizes }.
export function overlaps(first, second) {
  const width = highest(second) + 1;
  const shared = new Map();
  for (let at = 0; at < first.length; at++) {
    if (!first[at] || !second[at]) continue;
    const key = first[at] * width + second[at];
    shared.set(key, (shared.get(key) ?? 0) + 1);
  }
  const [areas, others] = [areasOf(first), areasOf(second)];
  return [...shared].sort(([a], [b]) => a - b).map(([key, px]) => {
    const [one, other] = [Math.floor(key / width), key % width];
    return { first: one, second: other, shared: px, sizes: [areas[one], others[other]], iou: px / (areas[one] + others[other] - px) };
  });
}

// Maps are taken from the one with fewest structures outward; a structure joins the one before that it overlaps.
function groupsOf(maps) {
  const counts = maps.map(highest);
  const groups = counts.map((count) => new Int32Array(count + 1).fill(-1));
  const done = [];
  let used = 0;
  for (const k of [...maps.keys()].sort((a, b) => counts[a] - counts[b] || a - b)) {
    for (const before of done) {
      for (const { first, second, iou } of overlaps(maps[k], maps[before])) {
        const group = groups[before][second];
        if (iou >= SAME_FROM_IOU && groups[k][first] < 0 && !groups[k].includes(group)) groups[k][first] = group;
      }
    }
    for (let label = 1; label <= counts[k]; label++) if (groups[k][label] < 0) groups[k][label] = used++;
    done.push(k);
  }
  return { groups, count: used };
}

function neighbours(maps, groups, count, width) {
  const near = Array.from({ length: count }, () => new Set());
  maps.forEach((labels, k) => {
    const seen = new Set();
    const look = (one, other) => {
      if (one === other || !one || !other) return;
      const key = Math.min(one, other) * groups[k].length + Math.max(one, other);
      if (seen.has(key)) return;
      seen.add(key);
      near[groups[k][one]].add(groups[k][other]);
      near[groups[k][other]].add(groups[k][one]);
    };
    for (let at = 0; at < labels.length; at++) {
      for (let away = 1; away <= NEIGHBOUR_PX; away++) {
        if ((at % width) + away < width) look(labels[at], labels[at + away]);
        if (at + away * width < labels.length) look(labels[at], labels[at + away * width]);
      }
    }
  });
  return near;
}

// The row of the palette for every structure of several label maps; what they had before stays where it can.
export function assignHues(maps, earlier, width, palette) {
  const { groups, count } = groupsOf(maps);
  const [sizes, mapsWith, wanted] = [new Int32Array(count), new Int32Array(count), new Int32Array(count).fill(-1)];
  maps.forEach((labels, k) => {
    const areas = areasOf(labels);
    const before = earlier[k]?.length === areas.length ? earlier[k] : null;
    for (let label = 1; label < areas.length; label++) {
      const group = groups[k][label];
      sizes[group] = Math.max(sizes[group], areas[label]);
      mapsWith[group] += areas[label] ? 1 : 0;
      if (before && before[label] < palette) wanted[group] = before[label];
    }
  });
  const near = neighbours(maps, groups, count, width);
  const hues = new Int32Array(count).fill(-1);
  const uses = new Int32Array(palette);
  const late = (group) => (wanted[group] < 0 ? 1 : 0);
  const order = [...hues.keys()].sort((a, b) => late(a) - late(b) || mapsWith[b] - mapsWith[a] || sizes[b] - sizes[a] || a - b);
  for (const group of order) {
    const clashes = new Int32Array(palette);
    for (const other of near[group]) if (hues[other] >= 0) clashes[hues[other]] += 1;
    let best = wanted[group] >= 0 && !clashes[wanted[group]] ? wanted[group] : 0;
    if (wanted[group] < 0 || clashes[wanted[group]]) {
      for (let hue = 1; hue < palette; hue++) {
        if (clashes[hue] < clashes[best] || (clashes[hue] === clashes[best] && uses[hue] < uses[best])) best = hue;
      }
    }
    hues[group] = best;
    uses[best] += 1;
  }
  return groups.map((each) => [0, ...[...each].slice(1).map((group) => hues[group])]);
}
