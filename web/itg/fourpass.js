/** The four-pass entropy model of one tensor: docs/format.md, Payload; `entropy/fourpass.py` in JavaScript. */

import { Affine, clip, convolution, map, relu, shift } from "./fixed.js";

/** Pass p at the positions of one parity: mean and scale of the one group of channels that is coded there. */
class Pass {
  constructor(weights, name, c, p, parity) {
    const size = c / 4, array = (part) => weights[`${name}.${part}`];
    Object.assign(this, { size, row: parity >> 1, column: parity & 1, first: size * ((parity + p) % 4) });
    this.seen = []; // taps, and the first channels of the groups that hold values under them
    for (let i = 0; i < 3 && p; i++)
      for (let j = 0; j < 3; j++)
        for (let k = 0; k < p; k++)
          this.seen.push([i - 1, j - 1, size * ((2 * ((this.row + i + 1) % 2) + ((this.column + j + 1) % 2) + k) % 4)]);
    const layer = (part) => [array(`${part}.weight`), array(`${part}.bias`).data];
    if (p) {
      const [{ shape: [outputs], data }, bias] = layer(`context.${p - 1}`);
      const at = (o, n) => {
        const [i, j, first] = this.seen[Math.floor(n / size)];
        return data[(o * c + first + (n % size)) * 9 + 3 * (i + 1) + j + 1];
      };
      this.context = new Affine(outputs, this.seen.length * size, at, (o) => bias[o]);
    }
    const [hidden, hiddenBias] = layer(`hidden.${p}`), [out, outBias] = layer(`out.${p}`), width = out.shape[1];
    this.hidden = new Affine(hidden.shape[0], hidden.shape[1], (o, i) => hidden.data[o * hidden.shape[1] + i], (o) => hiddenBias[o]);
    const rowOf = (o) => (o < size ? 0 : c - size) + this.first + o; // means, then scales
    this.out = new Affine(2 * size, width, (o, i) => out.data[rowOf(o) * width + i], (o) => outBias[rowOf(o)]);
  }

  /** Means and scales (n, 2 * size) of this parity's positions, row after row, out of side features and values so far. */
  run(features, values) {
    const { h, w, c: width } = features, rows = Math.ceil((h - this.row) / 2), columns = Math.ceil((w - this.column) / 2);
    const n = Math.max(0, rows * columns), x = new Float64Array(n * width), before = this.context?.apply(this.around(values, n), n);
    for (let i = this.row, at = 0; i < h; i += 2)
      for (let j = this.column; j < w; j += 2)
        for (let k = 0, from = (i * w + j) * width; k < width; k++, at++)
          x[at] = relu(before ? features.data[from + k] + before[at] : features.data[from + k]);
    return this.out.apply(this.hidden.apply(x, n).map(relu), n);
  }

  around({ c, h, w, data }, n) {
    const { size, seen } = this, rows = new Float64Array(n * seen.length * size);
    for (let i = this.row, at = 0; i < h; i += 2)
      for (let j = this.column; j < w; j += 2)
        for (const [u, v, first] of seen) {
          if (i + u >= 0 && i + u < h && j + v >= 0 && j + v < w)
            for (let k = 0, from = ((i + u) * w + j + v) * c + first; k < size; k++) rows[at + k] = data[from + k];
          at += size;
        }
    return rows;
  }
}

export class FourPass {
  constructor(weights, name) {
    [this.gain, this.inverse, this.offset] = ["gain", "inverse", "offset"].map((part) => weights[`${name}.${part}`].data);
    this.c = weights[`${name}.gain`].shape[1];
    this.quality = weights[`${name}.quality`];
    this.side = `${name}.side.weight` in weights ? convolution(weights, `${name}.side`) : null;
    this.passes = [0, 1, 2, 3].map((p) => [0, 1, 2, 3].map((parity) => new Pass(weights, name, this.c, p, parity)));
  }

  /**
   * The values of the tensor, a map. `resolve({ places, indices, means, gains })` takes or gives the symbols of each pass:
   * `places` count in (c, h, w), ascending. Steps are those of quality index q, or of `local`, position by position.
   */
  run(side, q, h, w, resolve, local = null) {
    const { c, gain, inverse, offset } = this, { shape: [, width], data: quality } = this.quality, area = h * w;
    const features = this.side ? this.side(side) : map(width, h, w), values = map(c, h, w);
    features.data.forEach((value, i) => (features.data[i] = value + quality[q * width + (i % width)]));
    for (const passes of this.passes) {
      const answers = passes.map((pass) => pass.run(features, values));
      const places = [], means = [], gains = [], rows = [], indices = [];
      for (let k = 0; k < c; k++)
        for (let i = 0; i < h; i++)
          for (let j = 0; j < w; j++) {
            const pass = passes[2 * (i & 1) + (j & 1)], { size, first } = pass;
            if (k < first || k >= first + size) continue;
            const answer = answers[2 * (i & 1) + (j & 1)];
            const at = ((i >> 1) * ((w + 1 - (j & 1)) >> 1) + (j >> 1)) * 2 * size + k - first;
            const place = i * w + j, row = (local ? local[place] : q) * c + k;
            places.push(k * area + place);
            rows.push(row);
            gains.push(gain[row]);
            means.push(shift(clip(answer[at]) * gain[row], 16));
            indices.push(Math.max(0, Math.min(63, shift(6 * clip(answer[at + size]) + offset[row], 12))));
          }
      const symbols = resolve({ places, indices: Uint8Array.from(indices), means, gains });
      // A product past 2^53 is not exact, and far past what `clip` leaves of it.
      places.forEach((place, n) => {
        const value = clip(shift((256 * symbols[n] + means[n]) * inverse[rows[n]], 16));
        values.data[(place % area) * c + Math.floor(place / area)] = value;
      });
    }
    return values;
  }
}
