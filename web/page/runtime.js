/** ONNX Runtime Web: networks run on the GPU where there is one, and by wasm where there is none or it fails. */

import { ItgError } from "../itg/index.js";

const FOLDER = new URL("../models/ort/", import.meta.url).href;

/** Whether WebGPU has more than a processor that plays its part, and the browser what that build of the runtime needs. */
async function gpu() {
  if (!("Suspending" in WebAssembly)) return false;
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return !!adapter && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
}

/** { Tensor, InferenceSession } for a `Reader`; where the runtime cannot be fetched, something that says so. */
export async function runtime() {
  const fast = await gpu(), ort = await import(`${FOLDER}${fast ? "ort.jspi.min.mjs" : "ort.wasm.min.mjs"}`).catch(() => null);
  if (!ort) return { Tensor: missing };
  ort.env.wasm.wasmPaths = FOLDER;
  return fast ? { Tensor: ort.Tensor, InferenceSession: { create: (...all) => session(ort, ...all) } } : ort;
}

/** A session on the GPU that goes over to wasm when it cannot be made there, or fails there. */
async function session(ort, bytes, options) {
  const by = (...executionProviders) => ort.InferenceSession.create(bytes, { ...options, executionProviders });
  let own = await by("webgpu", "wasm").catch(() => by("wasm"));
  const again = async (feeds) => (own = await by("wasm")).run(feeds);
  return { inputNames: own.inputNames, run: (feeds) => own.run(feeds).catch(() => again(feeds)) };
}

function missing() {
  throw new ItgError("MissingModel", "models/ort cannot be fetched: look at the network, or run scripts/build_web.py");
}
