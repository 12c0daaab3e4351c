/** The Walsh-Hadamard transform of 8x8 blocks: what the analysis sees of a picture (`networks/walsh.py`). */

const SIDE = 8, BANDS = 64;

/** Rows of ±1 by rising number of sign changes. */
function walsh() {
  let rows = [[1]];
  while (rows.length < SIDE) rows = [...rows.map((row) => [...row, ...row]), ...rows.map((row) => [...row, ...row.map((x) => -x)])];
  const changes = (row) => row.slice(1).filter((x, i) => x !== row[i]).length;
  return rows.sort((a, b) => changes(a) - changes(b));
}

const WALSH = walsh();
const ORDER = Array.from({ length: BANDS }, (_, k) => k).sort(
  (a, b) => (a >> 3) + (a & 7) - (b >> 3) - (b & 7) || a - b); // band by rising row and column sequency

/** (192, h, w) of a picture (8h, 8w), RGBA: channel 3 * band + colour. */
export function packets({ width, height, data }) {
  const h = height / SIDE, w = width / SIDE, out = new Float32Array(3 * BANDS * h * w);
  const block = new Float64Array(BANDS), rows = new Float64Array(BANDS);
  for (let i = 0; i < h; i++)
    for (let j = 0; j < w; j++)
      for (let k = 0; k < 3; k++) {
        for (let n = 0; n < BANDS; n++)
          block[n] = data[4 * ((SIDE * i + (n >> 3)) * width + SIDE * j + (n & 7)) + k] / 255 - 0.5;
        for (let y = 0; y < SIDE; y++)
          for (let v = 0; v < SIDE; v++) rows[SIDE * y + v] = WALSH[v].reduce((sum, s, x) => sum + s * block[SIDE * y + x], 0);
        ORDER.forEach((band, at) => {
          const u = band >> 3, v = band & 7;
          const sum = WALSH[u].reduce((sum, s, y) => sum + s * rows[SIDE * y + v], 0);
          out[((3 * at + k) * h + i) * w + j] = sum / SIDE;
        });
      }
  return { data: out, dims: [1, 3 * BANDS, h, w] };
}
