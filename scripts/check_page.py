"""Uses the web page as a person would, in headless Chromium: files, cards, the camera, making files, no network, a phone.

    PYTHONPATH=src python scripts/check_page.py --shots shots        # needs web/models, chromium, websocket-client, [serve,barcode]

Pixels are held to Python's, files to their bytes; nothing may be fetched of another place. Screenshots are for looking at.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import websocket  # websocket-client
from PIL import Image

import intaglio
from intaglio.barcode import Layout, keyring, make

ROOT = Path(__file__).parent.parent
HOST, PORT, DEVTOOLS = "127.0.0.1", 8791, 9391
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
NEAREST = 45.0  # dB


def until(ready: Callable[[], Any], what: str, seconds: float = 90) -> Any:
    """What `ready` gives once that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if answer := ready():
                return answer
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{what} did not come within {seconds:g} s")


def fetched(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    connection.request("GET", path)
    return connection.getresponse().read()


@contextmanager
def process(*command: str) -> Iterator[None]:
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        running.terminate()
        running.wait(30)


def serving() -> Any:
    return process(sys.executable, "-m", "intaglio", "serve", "--page", str(ROOT / "web"), "--port", str(PORT))


class Page:
    """A tab of Chromium, by the DevTools protocol."""

    def __init__(self) -> None:
        tabs = until(lambda: json.loads(fetched(DEVTOOLS, "/json")), "chromium")
        address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
        self.socket, self.number, self.addresses = websocket.create_connection(address, timeout=120), 0, set[str]()
        for domain in ("Page", "DOM", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("method") == "Network.requestWillBeSent":
                self.addresses.add(message["params"]["request"]["url"])
            if message.get("id") == self.number:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']}")
                return message["result"]

    def js(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self) -> None:
        self.call("Page.navigate", url=f"http://{HOST}:{PORT}/")
        until(
            lambda: self.js("document.readyState === 'complete' && !document.getElementById('camera').hidden"),
            "the page",
        )

    def give(self, file: Path) -> str:
        """Chooses a file; what the page says when it is done."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])
        return self.said()

    def said(self) -> str:
        time.sleep(0.3)
        until(lambda: not self.js("document.getElementById('status').textContent").endswith("…"), "an answer")
        return str(self.js("document.getElementById('status').textContent"))

    def text(self, selector: str) -> str:
        return str(self.js(f"document.querySelector('{selector}').innerText"))

    def set(self, slider: str, value: float) -> str:
        self.js(f"{slider}.value = {value}; {slider}.dispatchEvent(new Event('input'))")
        return self.said()

    def picture(self) -> Image.Image:
        url = self.js("document.querySelector('#after canvas').toDataURL()")
        return Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB")

    def shot(self, file: Path) -> None:
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(shot["data"]))


def check(right: object, what: str) -> None:
    print(f"{'ok' if right else 'WRONG'}  {what}", flush=True)
    if not right:
        raise SystemExit(1)


def decibels(a: Image.Image, b: Image.Image) -> float:
    error = np.square(np.asarray(a, np.float64) - np.asarray(b.convert("RGB"), np.float64)).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def photograph(card: Any, file: Path, angle: float = 6) -> None:
    """A card on a table, a little turned."""
    with Image.open(io.BytesIO(card.png())) as image:
        table = Image.new("RGB", (image.width * 3 // 2, image.height * 3 // 2), (120, 110, 100))
        table.paste(image, (image.width // 4, image.height // 4))
    table.rotate(angle, Image.Resampling.BICUBIC, fillcolor=(120, 110, 100)).save(file)


def reading(page: Page, place: Path, shots: Path, portrait: Image.Image) -> None:
    for codec in ("fasdiff", "cgdm"):
        data = intaglio.compress(portrait, codec=codec, max_bytes=400, focus="off")
        (place / "p.itg").write_bytes(data)
        check(not page.give(place / "p.itg"), f"{codec}: a file is drawn")
        near = decibels(page.picture(), intaglio.decompress(data))
        check(near >= NEAREST, f"{codec}: {near:.1f} dB to Python's pixels")
    times = []
    for _ in range(4):
        page.give(place / "p.itg")
        times.append(page.text("#facts tr:last-child td:last-child"))
    print(f"    {portrait.width}x{portrait.height}, warm: {', '.join(times)}")
    page.shot(shots / "file.png")
    (place / "p.itg").write_bytes(data[:-1])
    check("checksum" in page.give(place / "p.itg"), "a cut file is refused")
    key = place / "k.pem"
    keyring.new(key)
    cards = {
        "bare": make(portrait, Layout(portrait=400), frame=None),
        "claim169": make(portrait, wrap="claim169", claims={"full_name": "Ada Lovelace"}, key=key, frame=None),
        "signed": make(
            portrait, Layout(symbol="pdf417", portrait=350), text="Ada, 7", expires=date(2149, 1, 1), key=key
        ),
    }
    for name, card in cards.items():
        photograph(card, place / f"{name}.png")
        check(not page.give(place / f"{name}.png"), f"a card is read: {name}")
        said = page.text("#card")
        check(said.startswith("Not verified."), f"    {said.splitlines()[0]}")
    page.shot(shots / "card.png")
    photograph(make(portrait, Layout(portrait=300), expires=date(2021, 1, 1)), place / "x.png")
    check("last day was 2021-01-01" in page.give(place / "x.png"), "a card out of date is refused")
    portrait.save(place / "x.png")
    check("no symbol" in page.give(place / "x.png"), "a picture without a symbol is refused")


def making(page: Page, place: Path, shots: Path, portrait: Image.Image) -> None:
    page.js("document.querySelector('[value=make]').click(); globalThis.blobs = []; globalThis.urls = URL.createObjectURL;"
            "URL.createObjectURL = (blob) => (blobs.push(blob), urls.call(URL, blob))")  # fmt: skip
    portrait.resize((640, 640)).save(place / "x.png")
    start = time.monotonic()
    check(not page.give(place / "x.png"), "a picture is coded")
    print(f"    and drawn, the first time, in {time.monotonic() - start:.1f} s")
    for value in (31.6, 5, 60):
        page.set("bytes", value)
        most = int(page.text("#bytes-value"))
        page.js("download.click()")
        data = bytes(page.js("blobs.at(-1).arrayBuffer().then((bytes) => Array.from(new Uint8Array(bytes)))"))
        near = decibels(page.picture(), intaglio.decompress(data))
        check(
            len(data) <= most and near >= NEAREST,
            f"{len(data)} of {most} bytes; {near:.1f} dB to Python's pixels of it",
        )
        same = data == intaglio.compress(portrait.resize((640, 640)), codec="fasdiff", max_bytes=most, focus="off")
        print(f"    {'the same bytes as' if same else 'other bytes than'} Python's")
    page.shot(shots / "make.png")
    page.js("save.click()")
    until(lambda: page.js("blobs.at(-1).type === 'image/png'"), "a PNG")
    png = bytes(page.js("blobs.at(-1).arrayBuffer().then((bytes) => Array.from(new Uint8Array(bytes)))"))
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        check(
            "compositeWithTrainedAlgorithmicMedia" in image.info["XML:com.adobe.xmp"],
            "a saved PNG says that it is generated",
        )


def by_camera(page: Page, shots: Path) -> None:
    page.open()
    page.js("camera.click()")
    until(
        lambda: page.js("!document.getElementById('card').hidden && document.getElementById('finder').hidden"), "a card"
    )
    check(page.text("#card").startswith("Not verified."), "a card is read by camera")
    check(not page.said(), "    and drawn")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--shots", type=Path, default=Path("shots"))
    shots: Path = parser.parse_args().shots
    shots.mkdir(parents=True, exist_ok=True)
    with Image.open(ROOT / "src/intaglio/data/astronaut.png") as image:
        portrait = image.convert("RGB").crop((96, 0, 352, 256))
    with tempfile.TemporaryDirectory() as folder:
        place, profile = Path(folder), Path(folder) / "profile"
        photograph(make(portrait, Layout(portrait=400), frame=None), place / "film.jpg", 2)
        (place / "film.mjpeg").write_bytes((place / "film.jpg").read_bytes())
        browser = process(
            "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-allow-origins=*",
            f"--user-data-dir={profile}", f"--remote-debugging-port={DEVTOOLS}", "--window-size=1100,900",
            "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={place / 'film.mjpeg'}", "about:blank",
        )  # fmt: skip
        with browser:
            page = Page()
            with serving():
                until(lambda: fetched(PORT, "/healthz"), "the server")
                page.open()
                page.shot(shots / "start.png")
                reading(page, place, shots, portrait)
                making(page, place, shots, portrait)
                by_camera(page, shots)
                page.call("Emulation.setDeviceMetricsOverride", **PHONE)
                page.shot(shots / "phone-card.png")
                page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
                page.shot(shots / "phone-dark.png")
                page.call("Emulation.setEmulatedMedia")
                page.js("document.querySelector('[value=make]').click()")
                page.give(place / "x.png")
                page.shot(shots / "phone-make.png")
            page.open()
            page.js("document.querySelector('[value=read]').click()")
            check(not page.give(place / "bare.png"), "without the server, a card is read")
            page.shot(shots / "phone-offline.png")
            strange = {
                url
                for url in page.addresses
                if not url.startswith((f"http://{HOST}:{PORT}/", "blob:", "data:", "about:"))
            }
            check(not strange, f"nothing is fetched of another place {strange or ''}")


if __name__ == "__main__":
    main()
