/** From what the symbols of a picture hold to the one card that it shows. Nothing is verified here. */

import { ItgError } from "./errors.js";
import { unwrap } from "./wraps.js";

/**
 * { card, file } of the contents of symbols: `card` as `unwrap` gives it, `file` as `reader.open` does; null where there are
 * none. `today` is a day, YYYY-MM-DD (UTC).
 */
export async function openCard(reader, contents, today = new Date().toISOString().slice(0, 10)) {
  const cards = new Map(), strange = [];
  for (const content of contents) {
    try {
      const card = await unwrap(content);
      cards.set(card.portrait.join(), { card, file: await portrait(reader, card.portrait) });
    } catch (error) {
      if (error.kind !== "NotOurs") throw error;
      strange.push(error);
    }
  }
  if (cards.size > 1)
    throw new ItgError("PictureError", `the picture shows ${cards.size} cards with portraits: photograph one`);
  const [one] = cards.values();
  if (!one && strange.length) throw strange[0];
  if (one?.card.expires && today > one.card.expires)
    throw new ItgError("Expired", `the card's last day was ${one.card.expires}`);
  if (one?.card.begins && today < one.card.begins)
    throw new ItgError("NotYet", `the card's first day will be ${one.card.begins}`);
  return one ?? null;
}

async function portrait(reader, bytes) {
  try {
    return await reader.open(bytes, { bare: true });
  } catch (error) {
    if (!(error instanceof ItgError)) throw error;
    throw new ItgError("NotOurs", `the symbol holds ${bytes.length} bytes that are no portrait of ours: ${error.message}`);
  }
}
