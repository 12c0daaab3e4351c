/**
 * Fixed-point nets on float64: every product and sum is an integer below 2^53, so JavaScript's numbers hold it exactly.
 *
 * Why no sum rounds: docs/format.md, Arithmetic. A map is { c, h, w, data: Float64Array (c, h, w) }.
 */

const LIMIT = 2 ** 19;

export const map = (c, h, w, data = new Float64Array(c * h * w)) => ({ c, h, w, data });
export const shift = (x, n) => Math.floor((x + 2 ** (n - 1)) / 2 ** n);
export const clip = (x) => Math.max(-LIMIT, Math.min(LIMIT, x));
export const relu = (x) => Math.max(0, Math.min(LIMIT, x));

export function each(x, f) {
  return map(x.c, x.h, x.w, x.data.map(f));
}

/** Channels of several maps, one behind the other. */
export function join(...maps) {
  const data = new Float64Array(maps.reduce((n, x) => n + x.data.length, 0));
  let at = 0;
  for (const x of maps) {
    data.set(x.data, at);
    at += x.data.length;
  }
  return map(data.length / (maps[0].h * maps[0].w), maps[0].h, maps[0].w, data);
}

/** The convolution `name`, 1x1 or 3x3 with zero padding, not clipped. */
export function conv(weights, name, x) {
  const { shape: [outputs, , size], data: weight } = weights[`${name}.weight`], bias = weights[`${name}.bias`].data;
  const area = x.h * x.w, out = map(outputs, x.h, x.w), columns = size === 1 ? x.data : unfold(x);
  const rows = columns.length / area, rest = new Float64Array(area);
  for (let o = 0; o < outputs; o += 4) {
    const sums = [0, 1, 2, 3].map((k) =>
      o + k < outputs ? out.data.subarray((o + k) * area, (o + k + 1) * area).fill(bias[o + k]) : rest);
    multiply(sums, columns, weight, o * rows, rows, area);
  }
  for (let i = 0; i < out.data.length; i++) out.data[i] = shift(out.data[i], 14);
  return out;
}

/** Adds to four rows of sums the products of four rows of weights with all columns: each column is read once for four. */
function multiply([a, b, c, d], columns, weight, at, rows, area) {
  for (let k = 0; k < rows; k++) {
    const p = weight[at + k], q = weight[at + rows + k] ?? 0, r = weight[at + 2 * rows + k] ?? 0;
    const s = weight[at + 3 * rows + k] ?? 0;
    for (let i = 0, from = k * area; i < area; i++) {
      const v = columns[from + i];
      if (v === 0) continue;
      a[i] += p * v;
      b[i] += q * v;
      c[i] += r * v;
      d[i] += s * v;
    }
  }
}

/** (c, h, w) to the 3x3 surroundings of each position, (c * 9, h * w), zeros outside. */
function unfold({ c, h, w, data }) {
  const columns = new Float64Array(9 * c * h * w);
  for (let k = 0, at = 0; k < c; k++)
    for (let u = -1; u <= 1; u++)
      for (let v = -1; v <= 1; v++, at += h * w)
        for (let i = Math.max(0, -u); i < Math.min(h, h - u); i++)
          for (let j = Math.max(0, -v); j < Math.min(w, w - v); j++)
            columns[at + i * w + j] = data[(k * h + i + u) * w + j + v];
  return columns;
}

/** (4c, h, w) to (c, 2h, 2w). */
export function pixelShuffle(x) {
  const out = map(x.c / 4, 2 * x.h, 2 * x.w);
  for (let k = 0; k < x.c; k++)
    for (let i = 0; i < x.h; i++)
      for (let j = 0; j < x.w; j++)
        out.data[((k >> 2) * out.h + 2 * i + ((k & 3) >> 1)) * out.w + 2 * j + (k & 1)] =
          x.data[(k * x.h + i) * x.w + j];
  return out;
}

/** Means of each channel, rounded down. */
export function pool(x) {
  const out = map(x.c, 1, 1), area = x.h * x.w;
  for (let k = 0; k < x.c; k++)
    out.data[k] = Math.floor(x.data.subarray(k * area, (k + 1) * area).reduce((a, b) => a + b, 0) / area);
  return out;
}
