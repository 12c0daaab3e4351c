/** The noise of the diffusion as a field over absolute position: SplitMix64's finaliser, then Box-Muller, as in Python. */

const GOLDEN = 0x9e3779b97f4a7c15n, A = 0xbf58476d1ce4e5b9n, B = 0x94d049bb133111ebn;
const u64 = (x) => BigInt.asUintN(64, x);

function mix(x) {
  x = u64((x ^ (x >> 30n)) * A);
  x = u64((x ^ (x >> 27n)) * B);
  return x ^ (x >> 31n);
}

/** (channels, height, width) as Float32Array. */
export function field(seed, channels, height, width) {
  const out = new Float32Array(channels * height * width);
  const key = mix(u64((BigInt(seed) * 65537n + 1n) * GOLDEN));
  const places = [];
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) places.push(u64(((BigInt(i) << 32n) | BigInt(j)) * GOLDEN));
  for (let c = 0, at = 0; c < channels; c++) {
    const plane = mix(u64(key + BigInt(c) * GOLDEN));
    for (const place of places) {
      const a = mix(u64(place + plane)), b = mix(u64(a + GOLDEN));
      const u = Number(a >> 11n) * 2 ** -53 + 2 ** -54, v = Number(b >> 11n) * 2 ** -53;
      out[at++] = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    }
  }
  return out;
}
