/** The camera, looked through until a card is seen. */

import { look } from "./finding.js";

const $ = (selector) => document.querySelector(selector);
let stream = null;

export const possible = () => !!navigator.mediaDevices?.getUserMedia;

export function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  $("#finder").hidden = true;
}

/** Gives every picture's contents to `read` until that is true, or `stop` is called. */
export async function watch(read) {
  stop();
  const video = $("#finder video");
  const mine = stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
  });
  video.srcObject = mine;
  $("#finder").hidden = false;
  await video.play();
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  while (stream === mine) {
    context.drawImage(video, 0, 0);
    const { contents } = await look(canvas);
    if (stream === mine && contents.length && (await read(contents))) return stop();
    await new Promise((next) => setTimeout(next, 50));
  }
}
