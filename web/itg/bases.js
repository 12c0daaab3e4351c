/** Bytes out of text: Base32 (RFC 4648) and Base45 (RFC 9285), and what zlib made smaller. Each gives null for what is none. */

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

function values(text, alphabet) {
  const places = Array.from(text, (character) => alphabet.indexOf(character));
  return places.includes(-1) ? null : places;
}

export const isBase45 = (text) => values(text, BASE45) !== null;

export function base32(text) {
  const places = values(text.replace(/=+$/, ""), BASE32), bytes = [];
  let buffer = 0, bits = 0;
  for (const value of places ?? []) {
    buffer = ((buffer & 255) << 5) | value;
    bits += 5;
    if (bits >= 8) bytes.push((buffer >> (bits -= 8)) & 255);
  }
  return places && Uint8Array.from(bytes);
}

export function base45(text) {
  const places = values(text, BASE45), bytes = [];
  if (!places || places.length % 3 === 1) return null;
  for (let at = 0; at < places.length; at += 3) {
    const [a, b, c] = places.slice(at, at + 3), number = a + 45 * b + 2025 * (c ?? 0);
    if (number > (c === undefined ? 255 : 65535)) return null;
    if (c !== undefined) bytes.push(number >> 8);
    bytes.push(number & 255);
  }
  return Uint8Array.from(bytes);
}

/** What zlib's bytes stand for, if that is at most so many bytes. */
export async function inflate(bytes, most) {
  const parts = [];
  let size = 0;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
      parts.push(value);
      size += value.length;
      if (size > most) {
        await reader.cancel();
        return null;
      }
    }
  } catch {
    return null;
  }
}
