/**
 * Fixed-point nets on float64: every product and sum is an integer below 2^53, so JavaScript's numbers hold it exactly.
 *
 * Why no sum rounds: docs/format.md, Arithmetic. A map is { c, h, w, data: Float64Array (h, w, c) }: channels lie together.
 */

const LIMIT = 2 ** 19;

export const map = (c, h, w, data = new Float64Array(c * h * w)) => ({ c, h, w, data });
export const shift = (x, n) => Math.floor((x + 2 ** (n - 1)) / 2 ** n);
export const clip = (x) => Math.max(-LIMIT, Math.min(LIMIT, x));
export const relu = (x) => Math.max(0, Math.min(LIMIT, x));

/** The same map, with every value made another. */
export function each(x, f) {
  for (let i = 0; i < x.data.length; i++) x.data[i] = f(x.data[i]);
  return x;
}

/** Channels of two maps, one behind the other. */
export function join(a, b) {
  const out = map(a.c + b.c, a.h, a.w);
  for (let i = 0; i < a.h * a.w; i++) {
    out.data.set(a.data.subarray(i * a.c, (i + 1) * a.c), i * out.c);
    out.data.set(b.data.subarray(i * b.c, (i + 1) * b.c), i * out.c + a.c);
  }
  return out;
}

/** A matrix and a bias: rows of inputs (n, inputs) to rows of outputs (n, outputs), not clipped. */
export class Affine {
  /** `at(o, i)` gives the weight of output o for input i. */
  constructor(outputs, inputs, at, bias) {
    Object.assign(this, { outputs, inputs });
    this.matrix = new Float64Array(4 * Math.ceil(outputs / 4) * inputs);
    this.bias = new Float64Array(4 * Math.ceil(outputs / 4));
    for (let o = 0; o < outputs; o++) {
      this.bias[o] = bias(o);
      for (let i = 0; i < inputs; i++) this.matrix[o * inputs + i] = at(o, i);
    }
  }

  /** Two rows by four outputs at a time, so that sums stay in registers. */
  apply(rows, n) {
    const { matrix, bias, inputs, outputs } = this, out = new Float64Array(n * outputs);
    for (let o = 0; o < outputs; o += 4) {
      const p = o * inputs, q = p + inputs, r = q + inputs, s = r + inputs, last = Math.min(4, outputs - o);
      for (let i = 0; i < n; i += 2) {
        const u = i * inputs, v = Math.min(i + 1, n - 1) * inputs;
        let a = bias[o], b = bias[o + 1], c = bias[o + 2], d = bias[o + 3], e = a, f = b, g = c, h = d;
        for (let k = 0; k < inputs; k++) {
          const x = rows[u + k], y = rows[v + k];
          const k0 = matrix[p + k], k1 = matrix[q + k], k2 = matrix[r + k], k3 = matrix[s + k];
          a += k0 * x;
          b += k1 * x;
          c += k2 * x;
          d += k3 * x;
          e += k0 * y;
          f += k1 * y;
          g += k2 * y;
          h += k3 * y;
        }
        const first = [a, b, c, d], second = [e, f, g, h];
        for (let k = 0; k < last; k++) {
          out[i * outputs + o + k] = shift(first[k], 14);
          if (i + 1 < n) out[(i + 1) * outputs + o + k] = shift(second[k], 14);
        }
      }
    }
    return out;
  }
}

/** The convolution `name` of some weights, 1x1 or 3x3 with zero padding: a map to a map, not clipped. */
export function convolution(weights, name) {
  const { shape: [outputs, inputs, size], data: weight } = weights[`${name}.weight`], bias = weights[`${name}.bias`].data;
  const taps = size * size, at = (o, i) => weight[(o * inputs + (i % inputs)) * taps + Math.floor(i / inputs)];
  const affine = new Affine(outputs, taps * inputs, at, (o) => bias[o]);
  return (x) => map(outputs, x.h, x.w, affine.apply(size === 1 ? x.data : unfold(x), x.h * x.w));
}

/** (h, w, c) to the 3x3 surroundings of each position, (h * w, 9 * c), zeros outside. */
function unfold({ c, h, w, data }) {
  const rows = new Float64Array(9 * c * h * w);
  for (let i = 0, at = 0; i < h; i++)
    for (let j = 0; j < w; j++)
      for (let u = i - 1; u <= i + 1; u++)
        for (let v = j - 1; v <= j + 1; v++, at += c)
          if (u >= 0 && u < h && v >= 0 && v < w) {
            const from = (u * w + v) * c;
            for (let k = 0; k < c; k++) rows[at + k] = data[from + k];
          }
  return rows;
}

/** Channels (4c) to 2x2 positions: (h, w, 4c) to (2h, 2w, c). */
export function pixelShuffle(x) {
  const out = map(x.c / 4, 2 * x.h, 2 * x.w);
  for (let i = 0, at = 0; i < x.h; i++)
    for (let j = 0; j < x.w; j++)
      for (let k = 0; k < x.c; k++, at++)
        out.data[((2 * i + ((k & 3) >> 1)) * out.w + 2 * j + (k & 1)) * out.c + (k >> 2)] = x.data[at];
  return out;
}

/** Means of each channel, rounded down. */
export function pool(x) {
  const out = map(x.c, 1, 1), area = x.h * x.w;
  x.data.forEach((value, i) => (out.data[i % x.c] += value));
  return each(out, (sum) => Math.floor(sum / area));
}

/** The values channel after channel: (c, h, w). */
export function planes({ c, h, w, data }) {
  const out = new Float64Array(data.length), area = h * w;
  data.forEach((value, i) => (out[(i % c) * area + Math.floor(i / c)] = value));
  return out;
}
