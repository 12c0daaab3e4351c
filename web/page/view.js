/** What is drawn, and what is said of it. */

import { transform } from "../itg/index.js";

const RIM = 0.14; // of a face's patch, over which it fades

const $ = (selector) => document.querySelector(selector);

export function say(text, wrong = false) {
  $("#status").textContent = text;
  $("#status").classList.toggle("wrong", wrong);
}

export function canvasOf({ width, height, data }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

/** A face's patch that fades towards its border. */
function faded(image) {
  const { width, height, data } = image;
  const ramp = (i, n) => Math.min(1, Math.min(i + 0.5, n - 0.5 - i) / (RIM * n));
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const r = Math.min(ramp(i, height), ramp(j, width));
      data[4 * (i * width + j) + 3] = 255 * r * r * (3 - 2 * r);
    }
  return canvasOf(image);
}

/** Draws what `reader.draw` gave. */
export function show({ image, faces, header }) {
  const { width, height } = header, canvas = Object.assign($("#after canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(canvasOf(image), 0, 0, image.width, image.height, 0, 0, width, height);
  for (const face of faces) {
    context.setTransform(...transform(face.placement, face.image, header));
    context.drawImage(faded(face.image), 0, 0);
  }
  context.resetTransform();
  $("#result").hidden = false;
}

/** The table of what a file says of itself. */
export function facts({ faces, header, codec, values }, size, seconds) {
  const { width, height, halvings, at, bare, quality } = header;
  const sent = Object.entries(values).filter(([, map]) => map.c).map(([name, map]) => `${name} ${map.c}x${map.h}x${map.w}`).join(", ");
  const rows = {
    file: `${size} bytes, header ${at + (bare ? 2 : 4)}`,
    picture: `${width} x ${height}${halvings ? `, coded at 1/${2 ** halvings}` : ""}`,
    codec: `${codec}, quality index ${quality}`,
    ...(faces.length && { "faces coded apart": faces.length }),
    tensors: sent,
    drawn: `in ${seconds.toFixed(2)} s`,
  };
  $("#facts tbody").replaceChildren(...Object.entries(rows).map((row) => {
    const line = document.createElement("tr");
    line.append(...row.map((textContent) => Object.assign(document.createElement("td"), { textContent })));
    return line;
  }));
}

/** What stands on a card, and that nothing of it is verified; null: there is no card. */
export function showCard(card) {
  $("#card").hidden = !card;
  if (!card) return;
  const trust = Object.assign(document.createElement("b"), { textContent: "Not verified. " });
  $("#trust").replaceChildren(trust, card.signed
    ? `The card says that key ${card.keyId ?? "(unnamed)"} signed it. This page does not check signatures: “intaglio read --keys” does.`
    : "Nobody signed this card: anyone can have made it.");
  const rows = { text: card.text, ...card.claims, "first day": card.begins, "last day": card.expires };
  $("#card dl").replaceChildren(...Object.entries(rows).filter(([, value]) => value !== null && value !== "").flatMap(
    ([name, value]) => [
      Object.assign(document.createElement("dt"), { textContent: name.replaceAll("_", " ") }),
      Object.assign(document.createElement("dd"), { textContent: value }),
    ]));
}
