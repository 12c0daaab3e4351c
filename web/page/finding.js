/** Symbols in a picture, by zxing-wasm: as it is first, then turned level, enlarged, and smoothed, as `intaglio read` does. */

import { ItgError } from "../itg/index.js";

const FORMATS = ["QRCode", "Aztec", "DataMatrix", "PDF417"];
const LARGEST = 4000; // pixels of a side that is looked at; larger pictures are made smaller
const ENLARGED = 2500; // a longer side above this is not doubled
const SEARCHED = 1000; // pixels of the longer side, in which edges are measured
const LEVEL = 2; // degrees, from which on a picture is turned: the readers of stacked symbols take little more

let zxing = null;

async function library() {
  const { prepareZXingModule, readBarcodes } = await import("../models/zxing/es/reader/index.js").catch(() => {
    throw new ItgError("MissingModel", "models/zxing cannot be fetched: look at the network, or run scripts/build_web.py");
  });
  const locateFile = (name) => new URL(`../models/zxing/reader/${name}`, import.meta.url).href;
  prepareZXingModule({ overrides: { locateFile } });
  return readBarcodes;
}

/** { contents, broken } of a picture (what a canvas draws): the bytes of its symbols, and how many are seen and not read. */
export async function look(picture) {
  const readBarcodes = await (zxing ??= library());
  const symbols = await readBarcodes(pixels(picture), {
    formats: FORMATS, textMode: "Plain", tryHarder: true, returnErrors: true,
  });
  const whole = symbols.filter(({ isValid }) => isValid);
  return { contents: whole.map(({ bytes }) => bytes), broken: symbols.length - whole.length };
}

/** The picture in one way after another, each when it is asked for. */
export function* ways(picture) {
  let canvas = drawn(picture, Math.min(1, LARGEST / Math.max(picture.width, picture.height)));
  yield canvas;
  const angle = slant(canvas);
  if (Math.abs(angle) > LEVEL) yield (canvas = turned(canvas, angle));
  if (Math.max(canvas.width, canvas.height) <= ENLARGED) yield (canvas = drawn(canvas, 2));
  yield drawn(canvas, 1, "blur(1.5px)");
}

function drawn(picture, factor, filter = "none") {
  const canvas = new OffscreenCanvas(Math.ceil(picture.width * factor), Math.ceil(picture.height * factor));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(context, { imageSmoothingQuality: "high", filter });
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function turned(picture, degrees) {
  const angle = (degrees * Math.PI) / 180, c = Math.abs(Math.cos(angle)), s = Math.abs(Math.sin(angle));
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(Math.ceil(width * c + height * s), Math.ceil(width * s + height * c));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate(-angle);
  context.drawImage(picture, -width / 2, -height / 2);
  return canvas;
}

const pixels = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);

/**
 * By how many degrees most edges are turned away from level and upright, -45 to 45, clockwise as seen: the mean direction
 * of the gradients by their squares, of four times the angle, as a quarter turn changes nothing.
 */
function slant(picture) {
  const factor = Math.min(1, SEARCHED / Math.max(picture.width, picture.height));
  const { width, height, data } = pixels(drawn(picture, factor, "blur(1.5px)"));
  const grey = (i) => 0.3 * data[i] + 0.59 * data[i + 1] + 0.11 * data[i + 2];
  let real = 0, imaginary = 0;
  for (let y = 1; y + 1 < height; y++)
    for (let x = 1; x + 1 < width; x++) {
      const at = 4 * (y * width + x);
      const right = grey(at + 4) - grey(at - 4), down = grey(at + 4 * width) - grey(at - 4 * width);
      const angle = 4 * Math.atan2(down, right), weight = right * right + down * down;
      real += weight * Math.cos(angle);
      imaginary += weight * Math.sin(angle);
    }
  return (Math.atan2(imaginary, real) * 45) / Math.PI;
}
