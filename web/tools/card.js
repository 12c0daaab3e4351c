/**
 * Prints what the content of a symbol holds, a line of JSON for each file, or the kind of its refusal.
 *
 *     node web/tools/card.js FILE...
 */

import { readFileSync } from "node:fs";

import { ItgError } from "../itg/errors.js";
import { unwrap } from "../itg/wraps.js";

for (const file of process.argv.slice(2)) {
  try {
    const { portrait, ...card } = await unwrap(new Uint8Array(readFileSync(file)));
    console.log(JSON.stringify({ ...card, portrait: Buffer.from(portrait).toString("hex") }));
  } catch (error) {
    if (!(error instanceof ItgError)) throw error;
    console.log(JSON.stringify(error.kind));
  }
}
