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
  const { shape, data: weight } = weights[`${name}.weight`], bias = weights[`${name}.bias`].data;
  const [outputs, inputs, size] = shape, r = size >> 1, { h, w } = x;
  const out = map(outputs, h, w), area = h * w;
  for (let o = 0; o < outputs; o++) {
    const sums = out.data.subarray(o * area, (o + 1) * area).fill(bias[o]);
    for (let c = 0; c < inputs; c++) {
      for (let u = -r; u <= r; u++) {
        for (let v = -r; v <= r; v++) {
          const factor = weight[((o * inputs + c) * size + u + r) * size + v + r];
          if (factor) add(sums, x.data.subarray(c * area, (c + 1) * area), factor, u, v, h, w);
        }
      }
    }
    for (let i = 0; i < area; i++) sums[i] = shift(sums[i], 14);
  }
  return out;
}

/** sums[i, j] += factor * plane[i + u, j + v], where that is inside. */
function add(sums, plane, factor, u, v, h, w) {
  const left = Math.max(0, -v), right = Math.min(w, w - v);
  for (let i = Math.max(0, -u), last = Math.min(h, h - u); i < last; i++) {
    const to = i * w, from = (i + u) * w + v;
    for (let j = left; j < right; j++) sums[to + j] += factor * plane[from + j];
  }
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
