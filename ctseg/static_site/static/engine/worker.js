// The page's other side: questions come as { id, name, body }, answers go as { id, frame | json | file | refused | over }.
import { isSentence, Session } from "./session.js";

const session = new Session();
const ASKED = ["open", "upload", "opened", "slice", "begin", "run", "edit", "cuts", "truth", "cancel", "zip"];

async function answer(id, name, body) {
  try {
    if (!ASKED.includes(name)) throw new Error(`There is no question ${name}.`);
    const given = session[name](body);
    if (given[Symbol.asyncIterator]) {
      for await (const frame of given) postMessage({ id, frame }, [frame.buffer]);
    } else {
      const told = await given;
      if (told instanceof Uint8Array) postMessage({ id, file: told }, [told.buffer]);
      else postMessage({ id, json: told });
    }
    postMessage({ id, over: true });
  } catch (error) {
    if (!isSentence(error)) console.error(error);
    postMessage({ id, refused: isSentence(error) ? error.message : "This could not be done in your browser; reload the page and try again." });
  }
}

self.onmessage = ({ data: { id, name, body } }) => { answer(id, name, body); };
