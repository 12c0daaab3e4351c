/**
 * Reads .itg pictures; `writer.js` writes them.
 *
 *     const reader = new Reader(ort, (codec, name) => fetch(`models/${codec}/${name}`).then((r) => r.arrayBuffer()));
 *     const { image, header, faces } = await reader.decode(bytes, { steps: 4, realism: 1, seed: 0 });
 *     const file = await reader.open(bytes), again = await reader.draw(file, { realism: 0.5 });
 *
 * `image` is { width, height, data: RGBA } at the coded size; the picture is header.width x header.height. `faces` are
 * patches to be laid on it, { image, placement }. Everything a file can do wrong is an `ItgError`.
 */

import { ItgError } from "./errors.js";
import { FRAME, facesOf, split } from "./faces.js";
import { peek, read } from "./header.js";
import { Model } from "./model.js";

export { openCard } from "./card.js";
export { ItgError } from "./errors.js";
export { transform } from "./faces.js";
export { Writer } from "./writer.js";

const STREAMS = { 1: "fasdiff", 2: "cgdm" };

export class Reader {
  /** fetchBytes(codec, name, hash) gives an ArrayBuffer of one of the files that `scripts/build_web.py` writes. */
  constructor(ort, fetchBytes) {
    Object.assign(this, { ort, fetchBytes, models: {} });
  }

  model(stream) {
    const codec = STREAMS[stream];
    if (!codec)
      throw new ItgError("MissingModel", `stream ${stream} is not drawn here: open the file with \`intaglio decompress\``);
    this.models[stream] ??= Model.load(this.ort, (name, hash) => this.fetchBytes(codec, name, hash)).catch((error) => {
      delete this.models[stream]; // what could not be fetched may be so later
      throw error;
    });
    return this.models[stream];
  }

  /** Header, coded tensors of the ground, and of each face; nothing is drawn. */
  async open(bytes, options = {}) {
    const first = peek(bytes, options), model = await this.model(first.stream);
    const chunk = first.chunks.find(({ kind }) => kind === 0x86);
    const faces = chunk ? facesOf(chunk.data) : null, portraitist = faces && (await this.model(faces.stream));
    const { header, payload } = read(bytes, () => (model.seed ^ (portraitist?.seed ?? 0)) >>> 0, options);
    const { ground, patches } = faces ? split(payload, faces.entries) : { ground: payload, patches: [] };
    const apart = patches.map((patch, i) => {
      const placement = faces.entries[i];
      const size = { ...FRAME, quality: placement.quality, halvings: placement.scale, focus: false };
      return { placement, size, values: portraitist.symbols(patch, size) };
    });
    return { header, model, portraitist, codec: STREAMS[first.stream], values: model.symbols(ground, header), apart };
  }

  decode(bytes, options = {}) {
    return this.open(bytes, options).then((file) => this.draw(file, options));
  }

  /** The pictures of what `open` gave: as often as options change. */
  async draw(file, options = {}) {
    const image = await file.model.draw(file.values, file.header, options);
    const faces = [];
    for (const { placement, size, values } of file.apart)
      faces.push({ placement, image: await file.portraitist.draw(values, size, { ...options, progress: undefined }) });
    return { ...file, image, faces };
  }
}
