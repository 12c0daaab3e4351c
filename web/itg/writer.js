/**
 * Writes .itg pictures, with FaSDiff, in no more bytes than it is told.
 *
 *     const writer = new Writer(reader);
 *     const bytes = await writer.encode({ width, height, data: RGBA }, { bytes: 400 });
 */

import { ItgError } from "./errors.js";
import { written } from "./header.js";
import { packets } from "./packets.js";
import { pad, shrink } from "./resize.js";
import { largest, typical } from "./search.js";

const STREAM = 1, STRIDE = 32;
const GOOD = 12, FINER = 48, LIKELY = 24; // quality indices: `pipeline/encoder.py`
const COARSEST = 8, LARGEST = 1024; // halvings; coded pixels a side that the reader draws

export class Writer {
  constructor(reader) {
    this.reader = reader;
  }

  /** A file of at most so many bytes; `bare` for symbols and slots. Transparent pixels count as opaque. */
  async encode(picture, { bytes, bare = false, progress = () => {} }) {
    const model = await this.reader.model(STREAM), tried = new Map();
    const { width, height, data } = picture, longer = Math.max(width, height);
    const last = Math.min(COARSEST, Math.max(0, Math.ceil(Math.log2(longer / STRIDE))));
    const finest = Math.max(0, Math.ceil(Math.log2(longer / LARGEST)));
    const about = { width, height, stream: STREAM, grey: isGrey(data), digest: null, bare };
    const file = (halvings, quality, payload) => written({ ...about, halvings, quality }, payload, model.seed);
    const room = (halvings) => bytes - file(halvings, 0, new Uint8Array()).length;
    let least = Infinity;
    const attempt = async (halvings) => {
      const { tensors, grid } = await model.analyse(pad(shrink(picture, halvings), STRIDE));
      const pixels = STRIDE ** 2 * grid[0] * grid[1];
      const trial = async (index) => {
        await progress(tried.size);
        return model.stream.trial(tensors, index, ...grid);
      };
      const { payload, index } = await largest(trial, room(halvings), pixels);
      least = Math.min(least, bytes + payload.length - room(halvings));
      tried.set(halvings, index === null ? null : { index, data: file(halvings, index, payload) });
      if (index === null || index < GOOD) return halvings + 1;
      return index >= FINER ? halvings - 1 : halvings;
    };
    let scale = 0;
    while (scale < last && (typical(LIKELY) * width * height) / 4 ** scale > 8 * room(0)) scale++;
    scale = Math.max(scale, finest);
    while (scale >= finest && scale <= last && !tried.has(scale)) scale = await attempt(scale);
    const fitting = [...tried].filter(([, one]) => one).sort(([a], [b]) => a - b);
    const [, best] = fitting.find(([, { index }]) => index >= GOOD) ?? fitting.at(-1) ?? [];
    if (!best) throw new ItgError("BudgetError", `${bytes} bytes are too few for this picture: ${least} is the least`);
    return best.data;
  }
}

function isGrey(data) {
  for (let i = 0; i < data.length; i += 4) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  return true;
}
