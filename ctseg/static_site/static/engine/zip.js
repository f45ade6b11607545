// Packs files into a ZIP, stored as they are: pictures are deflated already, and tables are small.
import { crc32 } from "./png.js";

const UTF_8 = 0x0800;
const FIRST_DAY = 0x21; // 1 January 1980: no time is told, so the same results give the same bytes

function header(signature, bytes, values) {
  const out = new Uint8Array(bytes);
  const view = new DataView(out.buffer);
  view.setUint32(0, signature, true);
  for (const [at, size, value] of values) view[size === 2 ? "setUint16" : "setUint32"](at, value, true);
  return out;
}

// `files` are [name, bytes or text].
export async function zipOf(files) {
  const [parts, entries] = [[], []];
  let place = 0;
  for (const [name, given] of files) {
    const [called, content] = [new TextEncoder().encode(name), typeof given === "string" ? new TextEncoder().encode(given) : given];
    const facts = (at) => [[at, 2, 20], [at + 2, 2, UTF_8], [at + 8, 2, FIRST_DAY], [at + 10, 4, crc32(content)], [at + 14, 4, content.length], [at + 18, 4, content.length], [at + 22, 2, called.length]];
    parts.push(header(0x04034b50, 30, facts(4)), called, content);
    entries.push(header(0x02014b50, 46, [[4, 2, 20], ...facts(6), [42, 4, place]]), called);
    place += 30 + called.length + content.length;
  }
  const listed = entries.reduce((sum, part) => sum + part.length, 0);
  const end = header(0x06054b50, 22, [[8, 2, files.length], [10, 2, files.length], [12, 4, listed], [16, 4, place]]);
  return new Uint8Array(await new Blob([...parts, ...entries, end]).arrayBuffer());
}
