// The methods of this page, each from a slice to a label map and, where it has one, its merge tree.
import { FACTS } from "../facts.js";
import { boundaryMap } from "./affinities.js";
import { bodyWithoutAir } from "./body.js";
import { affinitiesOnce, affinitiesTwice, foregroundTwice, opened } from "./networks.js";
import { agglomerate, edgeStrength, ledBy, volumeTree } from "./partition.js";
import { connectedRegions, rint } from "./regions.js";
import { areaGrey, linear } from "./resize.js";
import { nearest, placed } from "./trees.js";
import { watershed } from "./watershed.js";
import { toGrey } from "./windowing.js";

const above = (values, threshold) => Uint8Array.from(values, (each) => (each >= threshold ? 1 : 0));

async function foreground(method, session, grey, width, height, between) {
  const total = await foregroundTwice(session, grey, width, height, method.network.size, between);
  return { labels: connectedRegions(above(total, 1), width, height, 8).regions, tree: null };
}

async function structures(method, session, grey, width, height, between) {
  const found = await affinitiesTwice(session, grey, width, height, method.network.size, FACTS.offsets, between);
  const { affinities } = found;
  const at = { mask: above(linear(found.foreground, affinities.width, affinities.height, width, height), method.mask_from), width, height };
  const tree = agglomerate(affinities, above(found.foreground, method.mask_from), method.basins_below, at);
  tree.start({ threshold: 1 - method.joined_from });
  return { labels: tree.labelMap, tree };
}

async function wholeSlice(method, session, grey, width, height, between) {
  const leading = FACTS.methods[method.structures];
  const found = await structures(leading, await opened(leading.network, () => {}), grey, width, height, between);
  const affinities = await affinitiesOnce(session, grey, width, height, method.network.size, FACTS.offsets, between);
  const longer = Math.max(width, height);
  const shrinks = longer > method.max_side;
  const [wide, high] = [width, height].map((side) => (shrinks ? Math.max(1, rint((side * method.max_side) / longer)) : side));
  const workedOn = shrinks ? areaGrey(grey, width, height, wide, high) : grey;
  const boundary = Float32Array.from(boundaryMap(affinities));
  const edges = edgeStrength(workedOn, linear(boundary, affinities.width, affinities.height, wide, high), wide, high, method.flat);
  const strength = ledBy(edges, nearest(found.labels, width, height, wide, high), wide, high, method);
  await between();
  const everywhere = volumeTree(strength, wide, high);
  await between();
  const tree = placed(everywhere, bodyWithoutAir(grey, width, height), width, height).start({ count: method.regions });
  return { labels: tree.labelMap, tree };
}

async function edges(_method, _session, grey, width, height) {
  return { labels: watershed(grey, width, height), tree: null };
}

const KINDS = { foreground, structures, "whole slice": wholeSlice, watershed: edges };

// What a method needs: its own network, and that of the method whose structures lead it.
export function networksOf(name) {
  const { network, structures: leading } = FACTS.methods[name];
  return [network, leading && FACTS.methods[leading].network].filter(Boolean);
}

// Runs a method. `tell` hears { fetching } or { running } with a share from 0 to 1, and throws to end early.
export async function segment(name, slice, tell) {
  const method = FACTS.methods[name];
  const grey = toGrey(slice, method.window);
  const needed = networksOf(name);
  const shares = needed.map(() => 0);
  const fetching = (k) => (share) => {
    shares[k] = share;
    tell({ fetching: shares.reduce((sum, each) => sum + each) / shares.length }).catch(() => {});
  };
  const [session] = await Promise.all(needed.map((network, k) => opened(network, fetching(k))));
  const started = performance.now();
  let steps = 0;
  const between = async () => {
    steps += 1;
    await tell({ running: Math.min(steps / 5, 0.95) });
  };
  await tell({ running: 0.02 });
  const found = await KINDS[method.kind](method, session, grey, slice.width, slice.height, between);
  return { ...found, seconds: (performance.now() - started) / 1000 };
}
