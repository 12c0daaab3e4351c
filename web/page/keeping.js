/** What the service worker (offline.js) keeps: everything that it sees fetched. */

import { fetchBytes } from "./model_files.js";

const CODECS = ["fasdiff", "cgdm"];
const LIBRARIES = [
  "ort/ort.wasm.min.mjs", "ort/ort-wasm-simd-threaded.mjs", "ort/ort-wasm-simd-threaded.wasm",
  "zxing/es/share.js", "zxing/es/reader/index.js", "zxing/reader/zxing_reader.wasm",
]; // what works everywhere: the runtime with WebGPU is kept when it was used

/** Starts the service worker; what was fetched before it was there is fetched again. */
export async function keepPage() {
  const { serviceWorker } = navigator;
  if (serviceWorker.controller) return;
  const controlled = new Promise((done) => serviceWorker.addEventListener("controllerchange", done, { once: true }));
  await serviceWorker.register("offline.js");
  await controlled;
  const fetched = performance.getEntriesByType("resource").map(({ name }) => name);
  for (const name of fetched) if (name.startsWith(location.origin)) fetch(name);
}

/** Fetches what was not yet needed too; gives the MB there are, and says on the way how many are there. */
export async function keepAll(progress) {
  let size = 0;
  const keep = (bytes) => progress((size += bytes.byteLength) / 1e6);
  for (const name of LIBRARIES) keep(await fetch(`models/${name}`).then((answer) => answer.arrayBuffer()));
  for (const codec of CODECS) {
    const { files } = JSON.parse(new TextDecoder().decode(await fetchBytes(codec, "model.json")));
    for (const [name, hash] of Object.entries(files)) keep(await fetchBytes(codec, name, hash));
  }
  return size / 1e6;
}
