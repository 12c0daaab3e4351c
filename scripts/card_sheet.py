"""One sheet: a portrait, the symbol for print, a simulated photograph of it, what was read, and classic codecs in its place.

PYTHONPATH=src python scripts/card_sheet.py docs/card.webp
"""

from __future__ import annotations

import io
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from intaglio.barcode import keyring, make, read
from intaglio.bench import camera
from intaglio.faces.frames import frame

HEIGHT, GAP, TEXT = 320, 16, 18  # pixels
SHOT = camera.Shot(8, 15, -12, 0.4, 1.2, 2.5, 0.7, 0.4, 5)  # 8 pixels a module, 15 degrees, moderately blurred


def main(target: str) -> None:
    portrait = Image.open(str(files("intaglio") / "data" / "astronaut.png")).convert("RGB")
    columns = [("portrait, framed", Image.fromarray(frame(np.array(portrait), "token")))]
    with tempfile.TemporaryDirectory() as folder:
        keyring.new(Path(folder, "issuer.pem"))
        for codec in ("fasdiff", "webp", "avif"):
            symbol = make(portrait, key=Path(folder, "issuer.pem"), codec=codec)
            if codec == "fasdiff":
                print(symbol)
                rng = np.random.default_rng(1)
                module = symbol.layout.module_mm
                photograph = camera.photograph(camera.printed(symbol.modules, 4, module, rng), module, SHOT, rng)
                columns += [("for print, 28 mm", Image.open(io.BytesIO(symbol.png()))), ("photographed", photograph)]
                columns.append(("read, verified", read(photograph, keys=folder).image))
            else:
                columns.append((f"{codec} in its place", read(symbol.png()).image))
    pictures = [(text, _as_high(picture.convert("RGB"))) for text, picture in columns]
    sheet = Image.new("RGB", (sum(p.width + GAP for _, p in pictures) - GAP, HEIGHT + TEXT + 6), "white")
    draw, left = ImageDraw.Draw(sheet), 0
    for text, picture in pictures:
        sheet.paste(picture, (left, 0))
        draw.text((left, HEIGHT + 2), text, "black", ImageFont.load_default(TEXT))
        left += picture.width + GAP
    sheet.save(target, quality=88, method=6)


def _as_high(picture: Image.Image) -> Image.Image:
    return picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main(sys.argv[1])
