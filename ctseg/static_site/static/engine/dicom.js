// Uncompressed CT slices in DICOM, little endian: what ctseg.slices.dicom reads of them; all else is refused.
import { checkSize } from "./png.js";
import { ReadError } from "./errors.js";

const IMPLICIT = "1.2.840.10008.1.2";
const EXPLICIT = "1.2.840.10008.1.2.1";
const CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2";
const LONG = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
const UNDEFINED = 0xffffffff;
const HOUNSFIELD_TYPES = ["", "HU", "US"];
const AIR_HU = -1024;
const MAX_SPACING_MM = 1000;
const MAX_DEPTH = 16;
const DAMAGED = "This DICOM file is damaged; export or download it again.";
const CONTRADICTION = "This DICOM file is damaged: its header and its pixels contradict each other; export it again.";

class Reader {
  constructor(bytes) { Object.assign(this, { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 132 }); }

  tag() {
    if (this.at + 8 > this.bytes.length) throw new ReadError(DAMAGED);
    return this.view.getUint16(this.at, true) * 65536 + this.view.getUint16(this.at + 2, true);
  }

  // The element at the reader's place: its tag, where its value begins and how long it is; the reader stands behind its head.
  head(explicit) {
    const tag = this.tag();
    if (!explicit || tag >= 0xfffe0000) {
      this.at += 8;
      return { tag, vr: "", length: this.view.getUint32(this.at - 4, true) };
    }
    const vr = String.fromCharCode(this.bytes[this.at + 4], this.bytes[this.at + 5]);
    if (!/^[A-Z]{2}$/.test(vr)) throw new ReadError(DAMAGED);
    const long = LONG.has(vr);
    if (long && this.at + 12 > this.bytes.length) throw new ReadError(DAMAGED);
    const length = long ? this.view.getUint32(this.at + 8, true) : this.view.getUint16(this.at + 6, true);
    this.at += long ? 12 : 8;
    return { tag, vr, length };
  }

  skip({ vr, length }, explicit, depth = 0) {
    if (depth > MAX_DEPTH) throw new ReadError(DAMAGED);
    if (length !== UNDEFINED) {
      this.at += length;
      if (this.at > this.bytes.length) throw new ReadError(DAMAGED);
      return;
    }
    const within = explicit && vr !== "UN";
    for (let item = this.head(within); item.tag !== 0xfffee0dd; item = this.head(within)) {
      if (item.tag !== 0xfffee000) throw new ReadError(DAMAGED);
      if (item.length !== UNDEFINED) this.skip(item, within, depth + 1);
      else for (let inner = this.head(within); inner.tag !== 0xfffee00d; inner = this.head(within)) this.skip(inner, within, depth + 1);
    }
  }
}

const hex = (group, element) => group * 65536 + element;

function elementsOf(bytes) {
  const reader = new Reader(bytes);
  const found = new Map();
  const value = ({ length }) => bytes.subarray(reader.at, reader.at + length);
  while (reader.at + 8 <= bytes.length && reader.tag() < hex(3, 0)) {
    const element = reader.head(true);
    found.set(element.tag, { ...element, bytes: value(element) });
    reader.skip(element, true);
  }
  const syntax = textOf(found.get(hex(2, 0x10)));
  if (syntax !== IMPLICIT && syntax !== EXPLICIT) {
    throw new ReadError("This DICOM file is compressed or stored in an unusual order, which is not read in the browser; open it in the app, or export it uncompressed.");
  }
  for (let last = 0; reader.at + 8 <= bytes.length;) {
    const element = reader.head(syntax === EXPLICIT);
    if (element.tag <= last) throw new ReadError(DAMAGED);
    last = element.tag;
    if (element.tag === hex(0x7fe0, 0x10) && element.length === UNDEFINED) throw new ReadError(CONTRADICTION);
    if (element.length !== UNDEFINED && reader.at + element.length > bytes.length) throw new ReadError("This DICOM file ends before its last pixel; export or download it again.");
    found.set(element.tag, { ...element, bytes: element.length === UNDEFINED ? new Uint8Array(0) : value(element) });
    if (element.tag === hex(0x7fe0, 0x10)) break;
    reader.skip(element, syntax === EXPLICIT);
  }
  return found;
}

