"""docs/results/gallery.md and its pictures: as they are and as few bytes draw them, the bytes under each.

PYTHONPATH=src python scripts/gallery.py KODAK docs/results

KODAK holds kodimNN.png; those of NUMBERS are taken, at half size. The portrait is the package's own.
"""

from __future__ import annotations

import argparse
from importlib.resources import files
from pathlib import Path

from PIL import Image

from intaglio import Codec

NUMBERS = (8, 20, 23)  # nobody is to be seen there
TARGETS = (400, 1200, 4000)  # bytes at most
WEBP = 82  # quality of what the page shows

PAGE = """# Gallery

The package's portrait, which is in the public domain, and three of Kodak's test pictures at half size. Under each are the
bytes of its whole file, by `auto`. The page itself shows them by WebP (`python scripts/gallery.py KODAK docs/results`).

| original | | | |
|---|---|---|---|
"""


def pictures(kodak: Path) -> dict[str, Image.Image]:
    """By name."""
    shown = {
        "portrait": Image.open(str(files("intaglio") / "data" / "astronaut.png")).convert("RGB").resize((256, 256))
    }
    for number in NUMBERS:
        image = Image.open(kodak / f"kodim{number:02}.png").convert("RGB")
        shown[f"kodim{number:02}"] = image.reduce(2)
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kodak", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    folder, codec, page = args.out / "gallery", Codec(), PAGE
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in pictures(args.kodak).items():
        cells = [cell(image, folder / f"{name}.webp", f"{name}, {image.width}x{image.height}")]
        for target in TARGETS:
            data = codec.compress(image, max_bytes=target)
            cells.append(cell(codec.decompress(data), folder / f"{name}-{target}.webp", f"{len(data):,} bytes"))
        page += f"| {' | '.join(cells)} |\n"
    (args.out / "gallery.md").write_text(page)


def cell(image: Image.Image, path: Path, caption: str) -> str:
    """Writes a picture for the page; what shows it there."""
    image.save(path, quality=WEBP, method=6)
    return f"![{caption}]({path.parent.name}/{path.name})<br>{caption}"


if __name__ == "__main__":
    main()
