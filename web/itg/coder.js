/** The range coder, both ways: 32-bit words, a state of 64 bits, intervals of 24 (`constriction`'s, docs/format.md). */

import { ItgError } from "./errors.js";

const MASK = (1n << 64n) - 1n, WORD = 32n, LARGE = 1n << 32n;
const damaged = () => new ItgError("Corrupt", "the file's payload does not decode: it is damaged");

/** The probability tables of a stream: starts of each symbol's interval in 0..2^24, and its information in bits. */
export class Tables {
  constructor(counts, reach) {
    this.reach = Array.from(reach, Number);
    this.rows = [null];
    let at = 0;
    for (const n of this.reach.slice(1)) {
      const row = Array.from(counts.subarray(at, (at += 2 * n + 2)), Number);
      this.rows.push({ starts: intervals(row), bits: row.map((count) => Math.log2(65536 / count)) });
    }
  }

  /** Information of symbols under the tables `indices`, in bits, escapes included. */
  bits(symbols, indices) {
    let total = 0;
    indices.forEach((index, i) => {
      if (!index) return;
      const n = this.reach[index], beyond = Math.abs(symbols[i]) - n;
      total += this.rows[index].bits[beyond > 0 ? 2 * n + 1 : symbols[i] + n];
      if (beyond > 0) total += 2 * Math.floor(Math.log2(beyond)) + 2;
    });
    return total;
  }
}

/** The places of a pass by table index (Uint8Array), ascending; those of index 0 are not sent. */
function grouped(indices, tables) {
  const groups = tables.rows.map(() => []);
  indices.forEach((index, i) => index && groups[index].push(i));
  return groups;
}

function intervals(row) {
  const total = row.reduce((a, b) => a + b, 0), room = 2 ** 24 - row.length, starts = [];
  let seen = 0;
  row.forEach((count, i) => {
    starts.push(Math.floor((seen * room) / total) + i);
    seen += count;
  });
  return [...starts, 2 ** 24];
}

const BIT = intervals([1, 1]);

export class RangeDecoder {
  constructor(payload) {
    this.words = new Uint32Array(Math.ceil(payload.length / 4));
    payload.forEach((byte, i) => (this.words[i >> 2] |= byte << (24 - 8 * (i & 3))));
    this.next = 0;
    this.room = 8 * payload.length + 256 + payload.length / 100; // bits that the bytes can carry
    this.low = 0n;
    this.range = MASK;
    this.point = (BigInt(this.word()) << WORD) | BigInt(this.word());
  }

  word() {
    return this.words[this.next++] ?? 0;
  }

  /** Which of the intervals comes next. */
  symbol(starts) {
    const step = this.range >> 24n;
    const place = Number(((this.point - this.low) & MASK) / step);
    if (place >= 2 ** 24) throw damaged();
    let k = 0, end = starts.length - 1; // the last start at or before the place
    while (end - k > 1) {
      const middle = (k + end) >> 1;
      if (starts[middle] <= place) k = middle;
      else end = middle;
    }
    this.low = (this.low + step * BigInt(starts[k])) & MASK;
    this.range = step * BigInt(starts[k + 1] - starts[k]);
    if (this.range < LARGE) {
      this.low = (this.low << WORD) & MASK;
      this.range <<= WORD;
      this.point = ((this.point << WORD) & MASK) | BigInt(this.word());
    }
    return k;
  }

  spend(bits) {
    this.room -= bits;
    if (this.room < 0) throw new ItgError("Corrupt", "the file's payload ends before its picture does: it is damaged");
  }

  /** The symbols of a pass, whose table indices (Uint8Array) are known: grouped by index, escapes at the end. */
  pass(indices, tables) {
    const symbols = new Float64Array(indices.length), escapes = [];
    grouped(indices, tables).forEach((places, index) => {
      const n = tables.reach[index];
      for (const i of places) {
        const coded = this.symbol(tables.rows[index].starts);
        this.spend(tables.rows[index].bits[coded]);
        symbols[i] = coded - n;
        if (coded === 2 * n + 1) escapes.push([i, n]);
      }
    });
    for (const [i, n] of escapes) symbols[i] = this.golomb(n);
    return symbols;
  }

  golomb(n) {
    let length = 0, excess = 1;
    while (this.symbol(BIT)) if (++length > 20) throw damaged();
    for (let i = 0; i < length; i++) excess = 2 * excess + this.symbol(BIT);
    this.spend(2 * length + 2);
    return this.symbol(BIT) ? -(n + excess) : n + excess;
  }
}

export class RangeEncoder {
  constructor() {
    this.words = [];
    this.low = 0n;
    this.range = MASK;
  }

  /** Symbol k of those that have these intervals. */
  symbol(starts, k) {
    const step = this.range >> 24n;
    this.forward(step * BigInt(starts[k]));
    this.range = step * BigInt(starts[k + 1] - starts[k]);
    if (this.range < LARGE) {
      this.words.push(Number(this.low >> WORD));
      this.low = (this.low << WORD) & MASK;
      this.range <<= WORD;
    }
  }

  /** Moves the low end on; what it has too much is carried into the words before. */
  forward(by) {
    this.low += by;
    if (this.low <= MASK) return;
    this.low &= MASK;
    let i = this.words.length - 1;
    while (this.words[i] === 0xffffffff) this.words[i--] = 0;
    this.words[i]++;
  }

  /** The symbols of a pass under the tables `indices`, as the decoder's `pass` gives them. */
  pass(symbols, indices, tables) {
    const escapes = [];
    grouped(indices, tables).forEach((places, index) => {
      const n = tables.reach[index], { starts } = tables.rows[index] ?? {};
      for (const i of places) {
        const inside = Math.abs(symbols[i]) <= n;
        this.symbol(starts, inside ? symbols[i] + n : 2 * n + 1);
        if (!inside) escapes.push([symbols[i], n]);
      }
    });
    for (const [symbol, n] of escapes) this.golomb(Math.abs(symbol) - n, symbol < 0);
  }

  golomb(excess, negative) {
    const digits = excess.toString(2).slice(1);
    for (const bit of "1".repeat(digits.length) + "0" + digits + (negative ? "1" : "0")) this.symbol(BIT, Number(bit));
  }

  /** The bytes, without zeros at the end. */
  finish() {
    if (this.range !== MASK) {
      this.forward(LARGE - 1n);
      this.words.push(Number(this.low >> WORD));
    }
    const bytes = this.words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
    return Uint8Array.from(bytes.slice(0, bytes.findLastIndex((byte) => byte) + 1));
  }
}
