/**
 * Codes tensors (lf, h, vector, y of a safetensors file) into at most so many bytes of payload; prints the file in hexadecimal.
 *
 *     node web/tools/code.js WEIGHTS.safetensors TENSORS.safetensors '{"budget": 300, "seed": 7, "width": 96, …}'
 */

import { readFileSync } from "node:fs";

import { written } from "../itg/header.js";
import { tensorsOf } from "../itg/safetensors.js";
import { largest } from "../itg/search.js";
import { Stream } from "../itg/stream.js";

const load = (name) => {
  const bytes = readFileSync(name);
  return tensorsOf(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const [weights, file, options] = process.argv.slice(2), { budget, focus, seed, ...header } = JSON.parse(options);
const entropy = Object.entries(load(weights)).filter(([name]) => name.startsWith("entropy."));
const stream = new Stream(Object.fromEntries(entropy.map(([name, tensor]) => [name.slice("entropy.".length), tensor])));
const tensors = load(file), [, rows, columns] = tensors.h.shape;
const flat = Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]));
const trial = (index) => stream.trial(flat, index, rows, columns, focus);
const { payload, index } = await largest(trial, budget, 32 * 32 * rows * columns);
const bytes = written({ ...header, quality: index ?? 0 }, payload, seed);
console.log(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
