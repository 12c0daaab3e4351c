/**
 * Prints a line for each file: the SHA-256 of its tensors, int32 in the order lf, h, vector, y, or the kind of its refusal.
 *
 *     node web/tools/symbols.js WEIGHTS.safetensors SEED FILE...
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { ItgError } from "../itg/errors.js";
import { facesOf, split } from "../itg/faces.js";
import { grid, read } from "../itg/header.js";
import { tensorsOf } from "../itg/safetensors.js";
import { Stream } from "../itg/stream.js";

const load = (name) => {
  const bytes = readFileSync(name);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
};
const [weights, seed, ...files] = process.argv.slice(2);
const entropy = Object.entries(tensorsOf(load(weights))).filter(([name]) => name.startsWith("entropy."));
const stream = new Stream(Object.fromEntries(entropy.map(([name, tensor]) => [name.slice("entropy.".length), tensor])));

for (const file of files) {
  try {
    const { header, payload } = read(new Uint8Array(load(file)), () => Number(seed));
    const ground = header.faces ? split(payload, facesOf(header.faces).entries).ground : payload;
    const values = stream.decode(ground, header.quality, ...grid(header), header.focus);
    const hash = createHash("sha256");
    for (const name of ["lf", "h", "vector", "y"]) hash.update(Int32Array.from(values[name].data));
    console.log(hash.digest("hex"));
  } catch (error) {
    if (!(error instanceof ItgError)) throw error;
    console.log(error.kind);
  }
}
