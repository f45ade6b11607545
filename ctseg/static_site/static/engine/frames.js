// Frames of a JSON head and arrays, as ctseg.ui.compare.frames packs them.
const ARRAYS = { uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, uint32: Uint32Array };
const NAMES = new Map(Object.entries(ARRAYS).map(([name, type]) => [type, name]));

export async function inflated(bytes, format = "deflate") {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function unpacked(bytes) {
  const sizes = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 8 + sizes.getUint32(0, true);
  const { arrays: listed, deflated, ...message } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, at)));
  const arrays = {};
  for (const { name, type, bytes: size } of listed) {
    const part = bytes.slice(at, at + size);
    arrays[name] = new ARRAYS[type]((deflated ? await inflated(part) : part).buffer);
    at += size;
  }
  return { ...message, arrays };
}

export function packed(message, arrays = {}) {
  const listed = Object.entries(arrays).map(([name, array]) => ({ name, type: NAMES.get(array.constructor), bytes: array.byteLength }));
  const head = new TextEncoder().encode(JSON.stringify({ ...message, deflated: false, arrays: listed }));
  const body = listed.reduce((sum, { bytes }) => sum + bytes, 0);
  const frame = new Uint8Array(8 + head.length + body);
  new DataView(frame.buffer).setUint32(0, head.length, true);
  new DataView(frame.buffer).setUint32(4, body, true);
  frame.set(head, 8);
  let at = 8 + head.length;
  for (const array of Object.values(arrays)) {
    frame.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  return frame;
}

// Labels in as few bytes as hold them.
export function smallest(labels) {
  let most = 0;
  for (const label of labels) if (label > most) most = label;
  return most < 256 ? Uint8Array.from(labels) : most < 65536 ? Uint16Array.from(labels) : Uint32Array.from(labels);
}
