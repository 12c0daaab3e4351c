/** The search for a byte target: the largest quality index whose payload fits, with few trials (`pipeline/search.py`). */

const INDICES = 256, GUESSES = 7; // guesses before the index is searched by halving
// log2 of bits a pixel, typically, at indices 0, 32, … 256.
const POINTS = [-6.4, -5.5, -4.3, -3.1, -2.1, -1.5, -0.9, -0.5, -0.1];
const TYPICAL = Array.from({ length: INDICES }, (_, i) => {
  const n = Math.floor(i / 32), share = (i % 32) / 32;
  return POINTS[n] + share * (POINTS[n + 1] - POINTS[n]);
});

/** Bits a pixel that pictures take at a quality index, typically. */
export const typical = (index) => 2 ** TYPICAL[index];
const bits = (size, pixels) => Math.log2((8 * Math.max(size, 0.1)) / pixels);

/** { payload, index } of the largest index found that has at most so many bytes; index is null where none fits. */
export async function largest(trial, budget, pixels) {
  let [index, best] = await likely(trial, budget, pixels), payload = best.payload();
  while (payload.length > budget) {
    if (!index) return { payload, index: null };
    index -= 1;
    payload = (await trial(index)).payload();
  }
  return { payload, index };
}

async function likely(trial, budget, pixels) {
  let low = -1, high = INDICES, best = null;
  const off = new Map(); // how far from typical the sizes tried are
  while (high - low > 1) {
    const index = off.size < GUESSES ? guess(off, low, high, bits(budget, pixels)) : Math.floor((low + high) / 2);
    const tried = await trial(index);
    off.set(index, bits(tried.size, pixels) - TYPICAL[index]);
    if (tried.size <= budget) low = index;
    else high = index;
    if (index === 0 || index === low) best = tried;
  }
  return [Math.max(low, 0), best];
}

/** The largest index between low and high that is likely to fit, else the least: sizes run like typical ones nearby. */
function guess(off, low, high, wanted) {
  const near = [low, high].filter((index) => off.has(index)), [first, last] = [near[0], near.at(-1)];
  const expected = (i) => {
    if (!near.length) return TYPICAL[i];
    const share = first === last ? 0 : (i - first) / (last - first);
    return TYPICAL[i] + off.get(first) + share * (off.get(last) - off.get(first));
  };
  for (let i = high - 1; i > low + 1; i--) if (expected(i) <= wanted) return i;
  return low + 1;
}
