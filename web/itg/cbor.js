/** CBOR (RFC 8949) as Claim 169 has it: maps become `Map`, tags what they are on. Lengths must be stated. */

const damaged = () => new Error("no CBOR of a kind known here");

export function cbor(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;

  function argument(kind) {
    if (kind < 24) return kind;
    const size = 2 ** (kind - 24), from = at;
    if (kind > 27 || (at += size) > bytes.length) throw damaged();
    return size === 8 ? Number(view.getBigUint64(from)) : view[`getUint${8 * size}`](from);
  }

  function take(length) {
    if (at + length > bytes.length) throw damaged();
    return bytes.subarray(at, (at += length));
  }

  function item(depth) {
    if (at >= bytes.length || depth > 16) throw damaged();
    const first = bytes[at++], kind = first & 31;
    if (first >> 5 === 7) return simple(kind);
    const n = argument(kind), several = (make) => {
      if (n > bytes.length) throw damaged();
      return Array.from({ length: n }, make);
    };
    switch (first >> 5) {
      case 0: return n;
      case 1: return -1 - n;
      case 2: return take(n);
      case 3: return new TextDecoder("utf-8", { fatal: true }).decode(take(n));
      case 4: return several(() => item(depth + 1));
      case 5: return new Map(several(() => [item(depth + 1), item(depth + 1)]));
      default: return item(depth + 1);
    }
  }

  function simple(kind) {
    if (kind >= 20 && kind <= 23) return [false, true, null, undefined][kind - 20];
    if (kind === 26) return view.getFloat32((at += 4) - 4);
    if (kind === 27) return view.getFloat64((at += 8) - 8);
    throw damaged();
  }

  return item(0);
}
