/** What the bytes of a symbol are: a bare .itg file, or one in a Claim 169 or an ICAO Datastructure for Barcode (docs/guides/barcodes.md). */

import { base32, base45, inflate, isBase45 } from "./bases.js";
import { cbor } from "./cbor.js";
import { ItgError } from "./errors.js";
import { peek } from "./header.js";

const LARGEST = 65536; // bytes behind zlib
const SIGNATURE = 0x07, TEXT = 0x09, EXPIRY = 0x0a; // chunks of a bare file
const MESSAGES = 0x61, SIGNED = 0x7f, FACE = 0x80, LAST_DAY = 0x84; // tags of ICAO's
const CWT = { issuer: 1, subject: 2 }, CLAIM = {
  id: 1, version: 2, language: 3, full_name: 4, first_name: 5, middle_name: 6, last_name: 7, date_of_birth: 8, gender: 9,
  address: 10, email: 11, phone: 12, nationality: 13, marital_status: 14, guardian: 15, secondary_full_name: 19,
  secondary_language: 20, location_code: 21, legal_status: 22, country_of_issuance: 23,
};
const ICAO = { mrz_td1: 0x07, mrz_td3: 0x08, can: 0x09, mrz_td2: 0x81, document_number: 0x85 };
const C40 = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", DAY = 86_400_000;

const notOurs = (sentence) => new ItgError("NotOurs", sentence);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const dayOf = (time) => new Date(time).toISOString().slice(0, 10);

/**
 * { wrap, portrait, text, claims, begins, expires, signed, keyId } of a symbol's bytes.
 *
 * `portrait` is a bare file, not yet read; days are YYYY-MM-DD or null. Nothing is verified: `signed` says that there is a
 * signature, `keyId` (hexadecimal) whose it is said to be.
 */
export async function unwrap(content) {
  const text = String.fromCharCode(...content);
  if (text.startsWith("NDB1")) return icao(text.slice(4));
  return isBase45(text) ? claim169(text) : bare(content);
}

function bare(content) {
  let chunks;
  try {
    ({ chunks } = peek(content, { bare: true }));
  } catch (error) {
    throw notOurs(`the symbol holds ${content.length} bytes that are no portrait of ours: ${error.message}`);
  }
  const chunk = (kind) => chunks.find((one) => one.kind === kind)?.data;
  const last = chunk(EXPIRY), mark = chunk(SIGNATURE);
  if (mark && (mark.length !== 69 || mark[0] < 1 || mark[0] > 2))
    throw notOurs("the symbol's signature is of a kind not known here: a newer reader may know it");
  try {
    return {
      wrap: "bare", portrait: content, claims: {}, begins: null, signed: !!mark, keyId: mark ? hex(mark.subarray(1, 5)) : null,
      text: new TextDecoder("utf-8", { fatal: true }).decode(chunk(TEXT) ?? new Uint8Array()),
      expires: last ? dayOf(DAY * last.reduce((n, byte) => 256 * n + byte, 0)) : null,
    };
  } catch {
    throw notOurs("the symbol's text or last day cannot be read");
  }
}

async function claim169(text) {
  try {
    const [head, rest, payload] = cbor(await inflate(base45(text), LARGEST));
    const token = cbor(payload), claim = token.get(169), label = 4;
    const portrait = claim.get(62).find((face) => face.get(1) === 0 && face.get(2) === 100).get(0);
    const day = (key, before) => (token.has(key) ? dayOf(1000 * token.get(key) - before) : null);
    const named = (map, names) => Object.entries(names).map(([name, key]) => [name, map.get(key)]);
    const claims = [...named(token, CWT), ...named(claim, CLAIM)];
    const keyId = cbor(head).get(label) ?? rest.get(label);
    return {
      wrap: "claim169", portrait: Uint8Array.from(portrait), text: "", signed: true, keyId: keyId ? hex(keyId) : null,
      claims: Object.fromEntries(claims.filter(([, value]) => ["string", "number"].includes(typeof value))),
      begins: day(5, 0), expires: day(4, DAY),
    };
  } catch {
    throw notOurs("the symbol holds no Claim 169 with a face of ours");
  }
}

async function icao(text) {
  try {
    const flag = "ABCD".indexOf(text[0]), signed = !!(flag & 1);
    let body = base32(text.slice(1));
    if (flag < 0) throw new Error("a flag not known here");
    if (flag & 2) body = await inflate(body, LARGEST);
    const head = body.subarray(0, signed ? 12 : 2), parts = fields(body.subarray(head.length));
    const messages = fields(parts.get(MESSAGES)), portrait = messages.get(FACE);
    if (!portrait || (signed && !parts.has(SIGNED))) throw new Error("no face, or no signature");
    const claims = Object.entries(ICAO).filter(([, tag]) => messages.has(tag)).map(([name, tag]) => [name, c40(messages.get(tag))]);
    return {
      wrap: "idb", portrait, text: "", claims: Object.fromEntries([["country", c40(head.subarray(0, 2))], ...claims]),
      begins: null, expires: messages.has(LAST_DAY) ? lastDay(messages.get(LAST_DAY)) : null,
      signed, keyId: signed ? hex(head.subarray(4, 8)) : null,
    };
  } catch {
    throw notOurs("the symbol holds no ICAO Datastructure for Barcode with a face");
  }
}

/** A map of tags to values: each with its length as DER has it. */
function fields(data) {
  const map = new Map();
  for (let at = 0; at < data.length; ) {
    const tag = data[at];
    let size = data[at + 1];
    at += 2;
    if (size >= 0x80) {
      const digits = size - 0x80;
      size = data.subarray(at, at + digits).reduce((n, byte) => 256 * n + byte, 0);
      at += digits;
    }
    if (!(at + size <= data.length)) throw new Error("cut short");
    map.set(tag, data.subarray(at, (at += size)));
  }
  return map;
}

/** C40, as Doc 9303 has it: three characters in two bytes. */
function c40(data) {
  let text = "";
  for (let at = 0; at + 1 < data.length; at += 2) {
    const number = 256 * data[at] + data[at + 1] - 1;
    if (data[at] === 0xfe) text += String.fromCharCode(data[at + 1] - 1);
    else
      for (const value of [Math.floor(number / 1600), Math.floor(number / 40) % 40, number % 40])
        if (value) {
          if (!C40[value - 3]) throw new Error("no character");
          text += C40[value - 3];
        }
  }
  return text.replaceAll(" ", "<");
}

/** A mask of unknown digits, of which there may be none, and the digits MMDDYYYY as a number. */
function lastDay(data) {
  if (data.length !== 4 || data[0]) throw new Error("not a whole date");
  const digits = String((data[1] << 16) | (data[2] << 8) | data[3]).padStart(8, "0");
  const day = `${digits.slice(4)}-${digits.slice(0, 2)}-${digits.slice(2, 4)}`;
  if (dayOf(Date.parse(day)) !== day) throw new Error("no day");
  return day;
}
