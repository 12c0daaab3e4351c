/** A picture { width, height, data: RGBA } made smaller by Lanczos, and padded, as Python's (`image/resize.py`) to within a level. */

const A = 3; // lobes
const sinc = (x) => (x ? Math.sin(Math.PI * x) / (Math.PI * x) : 1);

/** For each of `to` places its first source place and the weights from there on. */
function kernels(from, to) {
  const scale = from / to, reach = A * Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const middle = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(middle - reach + 0.5)), end = Math.min(from, Math.floor(middle + reach + 0.5));
    const weights = Array.from({ length: end - first }, (_, k) => {
      const x = (first + k - middle + 0.5) / Math.max(scale, 1);
      return Math.abs(x) < A ? sinc(x) * sinc(x / A) : 0;
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Lines of `from` places to lines of `to`; places lie `step` bytes apart, lines start at every offset given. */
function along(data, out, from, to, [step, outStep], starts) {
  const rows = kernels(from, to);
  for (const [start, outStart] of starts)
    for (let i = 0; i < to; i++) {
      const { first, weights } = rows[i];
      for (let k = 0; k < 3; k++) {
        let sum = 0;
        for (let n = 0, at = start + first * step + k; n < weights.length; n++, at += step) sum += weights[n] * data[at];
        out[outStart + i * outStep + k] = sum;
      }
    }
}

/** To ceil(side / 2**halvings). */
export function shrink(picture, halvings) {
  const { width, height, data } = picture;
  const [w, h] = [width, height].map((side) => Math.ceil(side / 2 ** halvings));
  if (!halvings) return picture;
  const wide = new Uint8ClampedArray(4 * w * height), out = new Uint8ClampedArray(4 * w * h).fill(255);
  along(data, wide, width, w, [4, 4], Array.from({ length: height }, (_, y) => [4 * y * width, 4 * y * w]));
  along(wide, out, height, h, [4 * w, 4 * w], Array.from({ length: w }, (_, x) => [4 * x, 4 * x]));
  return { width: w, height: h, data: out };
}

/** The last column and row repeated until both sides are multiples. */
export function pad(picture, multiple) {
  const { width, height, data } = picture;
  const [w, h] = [width, height].map((side) => Math.ceil(side / multiple) * multiple);
  const from = new Uint32Array(data.buffer, data.byteOffset, width * height), out = new Uint32Array(w * h);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) out[y * w + x] = from[Math.min(y, height - 1) * width + Math.min(x, width - 1)];
  return { width: w, height: h, data: new Uint8ClampedArray(out.buffer) };
}
