/** The two checksums of .itg files, both continued from a seed. */

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** zlib's CRC-32 of some byte arrays, one behind the other. */
export function crc32(seed, ...parts) {
  let crc = ~seed;
  for (const bytes of parts) for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** CRC-16, polynomial 1021 (hexadecimal), most significant bit first: that of the bare profile. */
export function crc16(seed, ...parts) {
  let crc = seed & 0xffff;
  for (const bytes of parts) {
    for (const byte of bytes) {
      crc ^= byte << 8;
      for (let k = 0; k < 8; k++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
    }
  }
  return crc;
}
