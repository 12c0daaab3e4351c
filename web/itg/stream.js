/** A payload's four tensors in integers: docs/format.md, Payload. Weights are a map of { shape, data } by name. */

import { RangeDecoder, RangeEncoder, Tables } from "./coder.js";
import { ItgError } from "./errors.js";
import { convolution, each, join, map, pixelShuffle, planes, pool, relu, shift } from "./fixed.js";
import { FourPass } from "./fourpass.js";

const MILD = 12, FOCUS = 24, SENT = 2 ** 20; // the largest symbol

/** The nearest integer; of two, the even one. */
const even = (x) => (Math.abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

export class Stream {
  constructor(weights) {
    this.tables = new Tables(weights["tables.counts"].data, weights["tables.reach"].data);
    const nets = (...names) => names.map((name) => convolution(weights, name));
    this.four = Object.fromEntries(["lf", "h", "vector", "y"].filter((name) => `${name}.gain` in weights).map(
      (name) => [name, new FourPass(weights, name)]));
    [this.hSide, ...this.ySide] = nets("h_side", "y_side.0", "y_side.1");
    this.focus = "focus.0.weight" in weights ? nets("focus.0", "focus.1") : null;
  }

  /**
   * Goes through all tensors: { lf, h, vector, y }, maps of integers with 12 fractional bits whose data is (c, h, w).
   * `resolve(name, pass)` takes or gives the symbols of each pass; rows and columns are in units of 32 coded pixels.
   */
  run(q, rows, columns, focus, resolve) {
    const code = (name, side, h, w, local) => this.four[name].run(side, q, h, w, (pass) => resolve(name, pass), local);
    const lf = code("lf", null, rows, columns);
    const h = code("h", each(this.hSide(lf), relu), rows, columns);
    const both = join(lf, h);
    const vector = this.four.vector ? code("vector", pool(both), 1, 1) : map(0, 1, 1);
    const side = each(pixelShuffle(this.ySide[1](each(this.ySide[0](both), relu))), relu);
    const y = code("y", side, 2 * rows, 2 * columns, this.qualities(side, q, focus));
    const values = Object.entries({ lf, h, vector, y });
    return Object.fromEntries(values.map(([name, value]) => [name, { ...value, data: planes(value) }]));
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
    if (!this.focus) {
      if (focus) throw new ItgError("MissingModel", "the file has a focus, and this model cannot tell where a face is");
      return null;
    }
    return this.focus[1](each(this.focus[0](side), relu)).data.map((value) => {
      const share = Math.max(0, Math.min(4096, value));
      return Math.max(0, Math.min(255, q + shift((focus ? FOCUS : MILD) * (2 * share - 4096), 12)));
    });
  }
}
