// PNG and JPEG: grey levels of unknown window, as ctseg.slices.formats.png_jpeg reads them.
import { FACTS } from "../facts.js";
import { inflated } from "./frames.js";
import { ReadError } from "./errors.js";

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DAMAGED = "This image is damaged or incomplete; export it again.";
const TURNED = "This image says that it is to be turned when it is shown; turn it upright in an image program and save it again.";

const crcTable = Uint32Array.from({ length: 256 }, (_, at) => {
  let crc = at;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

export function checkSize(width, height) {
  const { side } = FACTS.limits;
  if (width < 1 || height < 1) throw new ReadError("This file says that its image has no pixels; export it again.");
  if (width > side || height > side) throw new ReadError(`This image has ${width} x ${height} pixels, more than the ${side} x ${side} read here; crop or shrink it.`);
}

function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const [length, name] = [view.getUint32(at), String.fromCharCode(...bytes.subarray(at + 4, at + 8))];
    const end = at + 8 + length;
    if (end + 4 > bytes.length || crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) throw new ReadError(DAMAGED);
    chunks.push([name, bytes.subarray(at + 8, end)]);
    if (name === "IEND") return chunks;
    at = end + 4;
  }
  throw new ReadError(DAMAGED);
}

// Orientation in Exif (TIFF tag 274) or XMP; anything but upright is refused, so that nothing lies turned unsaid.
function refuseTurned(bytes) {
  const text = new TextDecoder("latin1").decode(bytes);
  const xmp = /tiff:Orientation(?:="|>)\s*(\d)/.exec(text);
  if (xmp && xmp[1] !== "1") throw new ReadError(TURNED);
  const start = text.startsWith("Exif\0\0") ? 6 : 0;
  const little = text.startsWith("II", start);
  if (!little && !text.startsWith("MM", start)) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start);
  const first = view.byteLength >= 8 ? view.getUint32(4, little) : Infinity;
  const count = first + 2 <= view.byteLength ? view.getUint16(first, little) : 0;
  for (let at = first + 2, k = 0; k < count && at + 12 <= view.byteLength; k++, at += 12) {
    if (view.getUint16(at, little) === 274 && view.getUint16(at + 8, little) > 1) throw new ReadError(TURNED);
  }
}

// Undoes the filters of the rows (PNG 9.2); returns bytes without the filter of each row.
function unfiltered(raw, rowBytes, height, step) {
  if (raw.length < (rowBytes + 1) * height) throw new ReadError(DAMAGED);
  const out = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const kind = raw[y * (rowBytes + 1)];
    if (kind > 4) throw new ReadError(DAMAGED);
    for (let x = 0; x < rowBytes; x++) {
      const at = y * rowBytes + x;
      const left = x >= step ? out[at - step] : 0;
      const above = y ? out[at - rowBytes] : 0;
      const corner = y && x >= step ? out[at - rowBytes - step] : 0;
      const guess = left + above - corner;
      const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
      const paeth = a <= b && a <= c ? left : b <= c ? above : corner;
      out[at] = raw[y * (rowBytes + 1) + 1 + x] + [0, left, above, (left + above) >> 1, paeth][kind];
    }
  }
  return out;
}

const luma = (red, green, blue) => red * 0.299 + green * 0.587 + blue * 0.114;

