/** A payload's four tensors in integers: docs/format.md, Payload. Weights are a map of { shape, data } by name. */

import { RangeDecoder, RangeEncoder, Tables } from "./coder.js";
import { ItgError } from "./errors.js";
import { clip, conv, each, join, map, pixelShuffle, pool, relu, shift } from "./fixed.js";

const MILD = 12, FOCUS = 24, SENT = 2 ** 20; // the largest symbol

/** The nearest integer; of two, the even one. */
const even = (x) => (Math.abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

export class Stream {
  constructor(weights) {
    this.weights = weights;
    this.tables = new Tables(weights["tables.counts"].data, weights["tables.reach"].data);
  }

  /**
   * Goes through all tensors: { lf, h, vector, y }, maps of integers with 12 fractional bits. `resolve` takes or gives the
   * symbols of each pass; rows and columns are in units of 32 coded pixels.
   */
  run(q, rows, columns, focus, resolve) {
    const a = this.weights;
    const lf = this.tensor("lf", q, null, rows, columns, resolve);
    const h = this.tensor("h", q, each(conv(a, "h_side", lf), relu), rows, columns, resolve);
    const both = join(lf, h);
    const vector = "vector.gain" in a ? this.tensor("vector", q, pool(both), 1, 1, resolve) : map(0, 1, 1);
    const wide = conv(a, "y_side.1", each(conv(a, "y_side.0", both), relu));
    const side = each(pixelShuffle(wide), relu);
    const y = this.tensor("y", q, side, 2 * rows, 2 * columns, resolve, this.qualities(side, q, focus));
    return { lf, h, vector, y };
  }

  /** The tensors of a payload. */
  decode(payload, q, rows, columns, focus = false) {
    const coder = new RangeDecoder(payload), again = new RangeEncoder();
    const values = this.run(q, rows, columns, focus, (name, { indices }) => {
      const symbols = coder.pass(indices, this.tables);
      again.pass(symbols, indices, this.tables);
      return symbols;
    });
    const bytes = again.finish();
    if (bytes.length !== payload.length || bytes.some((byte, i) => byte !== payload[i]))
      throw new ItgError("Corrupt", "the file's payload is longer than its picture, or is spelled otherwise: it is damaged");
    return values;
  }

  /**
   * Tensors { lf, h, vector, y } of a picture (Float32Array each, in units) at quality index q: { size, payload() }, where
   * `size` is how many bytes the payload has by the information of its symbols, so that it may be a few out.
   */
  trial(tensors, q, rows, columns, focus = false) {
    const passes = [];
    let bits = 0;
    this.run(q, rows, columns, focus, (name, { places, indices, means, gains }) => {
      const symbols = Float64Array.from(places, (at, n) =>
        indices[n] && Math.max(-SENT, Math.min(SENT, even(tensors[name][at] * (gains[n] / 4096) - means[n] / 256))));
      passes.push([symbols, indices]);
      bits += this.tables.bits(symbols, indices);
      return symbols;
    });
    const payload = () => {
      const coder = new RangeEncoder();
      for (const [symbols, indices] of passes) coder.pass(symbols, indices, this.tables);
      return coder.finish();
    };
    return { size: Math.ceil(bits / 8), payload };
  }

  /** The quality row of y at each position; null where that is q everywhere. */
  qualities(side, q, focus) {
    const a = this.weights;
    if (!("focus.0.weight" in a)) {
      if (focus) throw new ItgError("MissingModel", "the file has a focus, and this model cannot tell where a face is");
      return null;
    }
    const face = conv(a, "focus.1", each(conv(a, "focus.0", side), relu)), area = side.h * side.w;
    return Array.from(face.data.subarray(0, area), (value) => {
      const share = Math.max(0, Math.min(4096, value));
      return Math.max(0, Math.min(255, q + shift((focus ? FOCUS : MILD) * (2 * share - 4096), 12)));
    });
  }

  tensor(name, q, side, h, w, resolve, local = null) {
    const a = this.weights, area = h * w;
    const [gain, inverse, offset] = ["gain", "inverse", "offset"].map((part) => a[`${name}.${part}`].data);
    const { shape: [, width], data: quality } = a[`${name}.quality`];
    const c = a[`${name}.gain`].shape[1], values = map(c, h, w);
    const features = side ? conv(a, `${name}.side`, side) : map(width, h, w);
    for (let k = 0; k < width; k++)
      for (let i = 0; i < area; i++) features.data[k * area + i] += quality[q * width + k];
    for (let p = 0; p < 4; p++) {
      const before = p ? conv(a, `${name}.context.${p - 1}`, values).data : null;
      const f = map(width, h, w, features.data.map((x, i) => relu(before ? x + before[i] : x)));
      const out = conv(a, `${name}.out.${p}`, each(conv(a, `${name}.hidden.${p}`, f), relu)).data;
      const places = [];
      for (let k = 0; k < c; k++)
        for (let i = 0; i < h; i++)
          for (let j = 0; j < w; j++)
            if (Math.floor((4 * k) / c) === (2 * (i & 1) + (j & 1) + p) % 4) places.push((k * h + i) * w + j);
      const rows = places.map((at) => (local ? local[at % area] : q) * c + Math.floor(at / area));
      const gains = rows.map((row) => gain[row]);
      const means = places.map((at, n) => shift(clip(out[at]) * gains[n], 16));
      const indices = Uint8Array.from(places, (at, n) =>
        Math.max(0, Math.min(63, shift(6 * clip(out[c * area + at]) + offset[rows[n]], 12))));
      const symbols = resolve(name, { places, indices, means, gains });
      // A product past 2^53 is not exact, and far past what `clip` leaves of it.
      places.forEach((at, n) => {
        values.data[at] = clip(shift((256 * symbols[n] + means[n]) * inverse[rows[n]], 16));
      });
    }
    return values;
  }
}
