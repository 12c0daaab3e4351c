/** Golden files decode to the integers that Python's decoder gives. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { ItgError } from "../itg/errors.js";
import { grid, read } from "../itg/header.js";
import { tensorsOf } from "../itg/safetensors.js";
import { Stream } from "../itg/stream.js";

const GOLDEN = new URL("../../tests/golden/", import.meta.url);
const load = (name) => {
  const bytes = readFileSync(new URL(name, GOLDEN));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
};
const stream = new Stream(tensorsOf(load("tiny.safetensors"))), expected = tensorsOf(load("expected.safetensors"));
const seed = ({ digest }) => {
  if (!digest) throw new ItgError("MissingModel", "the file needs another stream");
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0);
};

for (const file of readdirSync(GOLDEN).filter((name) => name.endsWith(".itg"))) {
  test(file, () => {
    const { header, payload } = read(new Uint8Array(load(file)), seed);
    const values = stream.decode(payload, header.quality, ...grid(header), header.focus);
    for (const [name, { data }] of Object.entries(values)) {
      assert.deepEqual(Array.from(data), Array.from(expected[`${file.replace(".itg", "")}.${name}`].data, Number));
    }
  });
}

test("every damaged byte is refused", () => {
  const whole = new Uint8Array(load("small.itg"));
  for (let i = 0; i < whole.length; i += 3) {
    const bytes = whole.slice();
    bytes[i] ^= 1;
    assert.throws(() => read(bytes, seed), { name: "ItgError" });
    assert.throws(() => read(whole.subarray(0, i), seed), { name: "ItgError" });
  }
});
