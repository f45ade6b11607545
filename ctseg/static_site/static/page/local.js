// The stage asks a server; here a worker beside the page is that server. All scripts of the stage are joined into one
// scope, in which this `fetch` stands for the browser's: what they ask goes to the worker and nowhere else.

const worker = new Worker(new URL("engine/worker.js", document.baseURI), { type: "module" });
const asked = new Map();
let questions = 0;

worker.onmessage = ({ data: { id, ...said } }) => asked.get(id)?.(said);

// What a visitor asks first of a page that computes by itself: how fast it is here.
const ran = document.querySelector("#ran");
const threads = window.crossOriginIsolated ? Math.min(FACTS.max_threads, navigator.hardwareConcurrency || 1) : 1;
const onThreads = `networks on ${threads === 1 ? "one thread" : `${threads} threads`}`;
let began = null;

function firstResult() {
  if (began === null) return;
  ran.textContent = `First result after ${((performance.now() - began) / 1000).toFixed(1)} s, fetching included · ${onThreads}`;
  began = null;
}

function ask(name, body, signal) {
  const id = (questions += 1);
  if (name === "begin") began = body.anew ? performance.now() : null;
  return new Promise((resolve, reject) => {
    let stream = null;
    const frames = new Response(new ReadableStream({ start: (controller) => { stream = controller; } }));
    const aborted = () => {
      const error = new DOMException("Stopped", "AbortError");
      asked.delete(id);
      stream.error(error);
      reject(error);
    };
    const end = () => {
      asked.delete(id);
      signal?.removeEventListener("abort", aborted);
    };
    signal?.addEventListener("abort", aborted);
    asked.set(id, ({ frame, json, file, refused, over }) => {
      if (refused !== undefined) {
        end();
        stream.error(new Refused(refused));
        return resolve(new Response(JSON.stringify({ sentence: refused }), { status: 409 }));
      }
      if (json !== undefined) resolve(new Response(JSON.stringify(json)));
      if (file) resolve(new Response(file));
      if (frame) stream.enqueue(frame);
      if (frame || over) resolve(frames); // the first answer counts
      if (!over) return undefined;
      if (name === "run") firstResult();
      end();
      return stream.close();
    });
    worker.postMessage({ id, name, body });
  });
}

function fetch(address, { body = "{}", signal } = {}) {
  const name = address.split("/").at(-1);
  if (name === "enter") return Promise.resolve(new Response(JSON.stringify({ pass: "" })));
  if (name === "shelf") return Promise.resolve(new Response(JSON.stringify(FACTS.examples)));
  if (name === "opening") return window.fetch(new URL("opening.frames", document.baseURI));
  return ask(name, JSON.parse(body), signal);
}
