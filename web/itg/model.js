/** A codec's integers and graphs, fetched when they are first needed: `pipeline/decoder.py` in small, and the analysis. */

import { ItgError } from "./errors.js";
import { grid } from "./header.js";
import { field } from "./noise.js";
import { packets } from "./packets.js";
import { tensorsOf } from "./safetensors.js";
import { Stream } from "./stream.js";

const START = [1.5, 0.5], LADDERS = { 1: [1], 2: [1, 0.35], 4: [1, 0.55, 0.28, 0.13] };
const LATENT_BOUND = 2; // of CGDM: how far a drawn latent lies from the base
const LARGEST = 128; // latents a side that are drawn at once
const LEVELS = ["map0", "map1", "map2", "scale0", "scale1", "scale2"];

export class Model {
  /** fetchBytes(name, hash) gives an ArrayBuffer of a file of the codec's folder; `model.json` has no hash. */
  static async load(ort, fetchBytes) {
    const about = JSON.parse(new TextDecoder().decode(await fetchBytes("model.json")));
    const fetched = (name) => fetchBytes(name, about.files[name]);
    return new Model(ort, fetched, about, tensorsOf(await fetched("entropy.safetensors")));
  }

  constructor(ort, fetchBytes, about, entropy) {
    Object.assign(this, { ort, fetchBytes, about });
    this.stream = new Stream(entropy);
    this.sessions = {};
  }

  get seed() {
    return this.about.seed;
  }

  /** Runs a graph on the tensors that it has inputs for. */
  async run(name, feeds) {
    this.sessions[name] ??= this.fetchBytes(`${name}.onnx`).then((bytes) =>
      this.ort.InferenceSession.create(new Uint8Array(bytes), { graphOptimizationLevel: "all" }));
    const session = await this.sessions[name];
    return session.run(Object.fromEntries(session.inputNames.map((input) => [input, feeds[input]])));
  }

  tensor(data, dims) {
    return new this.ort.Tensor("float32", data, dims);
  }

  /** { tensors, grid } of a picture whose sides are multiples of 32: the coded tensors, in units, before they are rounded. */
  async analyse(picture) {
    const { data, dims } = packets(picture);
    const { y, deep } = await this.run("analysis", { p: this.tensor(data, dims) });
    const { lf, h } = await this.run("finish", { deep });
    return { tensors: { lf: lf.data, h: h.data, y: y.data }, grid: h.dims.slice(2) };
  }

  /** The coded tensors of a payload: integers with 12 fractional bits. */
  symbols(payload, { quality, focus, ...size }) {
    return this.stream.decode(payload, quality, ...grid(size), focus);
  }

  /** { width, height, data: RGBA } of coded tensors, at their coded size. */
  async draw(values, { quality, width, height, halvings, grey }, { steps = 4, realism = 1, seed = 0, progress = () => {} } = {}) {
    const { h, w } = values.y; // at 1/16
    if (2 * h > LARGEST || 2 * w > LARGEST)
      throw new ItgError("LimitExceeded", `this reader draws pictures of up to ${8 * LARGEST} coded pixels a side`);
    const feeds = { q: this.tensor(Float32Array.of(quality / 255), [1]) };
    for (const [name, map] of Object.entries(values))
      feeds[name] = this.tensor(Float32Array.from(map.data, (v) => v / 4096), [1, map.c, map.h, map.w]);
    Object.assign(feeds, await this.run("synthesis", feeds));
    progress(0.2);
    let out;
    if (realism > 0) {
      Object.assign(feeds, await this.run("control", feeds), { base: feeds.latent });
      feeds.z = await this.sample(feeds, quality / 255, steps, realism, seed, progress);
      feeds.realism = this.tensor(Float32Array.of(realism), [1]);
      out = await this.run("picture", feeds);
    } else {
      out = await this.run("base", feeds);
    }
    progress(1);
    return levels(out.x, Math.ceil(width / 2 ** halvings), Math.ceil(height / 2 ** halvings), grey);
  }

  async sample(feeds, q, steps, realism, seed, progress) {
    const base = feeds.latent, [, c, h, w] = base.dims;
    const sigmas = LADDERS[steps].map((share) => Math.fround(START[0] * (START[1] / START[0]) ** q * share));
    const noise = steps === 1 ? null : field(seed, c, h, w);
    let z = base.data.map((v, i) => (noise ? v + sigmas[0] * noise[i] : v));
    const control = Object.fromEntries([...LEVELS, "cond", "precision", "base"].map((name) => [name, feeds[name]]));
    for (let i = 0; i < steps; i++) {
      const sigma = this.tensor(Float32Array.of(sigmas[i]), [1]);
      const { clean } = await this.run("denoise", { ...control, sigma, z: this.tensor(z, base.dims) });
      progress(0.2 + (0.6 * (i + 1)) / steps);
      const share = i + 1 < steps ? sigmas[i + 1] / sigmas[i] : 0;
      z = clean.data.map((v, k) => v + (z[k] - v) * share);
    }
    if (this.about.bounded) {
      const bound = realism * LATENT_BOUND;
      z = z.map((v, k) => base.data[k] + Math.max(-bound, Math.min(bound, v - base.data[k])));
    }
    return this.tensor(z, base.dims);
  }
}

/** A drawn picture (1, 3, H, W), cut to its size, as RGBA; a grey one by its brightness. */
function levels({ data: x, dims: [, , rows, columns] }, width, height, grey) {
  const data = new Uint8ClampedArray(4 * width * height).fill(255), plane = rows * columns;
  for (let i = 0, at = 0; i < height; i++)
    for (let j = 0; j < width; j++, at += 4) {
      for (let k = 0; k < 3; k++) data[at + k] = x[k * plane + i * columns + j] * 255;
      if (grey) data.fill(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2], at, at + 3);
    }
  return { width, height, data };
}