const textOf = (element) => (element ? new TextDecoder("latin1").decode(element.bytes).replace(/[\0 ]+$/, "").trim() : "");

// Numbers of an element: text (DS, IS), or integers of two bytes. null where it has not so many, or one is none.
function numbersOf(element, count) {
  const parts = textOf(element).split("\\");
  if (!element || parts.length < count) return null;
  const numbers = parts.slice(0, count).map((part) => (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(part.trim()) ? Number(part) : NaN));
  return numbers.every(Number.isFinite) ? numbers : null;
}

function shortOf(element, signed = false) {
  if (element?.bytes.length !== 2) return null;
  const view = new DataView(element.bytes.buffer, element.bytes.byteOffset, 2);
  return signed ? view.getInt16(0, true) : view.getUint16(0, true);
}

function refuseOther(get) {
  const [sopClass, modality] = [textOf(get(8, 0x16)), textOf(get(8, 0x60)).toUpperCase()];
  if (sopClass !== CT_IMAGE || (modality && modality !== "CT")) {
    throw new ReadError("This DICOM file is not a single CT image, and nothing else is read in the browser; choose a slice of the CT series, or open it in the app.");
  }
  if (textOf(get(8, 8)).split("\\").some((kind) => kind.trim() === "LOCALIZER")) throw new ReadError("This DICOM file is a scout view (localizer), not a slice through the body; choose a slice of the CT series.");
  if ((shortOf(get(0x28, 2)) ?? 1) !== 1 || textOf(get(0x28, 4)) === "PALETTE COLOR") throw new ReadError("This DICOM file holds a colour image, as screenshots and renderings are; choose a slice of the original CT series.");
  const frames = get(0x28, 8) ? numbersOf(get(0x28, 8), 1) : [1];
  if (frames?.[0] !== 1) throw new ReadError("This DICOM file holds several images, which are not read in the browser; open it in the app.");
  if (get(0x28, 0x3000)) throw new ReadError("This DICOM file maps its values by a table, which is not read in the browser; open it in the app.");
}

// HU of the pixels, with the bits outside BitsStored left out (PS3.5 8.1.1) and padding at the lowest value.
function hounsfield(get, width, height) {
  const [allocated, stored, highBit, signed] = [shortOf(get(0x28, 0x100)), shortOf(get(0x28, 0x101)), shortOf(get(0x28, 0x102)), shortOf(get(0x28, 0x103))];
  const data = get(0x7fe0, 0x10);
  if (!data) throw new ReadError("This DICOM file holds no image; choose a slice of the CT series.");
  if (![8, 16].includes(allocated) || !(stored >= 1 && stored <= allocated) || highBit !== stored - 1 || ![0, 1].includes(signed)) {
    throw new ReadError("This DICOM file stores its values in an unusual way, which is not read in the browser; open it in the app.");
  }
  const size = width * height * (allocated / 8);
  if (data.bytes.length !== size + (size % 2)) throw new ReadError(CONTRADICTION);
  const [slope, intercept, kind] = [numbersOf(get(0x28, 0x1053), 1), numbersOf(get(0x28, 0x1052), 1), textOf(get(0x28, 0x1054)).toUpperCase()];
  if (!slope || !intercept || slope[0] === 0 || !HOUNSFIELD_TYPES.includes(kind)) {
    throw new ReadError("This DICOM file does not say how its values become Hounsfield units; export the CT series again.");
  }
  const bytes = data.bytes.slice(0, size).buffer;
  const cells = allocated === 16 ? new Uint16Array(bytes) : new Uint8Array(bytes);
  const room = 32 - stored;
  const values = Int32Array.from(cells, (cell) => (signed ? (cell << room) >> room : (cell << room) >>> room));
  const padded = paddingOf(get, values, stored, signed);
  let lowest = Infinity;
  values.forEach((value, at) => { if (!padded?.[at]) lowest = Math.min(lowest, value * slope[0] + intercept[0]); });
  if (lowest === Infinity) lowest = AIR_HU;
  return Float32Array.from(values, (value, at) => (padded?.[at] ? lowest : value * slope[0] + intercept[0]));
}

