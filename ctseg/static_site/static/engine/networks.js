// Networks in the browser: ONNX Runtime (WebAssembly), graphs without weights, weights in half precision.
import * as ort from "../onnxruntime/ort.wasm.min.mjs";
import { FACTS } from "../facts.js";
import { inflated } from "./frames.js";
import { linear, areaGrey, linearGrey } from "./resize.js";
import { rint } from "./regions.js";
import { unmirrored } from "./affinities.js";

const HERE = new URL("../", import.meta.url);
const MULTIPLE = 32;
const sessions = new Map();

export class LoadError extends Error {}

// A file of the page's own folder, with word of how much of it is there; its sha256 is checked where the browser can.
async function fetched({ file, bytes, sha256 }, progress) {
  let answer;
  try {
    answer = await fetch(new URL(file, HERE));
  } catch {
    throw new LoadError("A part of this page cannot be fetched; check the connection and try again.");
  }
  if (!answer.ok) throw new LoadError(`The server of this page has no ${file}; ask its owner to publish it whole.`);
  const whole = new Uint8Array(bytes);
  let there = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (there + value.length > bytes) throw new LoadError(`${file} is longer than it was published; reload the page.`);
    whole.set(value, there);
    there += value.length;
    progress(there / bytes);
  }
  const digest = there === bytes && globalThis.crypto?.subtle ? await crypto.subtle.digest("SHA-256", whole) : null;
  const found = digest && [...new Uint8Array(digest)].map((each) => each.toString(16).padStart(2, "0")).join("");
  if (there !== bytes || (found && found !== sha256)) throw new LoadError(`${file} did not arrive as it was published; reload the page.`);
  return whole;
}

let runtime = null;

function startRuntime(progress) {
  runtime ??= (async () => {
    const { wasm } = ort.env;
    wasm.numThreads = globalThis.crossOriginIsolated ? Math.min(FACTS.max_threads, navigator.hardwareConcurrency || 1) : 1;
    wasm.wasmPaths = { mjs: new URL("onnxruntime/ort-wasm-simd-threaded.mjs", HERE).href };
    wasm.wasmBinary = await inflated(await fetched(FACTS.runtime, progress), "gzip");
  })();
  runtime.catch(() => { runtime = null; });
  return runtime;
}

// Half precision to single, by the bits (IEEE 754).
const halves = new Float32Array(65536).map((_, bits) => {
  const [sign, power, rest] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (power === 31) return rest ? NaN : sign * Infinity;
  return sign * (power ? 2 ** (power - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024));
});

// A safetensors file as the graph wants it: all tensors in single precision, one after another by their names.
function widened(file) {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const head = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  const names = Object.keys(head).filter((name) => name !== "__metadata__" && !name.endsWith("num_batches_tracked")).sort();
  const parts = names.map((name) => {
    const { dtype, data_offsets: [from, to] } = head[name];
    const bytes = file.slice(8 + length + from, 8 + length + to).buffer;
    if (dtype === "F16") return Float32Array.from(new Uint16Array(bytes), (bits) => halves[bits]);
    if (dtype === "F32") return new Float32Array(bytes);
    throw new LoadError("These weights are of a kind that this page does not know; ask its owner to export it again.");
  });
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(all.buffer);
}

export function isThere(network) { return sessions.has(network.weights.file); }

// Starts the runtime and the network; both come over the wire once. `progress` hears the share that is there.
export function opened(network, progress) {
  const name = network.weights.file;
  if (!sessions.has(name)) {
    const shares = { runtime: 0, weights: 0 };
    const all = FACTS.runtime.bytes + network.weights.bytes;
    const tell = (part) => (share) => {
      shares[part] = share;
      progress((shares.runtime * FACTS.runtime.bytes + shares.weights * network.weights.bytes) / all);
    };
    const making = (async () => {
      const [, graph, file] = await Promise.all([
        startRuntime(tell("runtime")), fetched(network.graph, () => {}), fetched(network.weights, tell("weights")),
      ]);
      return ort.InferenceSession.create(graph, {
        executionProviders: ["wasm"], externalData: [{ path: "weights", data: widened(file) }],
      });
    })();
    making.catch(() => sessions.delete(name));
    sessions.set(name, making);
  }
  return sessions.get(name);
}

// The slice as a network looks at it: its longer side brought to `size` px, black at the lower right.
function framed(grey, width, height, size) {
  const longer = Math.max(width, height);
  const [wide, high] = [width, height].map((side) => Math.max(1, rint((side * size) / longer)));
  const resized = (height > 2 * high ? areaGrey : linearGrey)(grey, width, height, wide, high);
  const side = Math.ceil(size / MULTIPLE) * MULTIPLE;
  const image = new Float32Array(side * side).fill(-1);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) image[y * side + x] = Math.fround(resized[y * wide + x] / 127.5) - 1;
  }
  return { image, side, wide, high };
}

function flipped(values, side) {
  const out = new Float32Array(values.length);
  for (let at = 0; at < values.length; at++) out[at] = values[at - (at % side) + side - 1 - (at % side)];
  return out;
}

const expit = (value) => 1 / (1 + Math.exp(-value));

// Probabilities of foreground and of the affinities, all of the frame's size.
async function look(session, image, side) {
  const { logits } = await session.run({ grey: new ort.Tensor("float32", image, [1, 1, side, side]) });
  const channels = Array.from({ length: logits.dims[1] }, (_, k) => logits.data.subarray(k * side * side, (k + 1) * side * side));
  const foreground = channels[1].map((each, at) => expit(Math.fround(each - channels[0][at])));
  return { foreground, affinities: channels.slice(2).map((channel) => channel.map(expit)) };
}

// The sum of the foreground's probabilities (0 to 2) over two looks, one in a mirror, at the slice's own size.
export async function foregroundTwice(session, grey, width, height, size, between) {
  const { image, side, wide, high } = framed(grey, width, height, size);
  const total = new Float32Array(width * height);
  for (const mirrored of [false, true]) {
    const { foreground } = await look(session, mirrored ? flipped(image, side) : image, side);
    const back = linear(cropped(mirrored ? flipped(foreground, side) : foreground, side, wide, high), wide, high, width, height);
    for (let at = 0; at < total.length; at++) total[at] += Math.min(Math.max(back[at], 0), 1);
    await between();
  }
  return total;
}

// Affinities at the network's size.
export async function affinitiesOnce(session, grey, width, height, size, offsets, between) {
  const { image, side, wide, high } = framed(grey, width, height, size);
  const { affinities } = await look(session, image, side);
  await between();
  return { channels: affinities.map((channel) => cropped(channel, side, wide, high)), offsets, width: wide, height: high };
}

// Foreground and affinities at the network's size, averaged over the slice and its mirror image.
export async function affinitiesTwice(session, grey, width, height, size, offsets, between) {
  const { image, side, wide, high } = framed(grey, width, height, size);
  const one = await look(session, image, side);
  await between();
  const other = await look(session, flipped(image, side), side);
  await between();
  const mean = (a, b) => cropped(a.map((each, at) => Math.fround(each + b[at]) * 0.5), side, wide, high);
  const turned = unmirrored(other.affinities, offsets, side, side);
  return {
    foreground: mean(one.foreground, flipped(other.foreground, side)),
    affinities: { channels: one.affinities.map((channel, k) => mean(channel, turned[k])), offsets, width: wide, height: high },
  };
}

function cropped(values, side, wide, high) {
  const out = new Float32Array(wide * high);
  for (let y = 0; y < high; y++) out.set(values.subarray(y * side, y * side + wide), y * wide);
  return out;
}
