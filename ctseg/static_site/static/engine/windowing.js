import { FACTS } from "../facts.js";

// The notes on a slice whose values reach an end of those that are kept (ctseg.slices.stack).
export function beyond({ pixels, intensity }) {
  if (intensity !== "HU") return [];
  let [lowest, highest] = [Infinity, -Infinity];
  for (const hu of pixels) {
    if (hu < lowest) lowest = hu;
    if (hu > highest) highest = hu;
  }
  return FACTS.beyond.filter(({ limit }) => (limit > 0 ? highest >= limit : lowest <= limit));
}

// HU to grey levels in single precision, as ctseg.slices.windowing does it.
export function toGrey({ pixels, intensity }, [window, level]) {
  if (intensity !== "HU") return Uint8Array.from(pixels);
  const lowest = Math.fround(level - window / 2);
  const scale = Math.fround(255 / window);
  return Uint8Array.from(pixels, (hu) => Math.floor(Math.fround(Math.min(Math.max(Math.fround(Math.fround(hu - lowest) * scale), 0), 255) + 0.5)));
}
