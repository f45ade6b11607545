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
    const all = [];
    for await (const one of read(await this.ask(name, body, signal))) all.push(one);
    return all;
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
    while (held.length >= 8) {
      const sizes = new DataView(held.buffer, held.byteOffset);
      const head = sizes.getUint32(0, true);
      const body = sizes.getUint32(4, true);
      if (held.length < 8 + head + body) break;
      yield await opened(held.slice(8, 8 + head), held.slice(8 + head, 8 + head + body));
      held = held.slice(8 + head + body);
    }
    if (done) return;
  }
}

async function opened(head, body) {
  const message = JSON.parse(new TextDecoder().decode(head));
  const arrays = {};
  let at = 0;
  for (const { name, type, bytes } of message.arrays) {
    arrays[name] = await inflate(body.subarray(at, at + bytes), type);
    at += bytes;
  }
  return { ...message, arrays };
}
