"""`intaglio demo`, the first thing that a newcomer sees: a portrait becomes 400 bytes and a picture again."""

from __future__ import annotations

import argparse
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio.cli import arguments

if TYPE_CHECKING:
    from PIL import Image

    from intaglio.image import Rgb

FOLDER = Path("demo-out")
MAX_BYTES = 400


def add(commands: Any) -> None:
    parser = arguments.command(
        commands, "demo", run, "Compress a portrait to at most 400 bytes, draw it again, into demo-out/.", "[IMAGE]"
    )
    parser.add_argument("image", nargs="?", metavar="IMAGE", help="default: the bundled portrait")


def run(args: argparse.Namespace) -> int:
    print(demo(args.image, FOLDER))
    return 0


def demo(picture: str | None, folder: Path) -> str:
    """Compresses `picture` (None: the bundled portrait) and draws it again.

    Writes NAME.itg, NAME.png and NAME-sheet.png into `folder`, over what is there.

    Returns:
        the report, a few lines.

    Raises:
        IntaglioError, OSError: as `open_picture`, `Codec` and `write` do.
    """
    from intaglio.atomic import write
    from intaglio.codec import Codec
    from intaglio.format.fields import fraction
    from intaglio.image import encoded, open_picture, to_rgb
    from intaglio.info import inspect
    from intaglio.options import CompressOptions, DecompressOptions

    source = Path(picture) if picture else Path(str(files("intaglio") / "data" / "astronaut.png"))
    image = open_picture(source)
    codec = Codec()

    start = time.perf_counter()
    data = codec.compress(image, CompressOptions(max_bytes=MAX_BYTES))
    coded = time.perf_counter()
    decoded = codec.decompress(data, DecompressOptions())
    drawn = time.perf_counter()

    itg, png, sheet = (folder / f"{source.stem}{ending}" for ending in (".itg", ".png", "-sheet.png"))
    write(itg, data)
    write(png, encoded(decoded))
    page = side_by_side(to_rgb(image)[0], to_rgb(decoded)[0], f"{len(data)} bytes")
    page.info["xmp"] = decoded.info.get("xmp")
    write(sheet, encoded(page))

    info = inspect(data)
    return "\n".join(
        [
            f"picture         {source.name}, {info.width} x {info.height}, {source.stat().st_size:,} bytes",
            f"compressed      {len(data)} bytes, {8 * len(data) / (info.width * info.height):.4f} bits per pixel",
            f"coded scale     {fraction(info.scale)}, quality {info.quality:g}",
            f"seconds         {coded - start:.2f} to compress, {drawn - coded:.2f} to draw again",
            f"written         {itg}, {png}, {sheet}",
        ]
    )


def side_by_side(original: Rgb, decoded: Rgb, caption: str) -> Image.Image:
    """Original and decoded picture, each (H, W, 3), with a line of text under each."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    from intaglio.image import DecodedPicture

    h, w = original.shape[:2]
    gap, line = max(8, w // 32), max(14, w // 24)
    page = Image.new("RGB", (2 * w + gap, h + 2 * line), "white")
    draw = ImageDraw.Draw(page)
    for left, rgb, text in ((0, original, "original"), (w + gap, decoded, caption)):
        page.paste(Image.fromarray(np.ascontiguousarray(rgb)), (left, 0))
        draw.text((left, h + line // 2), text, "black", font=ImageFont.load_default(line))
    return DecodedPicture.of(page)
