"""`intaglio bench drawn`: flat, drawn and tiny pictures, which models know little of, beside WebP at the same quality."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from intaglio.bench import markdown
from intaglio.bench.circumstances import facts
from intaglio.bench.peers import by_pillow
from intaglio.bench.results import Record
from intaglio.codecs import CODECS
from intaglio.measures.measure import Rgb

QUALITIES = (30, 60, 90)


def pictures() -> dict[str, Rgb]:
    """The pictures by name, each (H, W, 3)."""
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    photograph = Image.open(str(files("intaglio") / "data" / "astronaut.png")).convert("RGB")
    flat = {name: np.array(Image.new("RGB", (256, 256), name)) for name in ("white", "lime", "red")}
    tiny = {
        f"photograph, {w}x{h}": np.array(photograph.resize((w, h))) for w, h in ((7, 5), (16, 16), (31, 33), (64, 64))
    }
    return flat | {
        "ramp": np.stack([ramp] * 3, 2),
        "two ramps": np.stack([ramp, ramp.T, np.full_like(ramp, 128)], 2),
        "text, 512x256": _text(),
    } | tiny  # fmt: skip


def _text() -> Rgb:
    image = Image.new("RGB", (512, 256), "white")
    draw = ImageDraw.Draw(image)
    for line in range(14):
        draw.text((8, 8 + 17 * line), f"The quick brown fox jumps over the lazy dog, {line} times in a row.", "black")
    return np.array(image)


def measure(out: Path, say: Callable[[str], None]) -> None:
    """Writes OUT/drawn.md and says it."""
    import intaglio

    table: list[Record] = []
    for name, rgb in pictures().items():
        for quality in QUALITIES:
            data = intaglio.compress(rgb, quality=quality)
            webp = by_pillow.save(rgb, "WEBP", quality=quality, method=6)
            ours = np.array(intaglio.decompress(data).convert("RGB"))
            row: Record = {"picture": name, "quality": quality, "codec": intaglio.inspect(data).codec}
            for codec, size, decoded in (
                ("", len(data), ours),
                ("WebP ", len(webp), by_pillow.load(webp, *rgb.shape[:2])),
            ):
                error = np.abs(decoded.astype(int) - rgb)
                row |= {
                    f"{codec}bytes": size,
                    f"{codec}error": float(error.mean()),
                    f"{codec}largest": int(error.max()),
                }
            table.append(row)
    text = markdown.document("Flat, drawn and tiny pictures: errors in levels", facts(list(CODECS)), (), {"": table})
    out.mkdir(parents=True, exist_ok=True)
    (out / "drawn.md").write_text(text)
    say(text)
