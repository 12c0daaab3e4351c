/** The chunk `faces`: faces that are coded apart, and where their patches lie. */

import { ItgError } from "./errors.js";

export const FRAME = { width: 256, height: 320 };
const damaged = (what) => new ItgError("Corrupt", `the file's faces are damaged: ${what}`);

/** { stream, entries: [{ x, y, size, angle, scale, quality, length }] } of the chunk's data. */
export function facesOf(data) {
  const entries = [];
  for (let at = 1; at < data.length; ) {
    if (at + 6 >= data.length || entries.length === 32) throw damaged("1 to 32 may be there");
    const number = data.subarray(at, at + 5).reduce((n, byte) => n * 256 + byte, 0);
    const low = number % 2 ** 16, high = Math.floor(number / 2 ** 16);
    let length = 0, shift = 0, byte = 128;
    const quality = data[at + 5];
    for (at += 6; byte & 128; shift += 7) {
      if (at >= data.length || shift > 21) throw damaged("a length does not end");
      byte = data[at++];
      length |= (byte & 127) << shift;
    }
    entries.push({
      x: high >> 12, y: high & 4095, size: low >> 8, angle: (low >> 2) & 63, scale: low & 3, quality, length,
    });
  }
  if (!entries.length) throw damaged("there is none");
  return { stream: data[0], entries };
}

/** The ground's payload and those of the patches. */
export function split(payload, entries) {
  let at = payload.length - entries.reduce((n, { length }) => n + length, 0);
  if (at < 0) throw damaged("they take more bytes than the payload has");
  const ground = payload.subarray(0, at);
  return { ground, patches: entries.map(({ length }) => payload.subarray(at, (at += length))) };
}

/** [a, b, c, d, e, f] of canvas' `setTransform`, from pixels of a patch (width, height) to a picture's. */
export function transform({ x, y, size, angle }, patch, picture) {
  const wide = 2 ** ((size - 224) / 28) * Math.max(picture.width, picture.height);
  const high = (wide * FRAME.height) / FRAME.width, turn = (2 * Math.PI * angle) / 64;
  const across = [wide * Math.cos(turn), wide * Math.sin(turn)], down = [-high * Math.sin(turn), high * Math.cos(turn)];
  const middle = [((x + 0.5) / 4096) * picture.width, ((y + 0.5) / 4096) * picture.height];
  return [
    across[0] / patch.width, across[1] / patch.width, down[0] / patch.height, down[1] / patch.height,
    middle[0] - (across[0] + down[0]) / 2, middle[1] - (across[1] + down[1]) / 2,
  ];
}
