/** The files that `scripts/build_web.py` writes, as the page fetches them: by name and hash, so that one kept is never stale. */

import { ItgError } from "../itg/index.js";

export async function fetchBytes(codec, name, hash) {
  const answer = await fetch(`models/${codec}/${name}${hash ? `?${hash}` : ""}`).catch(() => null);
  if (!answer?.ok)
    throw new ItgError("MissingModel", `models/${codec}/${name} cannot be fetched: look at the network, or run scripts/build_web.py`);
  return answer.arrayBuffer();
}
