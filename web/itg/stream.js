/** A payload's four tensors in integers: docs/format.md, Payload. Weights are a map of { shape, data } by name. */

import { RangeDecoder, Tables } from "./coder.js";
import { ItgError } from "./errors.js";
import { clip, conv, each, join, map, pixelShuffle, pool, relu, shift } from "./fixed.js";

const MILD = 12, FOCUS = 24;

export class Stream {
  constructor(weights) {
    this.weights = weights;
    this.tables = new Tables(weights["tables.counts"].data, weights["tables.reach"].data);
  }

  /** { lf, h, vector, y }: maps of integers with 12 fractional bits; rows and columns in units of 32 coded pixels. */
  decode(payload, q, rows, columns, focus = false) {
    const a = this.weights, coder = new RangeDecoder(payload);
    const lf = this.tensor(coder, "lf", q, null, rows, columns);
    const h = this.tensor(coder, "h", q, each(conv(a, "h_side", lf), relu), rows, columns);
    const both = join(lf, h);
    const vector = "vector.gain" in a ? this.tensor(coder, "vector", q, pool(both), 1, 1) : map(0, 1, 1);
    const wide = conv(a, "y_side.1", each(conv(a, "y_side.0", both), relu));
    const side = each(pixelShuffle(wide), relu);
    const y = this.tensor(coder, "y", q, side, 2 * rows, 2 * columns, this.qualities(side, q, focus));
    return { lf, h, vector, y };
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

  tensor(coder, name, q, side, h, w, local = null) {
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
      const means = places.map((at, n) => shift(clip(out[at]) * gain[rows[n]], 16));
      const indices = Uint8Array.from(places, (at, n) =>
        Math.max(0, Math.min(63, shift(6 * clip(out[c * area + at]) + offset[rows[n]], 12))));
      const symbols = coder.pass(indices, this.tables);
      // A product past 2^53 is not exact, and far past what `clip` leaves of it.
      places.forEach((at, n) => {
        values.data[at] = clip(shift((256 * symbols[n] + means[n]) * inverse[rows[n]], 16));
      });
    }
    return values;
  }
}
