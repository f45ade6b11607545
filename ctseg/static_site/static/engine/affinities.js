// Affinities of pairs of pixels: ctseg.partition.affinities. Channel k at pixel p tells of p and p + offsets[k].
import { rint } from "./regions.js";

export const STEPS = 1 << 16;
const NEAR_PX = 3;

// Affinities count in whole steps, so that sums are exact whatever their order.
export function counted(affinity) { return rint(Math.min(Math.max(affinity, 0), 1) * STEPS); }

// Calls with both ends of all pairs of an offset (rows, columns) that lie inside.
export function ends([rows, columns], width, height, call) {
  const step = rows * width + columns;
  for (let y = Math.max(0, -rows); y < height - Math.max(0, rows); y++) {
    const [from, to] = [y * width + Math.max(0, -columns), y * width + width - Math.max(0, columns)];
    for (let at = from; at < to; at++) call(at, at + step);
  }
}

// Where borders run: the mean of 1 - affinity over short straight offsets and both ends of each pair.
export function boundaryMap({ channels, offsets, width, height }) {
  const [against, pairs] = [new Float64Array(width * height), new Float64Array(width * height)];
  offsets.forEach((offset, k) => {
    if (Math.max(...offset.map(Math.abs)) > NEAR_PX || !offset.includes(0)) return;
    ends(offset, width, height, (first, second) => {
      const apart = STEPS - counted(channels[k][first]);
      against[first] += apart;
      against[second] += apart;
      pairs[first] += 1;
      pairs[second] += 1;
    });
  });
  return against.map((sum, at) => sum / (Math.max(pairs[at], 1) * STEPS));
}

// The affinities of the slice, given those of its mirror image (left to right): a pair has its first end at
// another pixel then, and a diagonal becomes the other one. 0 where a pair leaves the slice.
export function unmirrored(channels, offsets, width, height) {
  const found = channels.map(() => new Float32Array(width * height));
  const at = ([rows, columns]) => offsets.findIndex(([r, c]) => r === rows && c === columns);
  offsets.forEach(([rows, columns], k) => {
    const turned = [rows, -columns];
    const same = at(turned);
    const opposite = at([-rows, columns]);
    ends(turned, width, height, (first, second) => {
      const y = Math.floor(first / width);
      const value = channels[k][y * width + width - 1 - (first - y * width)];
      if (same >= 0) found[same][first] = value;
      else found[opposite][second] = value;
    });
  });
  return found;
}
