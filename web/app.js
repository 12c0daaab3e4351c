/** The page: a file or a card in, a picture out; or a picture in, a file out. */

import { ItgError, openCard, Reader, Writer } from "./itg/index.js";
import * as camera from "./page/camera.js";
import { look, ways } from "./page/finding.js";
import { keepAll, keepPage } from "./page/keeping.js";
import { fetchBytes } from "./page/model_files.js";
import { runtime } from "./page/runtime.js";
import { download, downloadPng } from "./page/saving.js";
import { facts, say, show, showCard } from "./page/view.js";

const $ = (id) => document.getElementById(id);
const STEPS = [1, 2, 4], LEAST = 100, MOST = 8000; // bytes: the slider's ends, even steps on a logarithmic scale

const reader = new Reader(await runtime(), fetchBytes), writer = new Writer(reader);
let bytes = null, file = null, original = null; // what is shown, and the picture that it was made of
let working = false, next = null;

const making = () => document.body.classList.contains("making");
const wanted = () => 10 * Math.round((LEAST * (MOST / LEAST) ** ($("bytes").value / 100)) / 10);

/** Does one thing at a time, of those that are asked for meanwhile the last; what goes wrong is said in one sentence. */
async function work(task) {
  if (working) {
    next = task;
    return;
  }
  working = true;
  for (next = task; next; ) {
    const now = next;
    next = null;
    try {
      await now();
    } catch (error) {
      $("result").hidden = true;
      showCard(null);
      say(error instanceof ItgError ? error.message : `this browser cannot do it (${error.message})`, true);
    }
  }
  working = false;
}

async function draw() {
  if (!file) return;
  say("Drawing …");
  const start = performance.now();
  const drawn = await reader.draw(file, { steps: STEPS[$("steps").value], realism: Number($("realism").value) });
  show(drawn);
  facts(drawn, bytes.length, (performance.now() - start) / 1000);
  say("");
}

async function read(blob) {
  say("Reading …");
  showCard(null);
  const content = new Uint8Array(await blob.arrayBuffer());
  const picture = await createImageBitmap(blob).catch(() => null);
  if (picture) return readCard(picture);
  file = await reader.open(content);
  bytes = content;
  await draw();
}

async function readCard(picture) {
  let broken = 0, strange = null;
  say("Looking for a symbol …");
  for (const way of ways(picture)) {
    const seen = await look(way);
    broken += seen.broken;
    try {
      if (await open(seen.contents)) return;
    } catch (error) {
      if (error.kind !== "NotOurs") throw error; // another symbol beside it may be ours
      strange ??= error;
    }
  }
  if (strange) throw strange;
  throw broken
    ? new ItgError("DamagedSymbol", "a symbol is seen and cannot be read: photograph it sharper, whole and without glare")
    : new ItgError("NoSymbol", "no symbol is to be seen: photograph it nearer, sharper and whole");
}

/** Shows the card of some symbols' contents, if there is one. */
async function open(contents) {
  const one = await openCard(reader, contents);
  if (!one) return false;
  [file, bytes] = [one.file, one.card.portrait];
  showCard(one.card);
  await draw();
  return true;
}

async function load(blob) {
  const picture = await createImageBitmap(blob).catch(() => null);
  if (!picture) throw new ItgError("PictureError", "this browser cannot read the picture: save it as PNG or JPEG first");
  const { width, height } = picture, canvas = Object.assign($("before").querySelector("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white"; // what transparent parts are laid on
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0);
  original = context.getImageData(0, 0, width, height);
  await make();
}

async function make() {
  if (!original) return;
  say("Coding …");
  const breathe = () => new Promise((done) => setTimeout(done));
  await breathe();
  bytes = await writer.encode(original, { bytes: wanted(), progress: breathe });
  file = await reader.open(bytes);
  if (!next) await draw();
}

const take = (blob) => work(() => (making() ? load(blob) : read(blob)));

function choose(mode) {
  document.body.classList.toggle("making", mode === "make");
  camera.stop();
  [bytes, file, original] = [null, null, null];
  $("result").hidden = true;
  showCard(null);
  say("");
}

for (const id of ["file", "photo"])
  $(id).addEventListener("change", ({ target }) => {
    if (target.files[0]) take(target.files[0]);
    target.value = ""; // the same one may be chosen again
  });
for (const kind of ["dragover", "dragleave", "drop"])
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
$("mode").addEventListener("change", ({ target }) => choose(target.value));
$("camera").hidden = !camera.possible();
$("camera").addEventListener("click", () => {
  say("Hold the card's symbol before the camera.");
  const seen = (contents) => open(contents).catch((error) => say(error.message, true));
  camera.watch(seen).catch((error) => say(`the camera cannot be used (${error.message})`, true));
});
$("stop").addEventListener("click", () => {
  camera.stop();
  say("");
});
$("steps").addEventListener("input", () => {
  $("steps-value").textContent = STEPS[$("steps").value];
  work(draw);
});
$("realism").addEventListener("input", () => {
  $("realism-value").textContent = Number($("realism").value).toFixed(2);
  work(draw);
});
$("bytes").addEventListener("input", () => {
  $("bytes-value").textContent = wanted();
  work(make);
});
$("save").addEventListener("click", () => {
  downloadPng("generated.png", $("after").querySelector("canvas"), `${file.codec}-${file.model.about.decoder}`);
});
$("download").addEventListener("click", () => download("picture.itg", new Blob([bytes])));
$("keep").querySelector("button").addEventListener("click", () => {
  const shown = $("keep").querySelector("output");
  keepAll((size) => (shown.textContent = `${size.toFixed(0)} MB …`)).then(
    (size) => (shown.textContent = `${size.toFixed(0)} MB are kept.`), (error) => (shown.textContent = error.message));
});
choose(document.querySelector("#mode :checked").value);
if ("serviceWorker" in navigator) keepPage();
else $("keep").hidden = true;
