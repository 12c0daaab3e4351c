/** Headers of .itg files: docs/format.md, in its order of refusals; and how they are written. */

import { crc16, crc32 } from "./checksum.js";
import { ItgError } from "./errors.js";
import { SIZES } from "./sizes.js";

export const CUSTOM = 255;
const FOCUS = 0x84, SCALE = 0x85, FACES = 0x86, CRITICAL = 0x80;
const MAX_SCALE = 3, FURTHER = 5, MAX_PIXELS = 64_000_000;

/** Takes big-endian integers and stops with `Corrupt` where the bytes end. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  byte(what) {
    if (this.at >= this.bytes.length)
      throw new ItgError("Corrupt", `the file ends after ${this.bytes.length} bytes, within ${what}`);
    return this.bytes[this.at++];
  }

  two(what) {
    return this.byte(what) * 256 + this.byte(what);
  }

  take(n, what) {
    if (this.at + n > this.bytes.length) {
      this.at = this.bytes.length;
      this.byte(what);
    }
    return this.bytes.subarray(this.at, (this.at += n));
  }

  varint(what) {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte(what);
      value |= (byte & 0x7f) << shift;
      if (byte <= 0x7f) {
        if (shift && !byte) throw new ItgError("Corrupt", "an extension chunk's length is padded with a zero byte");
        return value;
      }
    }
    throw new ItgError("Corrupt", "an extension chunk's length takes more than four bytes");
  }
}

/** The header of a file's bytes, and where its checksum starts; no checksum is looked at. */
export function peek(bytes, { bare = false } = {}) {
  if (!bytes.length) throw new ItgError(bare ? "Corrupt" : "NotIntaglio", "the file is empty");
  if (!bare && (bytes[0] !== 0x90 || (bytes.length > 1 && bytes[1] !== 0x49)))
    throw new ItgError("NotIntaglio", "this is not an .itg file");
  const reader = new Reader(bytes), inside = "its header";
  if (!bare) reader.take(2, inside);
  const flags = reader.byte(inside);
  if (!bare && flags >> 4 > 1)
    throw new ItgError("NewerVersion", `version ${flags >> 4} of the format, and this reader knows version 1`);
  if (!bare && flags >> 4 < 1) throw new ItgError("Corrupt", "the header is damaged: version is 0");
  const bits = bare ? flags >> 4 : flags & 15;
  let stream = bare ? flags & 15 : reader.byte(inside);
  if (bare && stream === 15) stream = CUSTOM;
  if (!stream) throw new ItgError("Corrupt", "the header is damaged: stream is 0");
  const code = reader.byte(inside);
  const [width, height] = code ? SIZES[code - 1] : [reader.two(inside), reader.two(inside)];
  if (!width || !height) throw new ItgError("Corrupt", "the header is damaged: a side is 0");
  const quality = reader.byte(inside);
  const digest = stream === CUSTOM ? reader.take(8, inside) : null;
  const chunks = bits & 1 ? chunksOf(reader) : [];
  return { width, height, quality, stream, scale: bits >> 2, grey: !!(bits & 2), digest, chunks, bare, at: reader.at };
}

function chunksOf(reader) {
  const inside = "its extension chunks";
  const count = reader.byte(inside);
  if (!count) throw new ItgError("Corrupt", "the header announces extension chunks and then counts none");
  const chunks = [];
  for (let i = 0; i < count; i++) {
    const length = reader.varint(inside), kind = reader.byte(inside);
    if (i && kind <= chunks[i - 1].kind) throw new ItgError("Corrupt", "the extension chunks are damaged: kinds ascend");
    chunks.push({ kind, data: reader.take(length, inside) });
  }
  return chunks;
}

const dataOf = (header, kind) => header.chunks.find((chunk) => chunk.kind === kind)?.data;

/** Whether a chunk is one that this reader can act on. */
function known(header, { kind, data }) {
  if (kind === FOCUS) return !data.length;
  if (kind === SCALE) return header.scale === MAX_SCALE && data.length === 1 && data[0] >= 1 && data[0] <= FURTHER;
  return kind === FACES;
}

/**
 * Header and payload, the checksum verified.
 *
 * seedOf(header) gives the seed of the stream's tables, or throws a `MissingModel`.
 */
export function read(bytes, seedOf, { bare = false, maxPixels = MAX_PIXELS } = {}) {
  const header = peek(bytes, { bare });
  if (header.width * header.height > maxPixels)
    throw new ItgError("LimitExceeded", `the file declares ${header.width}x${header.height} pixels, over the limit`);
  const seed = seedOf(header), end = header.at + (bare ? 2 : 4);
  if (end > bytes.length) throw new ItgError("Corrupt", `the file ends after ${bytes.length} bytes, within its checksum`);
  const head = bytes.subarray(0, header.at), payload = bytes.subarray(end);
  let stated = 0;
  for (const byte of bytes.subarray(header.at, end)) stated = stated * 256 + byte;
  if (stated !== (bare ? crc16 : crc32)(seed, head, payload))
    throw new ItgError("Corrupt", "the checksum does not match: the file was cut short or altered");
  for (const chunk of header.chunks)
    if (chunk.kind >= CRITICAL && !known(header, chunk))
      throw new ItgError("NewerVersion", `the file cannot be drawn without its chunk ${chunk.kind}, not known here`);
  const halvings = header.scale + (dataOf(header, SCALE)?.[0] ?? 0);
  return { header: { ...header, halvings, focus: !!dataOf(header, FOCUS), faces: dataOf(header, FACES) }, payload };
}

/** Sizes of the coarsest coded tensors: [rows, columns], in units of 32 coded pixels. */
export function grid({ width, height, halvings }) {
  return [height, width].map((side) => Math.ceil(side / (32 * 2 ** halvings)));
}

/** The file of a payload; its header says { width, height, quality, stream, halvings, grey, bare }. */
export function written({ width, height, quality, stream, halvings, grey, bare }, payload, seed) {
  const scale = Math.min(halvings, MAX_SCALE), further = halvings - scale;
  const bits = (scale << 2) | (grey ? 2 : 0) | (further ? 1 : 0);
  const code = 1 + SIZES.findIndex(([w, h]) => w === width && h === height);
  const sides = code ? [] : [width >> 8, width & 255, height >> 8, height & 255];
  const head = Uint8Array.from([
    ...(bare ? [(bits << 4) | stream] : [0x90, 0x49, (1 << 4) | bits, stream]), code, ...sides, quality,
    ...(further ? [1, 1, SCALE, further] : []),
  ]);
  const sum = (bare ? crc16 : crc32)(seed, head, payload), shifts = bare ? [8, 0] : [24, 16, 8, 0];
  return Uint8Array.from([...head, ...shifts.map((shift) => (sum >>> shift) & 255), ...payload]);
}
