// NIfTI-1, little endian: ctseg.slices.formats.nifti and volume. What is read there and not here is refused.
import { FACTS } from "../facts.js";
import { checkSize } from "./png.js";
import { ReadError } from "./errors.js";

const TYPES = { 2: Uint8Array, 4: Int16Array, 8: Int32Array, 16: Float32Array, 64: Float64Array, 256: Int8Array, 512: Uint16Array, 768: Uint32Array };
const WHOLE = new Set([2, 4, 8, 256, 512, 768]);
const MILLIMETRES = { 1: 1000, 3: 0.001 };
const HOUNSFIELD_FROM = -100;
const CLEARLY = 0.8; // cosine from which an axis runs along one of the body's
const DAMAGED = "The header of this NIfTI file is damaged; export or download it again.";
const SHORT = "This NIfTI file is damaged: it ends before its last voxel; export or download it again.";
const APP = "open it in the app, or save it as NIfTI-1 with 16-bit integers";

// Reads a file from its start, inflating as much of it as is asked for.
class Pieces {
  constructor(file, packed) {
    const stream = packed ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
    Object.assign(this, { reader: stream.getReader(), held: new Uint8Array(0) });
  }

  async take(count) {
    const out = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (!this.held.length) {
        const { done, value } = await this.reader.read().catch(() => ({ done: true }));
        if (done) throw new ReadError(SHORT);
        this.held = value;
      }
      const part = this.held.subarray(0, count - filled);
      out.set(part, filled);
      filled += part.length;
      this.held = this.held.subarray(part.length);
    }
    return out;
  }
}

function lengthsOf(head) {
  const axes = head.getInt16(40, true);
  if (axes < 1 || axes > 7) throw new ReadError(DAMAGED);
  const lengths = Array.from({ length: axes }, (_, k) => head.getInt16(42 + 2 * k, true));
  if (lengths[0] < 1 || lengths.some((each, k) => each < 0 || (each === 0 && k < 3))) throw new ReadError("This NIfTI file says that it holds no voxels; export it again.");
  if (axes < 2) throw new ReadError(`This NIfTI file holds a row of ${lengths[0]} voxels, not a slice; export it again.`);
  if (lengths.slice(3).some((each) => each > 1)) throw new ReadError("This NIfTI file holds several volumes, not one; save the volume you want as a file of its own.");
  return [...lengths, 1].slice(0, 3);
}

const norm = (vector) => Math.hypot(...vector);
const cross = ([a, b, c], [d, e, f]) => [b * f - c * e, c * d - a * f, a * e - b * d];
const determinant = ([a, b, c]) => a.reduce((sum, each, k) => sum + each * cross(b, c)[k], 0);
const usable = (columns) => columns.flat().every(Number.isFinite) && Math.abs(determinant(columns)) > 1e-12;

// Directions of the three stored axes in the patient (to the right, front and head, in mm), null where not told.
function axesOf(head, stored) {
  const float = (at) => head.getFloat32(at, true);
  const sizes = [80, 84, 88].map((at) => Math.abs(float(at)));
  const known = sizes.map((each) => Number.isFinite(each) && each > 0);
  const scale = MILLIMETRES[head.getUint8(123) & 7] ?? 1;
  const told = head.getInt16(254, true) > 0 || head.getInt16(252, true) > 0;
  const columns = told ? sform(head, stored) ?? qform(head, sizes.map((each, k) => (known[k] ? each : 1)), stored.every((each, k) => each < 2 || known[k])) : null;
  if (told && !columns) throw new ReadError("The place in the patient that this NIfTI file says it has cannot be; save it again with a right one.");
  const spacing = columns ? columns.map((column) => norm(column) * scale) : sizes.map((each, k) => (known[k] ? each * scale : NaN));
  return { columns, spacing };
}

function sform(head, stored) {
  if (head.getInt16(254, true) <= 0) return null;
  const columns = [0, 1, 2].map((column) => [280, 296, 312].map((row) => head.getFloat32(row + 4 * column, true)));
  const thin = [0, 1, 2].find((axis) => stored[axis] === 1 && !columns[axis].some(Boolean));
  if (thin !== undefined) {
    const normal = cross(columns[(thin + 1) % 3], columns[(thin + 2) % 3]);
    columns[thin] = normal.map((each) => each / (norm(normal) || 1));
  }
  return usable(columns) ? columns : null;
}

function qform(head, sizes, known) {
  if (head.getInt16(252, true) <= 0 || !known) return null;
  let [b, c, d] = [256, 260, 264].map((at) => head.getFloat32(at, true));
  const square = b * b + c * c + d * d;
  if (!(square <= 1.1)) return null;
  if (square > 1) [b, c, d] = [b, c, d].map((each) => each / Math.sqrt(square));
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
  const rows = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
  ];
  const lengths = [sizes[0], sizes[1], head.getFloat32(76, true) < 0 ? -sizes[2] : sizes[2]];
  const columns = [0, 1, 2].map((column) => rows.map((row) => row[column] * lengths[column]));
  return usable(columns) ? columns : null;
}