function paddingOf(get, values, stored, signed) {
  const [first, limit] = [get(0x28, 0x120), get(0x28, 0x121)].map((element) => element && shortOf(element, signed === 1));
  if (first === undefined) return null;
  const ends = [first, limit ?? first].sort((a, b) => a - b);
  const lowest = signed ? -(2 ** (stored - 1)) : 0;
  if (ends.includes(null) || ends[0] < lowest || ends[1] >= lowest + 2 ** stored) {
    throw new ReadError("This DICOM file fills its border with a value that its pixels cannot hold; open it in the app.");
  }
  return Uint8Array.from(values, (value) => (value >= ends[0] && value <= ends[1] ? 1 : 0));
}

const cross = ([a, b, c], [d, e, f]) => [b * f - c * e, c * d - a * f, a * e - b * d];
const dot = (a, b) => a.reduce((sum, each, k) => sum + each * b[k], 0);

function cosinesOf(get) {
  const cosines = numbersOf(get(0x20, 0x37), 6);
  if (!cosines) return null;
  const [row, column] = [cosines.slice(0, 3), cosines.slice(3)];
  const square = Math.abs(dot(row, column)) < 0.01 && [row, column].every((each) => Math.abs(dot(each, each) - 1) < 0.01);
  return square ? { row, column, normal: cross(row, column) } : null;
}

// Where the patient's front points on the display (ctseg.slices.orientation.lie_of), null where that is not told.
function lieOf(cosines) {
  if (!cosines) return null;
  const steep = cosines.normal.map(Math.abs);
  const across = steep.indexOf(Math.max(...steep));
  if (across !== 2) return across === 0 ? "sagittal" : "coronal";
  // In DICOM y counts to the back.
  const [down, along] = [cosines.column[1], cosines.row[1]];
  if (Math.abs(down) >= Math.abs(along)) return down > 0 ? "upright" : "upside down";
  return along > 0 ? "left" : "right";
}

export function readDicom(bytes) {
  const found = elementsOf(bytes);
  const get = (group, element) => found.get(hex(group, element));
  refuseOther(get);
  const [height, width] = [shortOf(get(0x28, 0x10)), shortOf(get(0x28, 0x11))];
  if (!height || !width) throw new ReadError("This DICOM file holds no image; choose a slice of the CT series.");
  checkSize(width, height);
  const spacing = numbersOf(get(0x28, 0x30), 2);
  const [widths, levels] = [numbersOf(get(0x28, 0x1051), 1), numbersOf(get(0x28, 0x1050), 1)];
  const cosines = cosinesOf(get);
  const position = numbersOf(get(0x20, 0x32), 3);
  return {
    pixels: hounsfield(get, width, height), width, height, intensity: "HU", source: "DICOM",
    spacing_mm: spacing?.every((each) => each > 0 && each < MAX_SPACING_MM) ? spacing : null,
    window: widths?.[0] > 0 && levels ? { width: widths[0], level: levels[0] } : null,
    series: textOf(get(0x20, 0xe)), cosines, position, lie: lieOf(cosines),
  };
}

// Slices of one series in the order of their places, feet first; refused where they do not belong together.
export function inOrder(slices) {
  const [first] = slices;
  const alike = (each) => each.series === first.series && each.width === first.width && each.height === first.height
    && String(each.spacing_mm) === String(first.spacing_mm) && each.cosines && Math.abs(dot(each.cosines.normal, first.cosines?.normal ?? [0, 0, 0]) - 1) < 0.001
    && Math.abs(dot(each.cosines.row, first.cosines.row) - 1) < 0.001;
  if (!slices.every(alike)) throw new ReadError("These files are not slices of one series and one size; choose those of one series.");
  if (!slices.every(({ position }) => position)) throw new ReadError("These files do not say where their slices lie; choose one of them, or open them in the app.");
  const steep = first.cosines.normal.map(Math.abs);
  const flip = steep.indexOf(Math.max(...steep)) === 2 && first.cosines.normal[2] < 0 ? -1 : 1;
  const along = (each) => flip * dot(each.position, first.cosines.normal);
  const sorted = [...slices].sort((a, b) => along(a) - along(b));
  if (sorted.some((each, k) => k && along(each) - along(sorted[k - 1]) < 0.005)) {
    throw new ReadError("Several of these slices lie at one place; choose those of one pass, or open them in the app.");
  }
  return sorted;
}
