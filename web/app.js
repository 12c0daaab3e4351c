/** The page: a file in, a picture out. */

import { ItgError, Reader, transform } from "./itg/index.js";
import * as ort from "./models/ort/ort.wasm.min.mjs";

const $ = (id) => document.getElementById(id);
const STEPS = [1, 2, 4], RIM = 0.14;

ort.env.wasm.wasmPaths = new URL("models/ort/", import.meta.url).href;
ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1;
const reader = new Reader(ort, async (codec, name) => {
  const answer = await fetch(`models/${codec}/${name}`);
  if (!answer.ok) throw new ItgError("MissingModel", `models/${codec}/${name} is not there: run scripts/build_web.py`);
  return answer.arrayBuffer();
});
let bytes = null, opened = null, drawing = false, again = false;

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

function canvasOf({ width, height, data }) {
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

function show({ image, faces, header, codec, values }, seconds) {
  const { width, height } = header;
  const canvas = Object.assign($("picture"), { width, height }), context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(canvasOf(image), 0, 0, image.width, image.height, 0, 0, width, height);
  for (const face of faces) {
    context.setTransform(...transform(face.placement, face.image, header));
    context.drawImage(faded(face.image), 0, 0);
  }
  context.resetTransform();
  const sent = Object.entries(values).map(([name, map]) => `${name} ${map.c}x${map.h}x${map.w}`).join(", ");
  const rows = [
    ["file", `${bytes.length} bytes, header ${header.at + (header.bare ? 2 : 4)}`],
    ["picture", `${width} x ${height}${header.halvings ? `, coded at 1/${2 ** header.halvings}` : ""}`],
    ["codec", `${codec}, quality index ${header.quality}`],
    ["faces coded apart", faces.length],
    ["tensors", sent],
    ["time", `${seconds.toFixed(2)} s`],
  ];
  $("facts").tBodies[0].replaceChildren(...rows.map((row) => {
    const line = document.createElement("tr");
    line.append(...row.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
    return line;
  }));
  $("result").hidden = false;
}

async function draw() {
  if (!bytes) return;
  if (drawing) {
    again = true;
    return;
  }
  const start = performance.now();
  try {
    drawing = true;
    say("Drawing …");
    opened ??= reader.open(bytes);
    const file = await reader.draw(await opened, { steps: STEPS[$("steps").value], realism: Number($("realism").value) });
    show(file, (performance.now() - start) / 1000);
    say("");
  } catch (error) {
    $("result").hidden = true;
    say(error instanceof ItgError ? error.message : `this browser cannot draw it (${error.message})`, true);
  }
  drawing = false;
  if (again) {
    again = false;
    draw();
  }
}

async function open(file) {
  bytes = new Uint8Array(await file.arrayBuffer());
  opened = null;
  await draw();
}

$("file").addEventListener("change", () => $("file").files[0] && open($("file").files[0]));
for (const kind of ["dragover", "dragleave", "drop"])
  $("drop").addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  });
for (const name of ["realism", "steps"])
  $(name).addEventListener("input", () => {
    $(`${name}-value`).textContent = name === "steps" ? STEPS[$(name).value] : Number($(name).value).toFixed(2);
    draw();
  });
$("save").addEventListener("click", () => {
  const link = Object.assign(document.createElement("a"), { download: "generated.png" });
  link.href = $("picture").toDataURL("image/png");
  link.click();
});
const wanted = new URLSearchParams(location.search).get("file");
if (wanted) fetch(wanted).then((answer) => answer.blob()).then(open);
if ("serviceWorker" in navigator) navigator.serviceWorker.register("offline.js");
