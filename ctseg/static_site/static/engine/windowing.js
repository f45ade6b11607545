// HU to grey levels in single precision, as ctseg.slices.windowing does it.
export function toGrey({ pixels, intensity }, [window, level]) {
  if (intensity !== "HU") return Uint8Array.from(pixels);
  const lowest = Math.fround(level - window / 2);
  const scale = Math.fround(255 / window);
  return Uint8Array.from(pixels, (hu) => Math.floor(Math.fround(Math.min(Math.max(Math.fround(Math.fround(hu - lowest) * scale), 0), 255) + 0.5)));
}