// Which stored axes are slices, rows and columns as radiologists look at them, and which count backwards.
function viewOf(stored, columns) {
  const source = [];
  const grows = [];
  (columns ?? [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]).forEach((column, axis) => {
    const parts = column.map((each) => Math.abs(each) / norm(column));
    const body = parts.findIndex((each) => each > CLEARLY);
    if (body < 0 || source[body] !== undefined) throw new ReadError("This NIfTI volume lies oblique in the patient, which is not read in the browser; open it in the app.");
    source[body] = axis;
    grows[axis] = column[body] > 0;
  });
  const [right, anterior, superior] = source;
  if (stored[superior] === 1 || (stored[anterior] > 1 && stored[right] > 1)) {
    return { axes: [superior, anterior, right], back: [!grows[superior], grows[anterior], grows[right]], plane: null };
  }
  if (stored[anterior] === 1) return { axes: [anterior, superior, right], back: [false, grows[superior], grows[right]], plane: "coronal" };
  return { axes: [right, superior, anterior], back: [false, grows[superior], grows[anterior]], plane: "sagittal" };
}

export async function readNifti(file, packed) {
  const pieces = new Pieces(file, packed);
  const head = new DataView((await pieces.take(348)).buffer);
  const magic = String.fromCharCode(head.getUint8(344), head.getUint8(345), head.getUint8(346));
  if (head.getInt32(0, true) !== 348) throw new ReadError(`This NIfTI file is of a kind that is not read in the browser; ${APP}.`);
  if (magic !== "n+1") throw new ReadError("This is one half of a .hdr/.img pair, which is not read here; save the volume as one .nii.gz file.");
  const stored = lengthsOf(head);
  const type = head.getInt16(70, true);
  const Numbers = TYPES[type];
  if (!Numbers) throw new ReadError("This NIfTI file holds colours or values of an unusual kind; save it as 16-bit integers or 32-bit floats.");
  const offset = head.getFloat32(108, true) || 352;
  if (!(offset >= 348 && offset <= FACTS.limits.upload_bytes)) throw new ReadError(DAMAGED);
  const { columns, spacing } = axesOf(head, stored);
  const view = viewOf(stored, columns);
  const [slices, height, width] = view.axes.map((axis) => stored[axis]);
  checkSize(width, height);
  const count = stored.reduce((a, b) => a * b);
  if (slices > FACTS.limits.slices || count * Math.max(Numbers.BYTES_PER_ELEMENT, 2) > FACTS.limits.stack_bytes) {
    throw new ReadError("This NIfTI volume is larger than what is read here; save a part of its slices.");
  }
  await pieces.take(Math.floor(offset) - 348);
  const numbers = new Numbers((await pieces.take(count * Numbers.BYTES_PER_ELEMENT)).buffer);
  // Shown as radiologists look at it; where the file does not say how, nobody knows how it lies.
  const lie = columns ? view.plane ?? "upright" : null;
  return { ...scaled(numbers, head, type), view, lie, stored, slices, height, width, spacing };
}

// From stored numbers to HU or grey levels: HU where the smallest is -100 or less, else 8 bits by the own range.
function scaled(numbers, head, type) {
  let [slope, intercept] = [head.getFloat32(112, true), head.getFloat32(116, true)];
  if (slope === 0 || !Number.isFinite(slope)) [slope, intercept] = [1, 0];
  if (!Number.isFinite(intercept)) throw new ReadError("This NIfTI file's intercept is not a number; save it again.");
  let [low, high] = [Infinity, -Infinity];
  for (const each of numbers) {
    if (!Number.isFinite(each)) continue;
    if (each < low) low = each;
    if (each > high) high = each;
  }
  if (low > high) low = high = 0;
  const plain = type === 2 && slope === 1 && intercept === 0;
  const [lowest, highest] = [low * slope + intercept, high * slope + intercept].sort((a, b) => a - b);
  const hounsfield = lowest <= HOUNSFIELD_FROM && !plain;
  const whole = Number.isInteger(slope) && Number.isInteger(intercept) && WHOLE.has(type);
  const finite = (value) => (Number.isNaN(value) ? lowest : value === Infinity ? highest : value === -Infinity ? lowest : value);
  const valueOf = (number) => {
    if (plain) return number;
    const value = finite(number * slope + intercept);
    if (hounsfield) return Math.min(Math.max(value, -32768), 32767);
    return highest > lowest ? Math.floor(((value - lowest) / (highest - lowest)) * 255 + 0.5) : 0;
  };
  const Values = !hounsfield ? Uint8Array : whole ? Int16Array : Float32Array;
  return { numbers, valueOf, Values, intensity: hounsfield ? "HU" : "8-bit" };
}

// One slice of a volume that was read, as it is shown.
export function niftiSlice({ numbers, valueOf, Values, intensity, view, lie, stored, slices, height, width, spacing }, index) {
  const strides = [1, stored[0], stored[0] * stored[1]];
  const place = (which, at, size) => (view.back[which] ? size - 1 - at : at) * strides[view.axes[which]];
  const pixels = new Values(width * height);
  const base = place(0, index, slices);
  for (let y = 0, at = 0; y < height; y++) {
    const row = base + place(1, y, height);
    for (let x = 0; x < width; x++, at++) pixels[at] = valueOf(numbers[row + place(2, x, width)]);
  }
  const [rows, columns] = view.axes.slice(1).map((axis) => spacing[axis]);
  const known = Number.isFinite(rows) && Number.isFinite(columns);
  return { pixels, width, height, intensity, spacing_mm: known ? [rows, columns] : null, source: "NIfTI", window: null, lie };
}
