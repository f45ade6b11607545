// The stage's own way to the server: requests that show the page's pass, answers as frames of JSON and arrays.

const ARRAYS = { uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, uint32: Uint32Array };

class Refused extends Error {}

async function inflate(bytes, type) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new ARRAYS[type](await new Response(stream).arrayBuffer());
}

class Wire {
  constructor() {
    const path = new URL(window.gradio_config?.root ?? "/", window.location.href).pathname.replace(/\/$/, "");
    this.root = `${window.location.origin}${path}/compare`;
    this.pass = new Promise((answer) => { this.admit = answer; });
    this.entered = false;
  }

  // The ticket comes once, when the page has loaded; it is changed for the pass that all requests show.
  async enter(ticket) {
    if (!ticket || this.entered) return;
    this.entered = true;
    const answer = await fetch(`${this.root}/enter`, { method: "POST", body: JSON.stringify({ ticket }) });
    if (answer.ok) this.admit((await answer.json()).pass);
  }

  async ask(name, body = {}, signal = undefined) {
    const pass = await this.pass;
    const answer = await fetch(`${this.root}/${name}`, {
      method: "POST", headers: { "x-ctseg-pass": pass }, body: JSON.stringify(body), signal,
    });
    if (!answer.ok) {
      const { sentence, detail } = await answer.json().catch(() => ({}));
      throw new Refused(sentence ?? detail ?? "The server cannot answer now; try again in a minute.");
    }
    return answer;
  }

  async json(name, body, signal) { return (await this.ask(name, body, signal)).json(); }

  async frames(name, body, signal) {
    return readWhole(await this.ask(name, body, signal));
  }

  async public(name) { return fetch(`${this.root}/${name}`); }
}

// Frames of an answer as they arrive: {…head, arrays: {name: typed array}}.
async function* read(answer) {
  const reader = answer.body.getReader();
  let held = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (value) {
      const joined = new Uint8Array(held.length + value.length);
      joined.set(held);
      joined.set(value, held.length);
      held = joined;
    }
    for (let size = sizeOf(held); size; size = sizeOf(held)) {
      yield await opened(held.subarray(0, size));
      held = held.slice(size);
    }
    if (done) return;
  }
}

// All frames of an answer at once; nothing else has a turn in between where they are not deflated.
async function readWhole(answer) {
  let held = new Uint8Array(await answer.arrayBuffer());
  const all = [];
  for (let size = sizeOf(held); size; size = sizeOf(held)) {
    all.push(await opened(held.subarray(0, size)));
    held = held.subarray(size);
  }
  return all;
}

// Bytes of the first frame, 0 where it is not whole yet.
function sizeOf(held) {
  if (held.length < 8) return 0;
  const sizes = new DataView(held.buffer, held.byteOffset);
  const size = 8 + sizes.getUint32(0, true) + sizes.getUint32(4, true);
  return held.length < size ? 0 : size;
}

async function opened(frame) {
  let at = 8 + new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
  const message = JSON.parse(new TextDecoder().decode(frame.subarray(8, at)));
  const arrays = {};
  for (const { name, type, bytes } of message.arrays) {
    const part = frame.slice(at, at + bytes);
    arrays[name] = message.deflated ? await inflate(part, type) : new ARRAYS[type](part.buffer);
    at += bytes;
  }
  return { ...message, arrays };
}

// What is on its way when the page is left is given up, by the stage or the framework: that is no error.
window.addEventListener("unhandledrejection", (event) => { if (event.reason?.name === "AbortError") event.preventDefault(); });