export async function readPng(bytes) {
  const chunks = chunksOf(bytes);
  const found = (name) => chunks.find(([each]) => each === name)?.[1];
  const head = found("IHDR");
  if (head?.length !== 13) throw new ReadError(DAMAGED);
  const view = new DataView(head.buffer, head.byteOffset, 13);
  const [width, height, bits, colour] = [view.getUint32(0), view.getUint32(4), head[8], head[9]];
  checkSize(width, height);
  if (head[12]) throw new ReadError("This PNG is interlaced, which is not read in the browser; save it without interlacing.");
  const channels = CHANNELS[colour];
  if (!channels || ![1, 2, 4, 8, 16].includes(bits)) throw new ReadError(DAMAGED);
  for (const [name, data] of chunks) if (["eXIf", "iTXt", "tEXt", "zTXt"].includes(name)) refuseTurned(data);
  const clear = found("tRNS");
  if (clear && colour === 2) throw new ReadError("This PNG makes one colour transparent, which is not read in the browser; save it without transparency.");
  const rowBytes = Math.ceil((width * bits * channels) / 8);
  let raw;
  try {
    raw = await inflated(await new Blob(chunks.filter(([name]) => name === "IDAT").map(([, data]) => data)).arrayBuffer());
  } catch {
    throw new ReadError(DAMAGED);
  }
  const rows = unfiltered(raw, rowBytes, height, Math.max(1, (bits * channels) >> 3));
  const sample = (x, y, channel) => {
    const place = x * channels + channel;
    if (bits === 16) return rows[y * rowBytes + 2 * place] * 256 + rows[y * rowBytes + 2 * place + 1];
    if (bits === 8) return rows[y * rowBytes + place];
    return (rows[y * rowBytes + ((place * bits) >> 3)] >> (8 - bits - ((place * bits) & 7))) & ((1 << bits) - 1);
  };
  const most = bits === 16 ? 65535 : 255;
  const palette = found("PLTE");
  const clearGrey = clear && colour === 0 ? new DataView(clear.buffer, clear.byteOffset).getUint16(0) : -1;
  const levelAt = (x, y) => {
    const first = sample(x, y, 0);
    if (colour === 3) {
      if (!palette || 3 * first + 2 >= palette.length) throw new ReadError(DAMAGED);
      return luma(...palette.subarray(3 * first, 3 * first + 3)) * ((clear?.[first] ?? 255) / 255);
    }
    if (colour === 0) return first === clearGrey ? 0 : bits < 8 ? first * (255 / ((1 << bits) - 1)) : first;
    if (colour === 4) return first * (sample(x, y, 1) / most);
    return luma(first, sample(x, y, 1), sample(x, y, 2)) * (colour === 6 ? sample(x, y, 3) / most : 1);
  };
  const levels = new Float64Array(width * height);
  for (let y = 0, at = 0; y < height; y++) for (let x = 0; x < width; x++, at++) levels[at] = Math.floor(levelAt(x, y) + 0.5);
  return image(bits === 16 ? toEight(levels) : Uint8Array.from(levels), width, height, "PNG");
}

// By their own smallest and largest value.
export function toEight(levels) {
  let [low, high] = [Infinity, -Infinity];
  for (const level of levels) [low, high] = [Math.min(low, level), Math.max(high, level)];
  return Uint8Array.from(levels, (level) => (high > low ? Math.floor(((level - low) / (high - low)) * 255 + 0.5) : 0));
}

const image = (pixels, width, height, source) => ({ pixels, width, height, intensity: "8-bit", spacing_mm: null, source, window: null });

const FRAMES = new Set([0xc0, 0xc1, 0xc2]);

// Walks to the frame's marker (T.81, B.1.1.3) and refuses what the browser would decode in another way.
function checkJpeg(bytes) {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const [marker, length] = [bytes[at + 1], bytes[at + 2] * 256 + bytes[at + 3]];
    if (marker === 0xe1) refuseTurned(bytes.subarray(at + 4, at + 2 + length));
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      if (!FRAMES.has(marker) || bytes[at + 4] !== 8) throw new ReadError("This JPEG is lossless or has more than 8 bits a sample, and only 8-bit JPEG is read here; save it as PNG.");
      if (![1, 3].includes(bytes[at + 9])) throw new ReadError("This JPEG has four colours, as for printing; save it as PNG.");
      return checkSize(bytes[at + 7] * 256 + bytes[at + 8], bytes[at + 5] * 256 + bytes[at + 6]);
    }
    at += marker === 0xff ? 1 : 2 + length;
  }
  throw new ReadError(DAMAGED);
}

export async function readJpeg(bytes) {
  checkJpeg(bytes);
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new ReadError(DAMAGED);
  }
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  refuseAlteredCanvas();
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(width * height);
  for (let at = 0; at < pixels.length; at++) pixels[at] = Math.floor(luma(data[4 * at], data[4 * at + 1], data[4 * at + 2]) + 0.5);
  return image(pixels, width, height, "JPEG");
}

// Some browsers change what pages read from a canvas, so that they cannot be told apart by it.
function refuseAlteredCanvas() {
  const context = new OffscreenCanvas(16, 16).getContext("2d", { willReadFrequently: true });
  const drawn = new ImageData(16, 16);
  drawn.data.forEach((_, at) => { drawn.data[at] = at % 4 === 3 ? 255 : (at * 37) & 255; });
  context.putImageData(drawn, 0, 0);
  if (context.getImageData(0, 0, 16, 16).data.some((value, at) => value !== drawn.data[at])) {
    throw new ReadError("This browser changes the pixels that a page reads from a JPEG; save the image as PNG.");
  }
}
