"""`intaglio demo`, the first thing that a newcomer sees: a portrait becomes 400 bytes and a picture again."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio.cli import arguments
from intaglio.cli.terminal import shown
from intaglio.format.fields import fraction

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
    """Compresses `picture` (None: the bundled portrait), and its face framed if there is one, and draws both again.

    Writes NAME.itg, NAME.png and NAME-sheet.png into `folder`, over what is there.

    Returns:
        the report, a few lines.

    Raises:
        IntaglioError, OSError: as `open_picture`, `Codec` and `write` do.
    """
    from PIL import Image

    from intaglio.atomic import write
    from intaglio.codec import Codec
    from intaglio.image import encoded, open_picture, to_rgb
    from intaglio.info import inspect
    from intaglio.options import CompressOptions, DecompressOptions

    source = Path(picture) if picture else Path(str(files("intaglio") / "data" / "astronaut.png"))
    rgb = to_rgb(open_picture(source))[0]
    codec = Codec()
    rows, lines = [], [f"picture         {shown(source.name)}, {rgb.shape[1]} x {rgb.shape[0]}"]
    for name, original in (("whole", rgb), ("token", _portrait(rgb))):
        if original is None:
            lines.append("no portrait     no face, or several of like size, so that nothing is framed")
            continue
        start = time.perf_counter()
        data = codec.compress(Image.fromarray(original), CompressOptions(max_bytes=MAX_BYTES))
        coded = time.perf_counter()
        decoded = codec.decompress(data, DecompressOptions())
        drawn = time.perf_counter()
        info = inspect(data)
        apart = "faces apart, " if "faces" in info.chunks else ""
        lines += [
            f"{name:15} {len(data)} bytes by {info.codec}, {apart}coded scale {fraction(info.scale)}, "
            f"{8 * len(data) / (original.shape[0] * original.shape[1]):.4f} bits per pixel",
            f"seconds         {coded - start:.2f} to compress, {drawn - coded:.2f} to draw again",
        ]
        rows.append([("original", original), (f"Intaglio, {len(data)} bytes", to_rgb(decoded)[0]), _avif(original)])
        if name == "whole":
            itg, png, sheet = (folder / f"{source.stem}{ending}" for ending in (".itg", ".png", "-sheet.png"))
            write(itg, data)
            write(png, encoded(decoded))
    overview = page(rows)
    overview.info["xmp"] = decoded.info.get("xmp")
    write(sheet, encoded(overview))
    return "\n".join([*lines, f"written         {shown(itg)}, {shown(png)}, {shown(sheet)}"])


def _portrait(rgb: Rgb) -> Rgb | None:
    """The picture's portrait in a token frame, if it has one."""
    from intaglio.errors import PictureError
    from intaglio.faces.frames import frame

    try:
        return frame(rgb, "token")
    except PictureError:
        return None


def _avif(rgb: Rgb) -> tuple[str, Rgb]:
    """The best that AVIF does in as many bytes, at full, half or a quarter of the size; its container is not counted."""
    import numpy as np

    from intaglio.bench.fitting import Trials, finest
    from intaglio.bench.peers import base
    from intaglio.bench.peers.variants import variant

    trials = Trials(rgb)
    pictures: list[tuple[float, str, Rgb]] = []
    for scale in ("", "/2", "/4"):
        peer = variant(base("avif"), scale)
        setting = finest(peer, MAX_BYTES, trials, "payload")
        if setting is not None:
            decoded = trials.picture(peer, setting)
            error = float(np.square(decoded.astype(np.float64) - rgb).mean())
            pictures.append((error, f"AVIF, {trials.payload(peer, setting)} bytes of payload", decoded))
    if pictures:
        return min(pictures, key=lambda one: one[0])[1:]
    smallest = peer.fine[0]
    return f"AVIF, no fewer than {trials.payload(peer, smallest)} bytes", trials.picture(peer, smallest)


def page(rows: Sequence[Sequence[tuple[str, Rgb]]]) -> Image.Image:
    """Captions and pictures (H, W, 3), each row as high as the first."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    from intaglio.image import DecodedPicture

    height, gap = min(640, rows[0][0][1].shape[0]), 12
    line = max(14, height // 24)
    scaled = [[(caption, Image.fromarray(np.ascontiguousarray(rgb))) for caption, rgb in row] for row in rows]
    strips = []
    for row in scaled:
        pictures = [picture.resize((round(picture.width * height / picture.height), height)) for _, picture in row]
        strip = Image.new("RGB", (sum(p.width + gap for p in pictures) - gap, height + 2 * line), "white")
        draw, left = ImageDraw.Draw(strip), 0
        for (caption, _), picture in zip(row, pictures):
            strip.paste(picture, (left, 0))
            draw.text((left, height + line // 2), caption, "black", font=ImageFont.load_default(line))
            left += picture.width + gap
        strips.append(strip)
    whole = Image.new("RGB", (max(s.width for s in strips), sum(s.height for s in strips)), "white")
    for i, strip in enumerate(strips):
        whole.paste(strip, (0, i * strip.height))
    return DecodedPicture.of(whole)
