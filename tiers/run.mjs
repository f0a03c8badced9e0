// Runs the tiers module in Node: node run.mjs MODULE [--file PATH] -- WORDS…
// Prints the module's line; --time adds how long the call took, in milliseconds, on stderr.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const split = process.argv.indexOf("--", 2);
const [path, ...options] = process.argv.slice(2, split);
const words = process.argv.slice(split + 1).join(" ");
const option = (name) => options[options.indexOf(name) + 1];

// No imports: the module cannot read a clock, a random number or anything else of this machine.
const module = new WebAssembly.Module(readFileSync(path));
const { exports } = new WebAssembly.Instance(module, {});

/** Copies bytes to a place that the module has made room for. */
function put(room, bytes) {
  const at = room(bytes.length) >>> 0;
  new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
}

if (options.includes("--file")) put(exports.file_room, readFileSync(option("--file")));
put(exports.words_room, new TextEncoder().encode(words));
const began = performance.now();
const fine = exports.run_words() === 1;
const took = performance.now() - began;
const at = exports.text_at() >>> 0;
const text = new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at, exports.text_len()));
if (fine) console.log(text.trimEnd());
else console.error(text);
if (options.includes("--time")) console.error(`${took.toFixed(0)} ms`);
process.exitCode = fine ? 0 : 1;
