// Quarter turns and mirrors, as ctseg.slices.orientation has them: x' = a x + b y, y' = c x + d y from the middle.
export const UPRIGHT = [1, 0, 0, 1];

export const undone = ([a, b, c, d]) => [a, c, b, d];

export function turnedArray(values, width, height, [a, b, c, d]) {
  const [wide, high] = a ? [width, height] : [height, width];
  const out = new values.constructor(values.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const [u, v] = [2 * x - width + 1, 2 * y - height + 1];
      out[((c * u + d * v + high - 1) / 2) * wide + (a * u + b * v + wide - 1) / 2] = values[at];
    }
  }
  return { values: out, width: wide, height: high };
}

export function turnedSlice(slice, turned) {
  if (String(turned) === String(UPRIGHT)) return slice;
  const { values, width, height } = turnedArray(slice.pixels, slice.width, slice.height, turned);
  // What the file says of how it lies no longer holds.
  return { ...slice, pixels: values, width, height, lie: null };
}
