/** The range decoder: 32-bit words, a state of 64 bits, intervals of 24 (`constriction`'s, docs/format.md). */

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
    const symbols = new Float64Array(indices.length), groups = tables.rows.map(() => []), escapes = [];
    indices.forEach((index, i) => index && groups[index].push(i));
    groups.forEach((places, index) => {
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
