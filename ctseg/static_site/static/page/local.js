// The stage asks a server; here a worker beside the page is that server. All scripts of the stage are joined into one
// scope, in which this `fetch` stands for the browser's: what they ask goes to the worker and nowhere else.

const worker = new Worker(new URL("engine/worker.js", document.baseURI), { type: "module" });
const asked = new Map();
let questions = 0;

worker.onmessage = ({ data: { id, ...said } }) => asked.get(id)?.(said);

function ask(name, body, signal) {
  const id = (questions += 1);
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
    asked.set(id, ({ frame, json, refused, over }) => {
      if (refused !== undefined) {
        end();
        stream.error(new Refused(refused));
        return resolve(new Response(JSON.stringify({ sentence: refused }), { status: 409 }));
      }
      if (json !== undefined) resolve(new Response(JSON.stringify(json)));
      if (frame) stream.enqueue(frame);
      if (frame || over) resolve(frames);
      if (!over) return undefined;
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
