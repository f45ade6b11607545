// Talks with the page's worker as the page does: { example, files, methods } to what each method found.
async ({ example, files, methods }) => {
  const worker = new Worker("engine/worker.js", { type: "module" });
  const { unpacked } = await import(new URL("engine/frames.js", document.baseURI).href);
  let count = 0;
  const ask = (name, body) => new Promise((resolve, reject) => {
    const id = (count += 1);
    const frames = [];
    let json;
    const hear = ({ data }) => {
      if (data.id !== id) return;
      if (data.refused !== undefined) reject(new Error(data.refused));
      if (data.frame) frames.push(data.frame);
      if (data.json !== undefined) json = data.json;
      if (!data.over) return;
      worker.removeEventListener("message", hear);
      resolve(json ?? frames);
    };
    worker.addEventListener("message", hear);
    worker.addEventListener("error", (event) => reject(new Error(event.message)));
    worker.postMessage({ id, name, body });
  });
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const given = (files ?? []).map(({ name, data }) => new File([bytes(data)], name));
  const opened = given.length ? await ask("upload", { files: given }) : await ask("open", { example });
  const { arrays, ...slice } = await unpacked((await ask("slice", { index: opened.index }))[0]);
  const found = {};
  if (methods.length) {
    const [plan] = await Promise.all((await ask("begin", { index: opened.index, methods, anew: true })).map(unpacked));
    for (const { name } of plan.methods) {
      const frames = await ask("run", { plan: plan.plan, method: name });
      const last = await unpacked(frames.at(-1));
      found[name] = last.state === "done" ? [...last.arrays.labels] : last.text;
    }
  }
  const [truth] = await Promise.all((methods.length ? await ask("truth", {}) : []).map(unpacked));
  worker.terminate();
  return { opened, slice, pixels: [...arrays.pixels], found, scores: truth?.scores, counts: truth?.judged };
}
