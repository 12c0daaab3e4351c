"""`intaglio bench`: sub-commands that measure, one function each; a module of `intaglio.bench` does the work."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from intaglio.bench.ours import NAMES
from intaglio.codecs import CODECS

PEERS = ("vvc", "vvc/2", "avif", "avif/2")


def run(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """Measure a folder of pictures through Intaglio and its peers, with real bytes; OUT/index.html is the report.

    Stopped at any moment, the same command goes on.
    """
    _pictures(p, size=None)
    _codecs(p, NAMES, ["fasdiff"], PEERS)
    p.add_argument("--faces", action="store_true", help="measure identity, landmarks and detection too")
    rate = p.add_mutually_exclusive_group()
    rate.add_argument("--bytes", type=float, nargs="+", metavar="N", help="byte targets of ours")
    rate.add_argument("--bpp", type=float, nargs="+", metavar="R", help="targets of ours in bits a pixel")
    p.add_argument("--steps", type=int, choices=[1, 2, 4], default=4, help="of the diffusion, default 4")
    p.add_argument("--realism", type=float, default=1.0, metavar="R", help="0 to 1, default 1")
    _effort(p)
    _features(p)
    _published(p)
    p.add_argument("--groups", type=Path, metavar="CSV", help="a table (file, group, sex): measures by group too")
    p.add_argument("--no-times", action="store_true", help="leave seconds and memory out")

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.coded_files import Options
        from intaglio.bench.side_by_side import BYTES, Plan, bench

        options = Options(a.bpp is not None, a.steps, a.realism, a.effort)
        plan = Plan(
            folder=a.folder,
            out=a.out,
            mine=a.codec,
            others=a.peers,
            settings=a.bpp or a.bytes or list(BYTES),
            size=a.size,
            limit=a.limit,
            faces=a.faces,
            features=a.features,
            published=a.published,
            groups=a.groups,
            options=options,
            times=not a.no_times,
        )
        data = bench(plan, lambda reason: print(f"intaglio: {reason}", file=sys.stderr))
        line = "{codec} against {against}, {measure}: {percent:+.1f} % {interval}, overlap {overlap %} %"
        for row in data["rates"]:
            if row["percent"] is not None:
                print(line.format(**row))
        print(f"{a.out / 'index.html'}: {len(data['pictures'])} pictures, {len(data['curves'])} curves")

    return work


def barcode(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """Everybody at their best in 1,024, 700, 400 and 250 bytes, on portraits; OUT/barcode.md."""
    _pictures(p, size=256)
    _codecs(p, NAMES, ["fasdiff", "fasdiff/focus"], ("vvc", "avif"))
    _features(p)

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.few_bytes import measure

        measure(a.folder, a.out, a.codec, a.peers, a.size, a.limit, a.features, print)

    return work


def photographed(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """How often printed symbols are read from photographs, by a simulated print and camera; OUT/photographed.md."""
    p.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder of the report")
    p.add_argument(
        "--symbols", nargs="+", metavar="KIND/LEVEL", help="default qr/L qr/M qr/Q aztec/23 datamatrix pdf417/5"
    )
    p.add_argument("--pixels", type=float, nargs="+", metavar="N", help="of a module, default 14 8 5 3")
    p.add_argument("--draws", type=int, default=200, metavar="N", help="photographs of each condition, default 200")
    p.add_argument("--tilt", type=float, default=25, metavar="DEG", help="at most, default 25")
    p.add_argument("--blur", type=float, default=1.5, metavar="PX", help="defocus at most, default 1.5")

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.photographed import PIXELS, SYMBOLS, measure

        measure(a.out, a.symbols or SYMBOLS, a.pixels or PIXELS, a.draws, a.tilt, a.blur, print)

    return work


def _effort(p: argparse.ArgumentParser) -> None:
    p.add_argument("--effort", type=int, choices=range(10), default=0, metavar="0..9", help="of compression")


def verify(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """Whether a face matcher still tells people apart, on the pairs of DIR/pairs.csv (a, b, same); OUT/verification.md."""
    _folders(p)
    p.add_argument("--limit", type=int, metavar="N", help="so many pairs of each kind, the first of the table")
    _codecs(p, NAMES, ["fasdiff"], ("vvc",))
    p.add_argument("--bytes", type=float, nargs="+", metavar="N", default=[400, 1024], help="default 400 1024")
    _effort(p)

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.verify import measure

        measure(a.folder, a.out, a.codec, a.peers, a.bytes, a.effort, a.limit, print)

    return work


def people(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """What coding leaves of faces that do not fill their picture, by DIR/faces.csv (file, x, y, w, h); OUT/people.md.

    Stopped at any moment, the same command goes on.
    """
    _folders(p)
    p.add_argument("--limit", type=int, metavar="N", help="so many pictures, the first by name")
    p.add_argument(
        "--bpp", type=float, nargs="+", metavar="R", default=[0.012, 0.03, 0.06], help="default .012 .03 .06"
    )
    p.add_argument("--peers", nargs="*", default=["vvc", "avif"], metavar="NAME", help="default vvc avif")
    _features(p)

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.people import measure

        measure(a.folder, a.out, a.bpp, a.peers, a.limit, a.features, print)

    return work


def drawn(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """Flat, drawn and tiny pictures beside WebP at the same quality; OUT/drawn.md."""
    p.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder of the report")

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.drawn import measure

        measure(a.out, print)

    return work


def scaling(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """Work, seconds and memory as the first picture of DIR grows; OUT/scaling.md."""
    _folders(p)
    _codecs(p, tuple(CODECS), list(CODECS), ("vvc", "avif"))
    sides = (128, 256, 512, 1024, 2048)
    p.add_argument("--sides", type=int, nargs="+", metavar="N", default=sides, help="default 128 to 2048")

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.scaling import measure

        measure(a.folder, a.out, a.codec, a.peers, a.sides, print)

    return work


def ablate(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """What each part of a decoder adds, by drawing the same files without it; OUT/ablation.md."""
    _pictures(p, size=256)
    _mine(p, tuple(CODECS), list(CODECS))
    p.add_argument("--bytes", type=int, nargs="+", metavar="N", default=[400, 1000], help="default 400 1000")
    p.add_argument("--faces", action="store_true", help="measure identity too")
    _features(p)

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.ablate import measure

        measure(a.folder, a.out, a.codec, a.bytes, a.size, a.limit, a.faces, a.features, print)

    return work


def faces(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """What the face detector finds of DIR/faces.csv (file, x, y, w, h), and where frames put the eyes; OUT/faces.md."""
    _folders(p)
    p.add_argument("--limit", type=int, metavar="N", help="so many pictures, the first by name")
    p.add_argument("--onnx", type=Path, metavar="FILE", help="YuNet's own file: every cell against OpenCV's")

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.face_finding import measure

        measure(a.folder, a.out, a.limit, a.onnx, print)

    return work


def summary(p: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """Write one Markdown page from reports, with its plots in a folder of its name beside it."""
    p.add_argument("reports", type=Path, nargs="+", metavar="REPORT", help="folders of the bench, or Markdown files")
    p.add_argument("--out", type=Path, required=True, metavar="PAGE.md")
    _published(p)

    def work(a: argparse.Namespace) -> None:
        from intaglio.bench.summary import write

        write(a.reports, a.out, a.published)

    return work


def _folders(p: argparse.ArgumentParser) -> None:
    p.add_argument("folder", type=Path, metavar="DIR", help="pictures")
    p.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder of the report")


def _pictures(p: argparse.ArgumentParser, size: int | None) -> None:
    _folders(p)
    whole = "in place of whole pictures" if size is None else f"default {size}"
    p.add_argument("--size", type=int, metavar="N", default=size, help=f"central squares of this side, {whole}")
    p.add_argument("--limit", type=int, metavar="N", help="so many pictures, the first by name")


def _codecs(p: argparse.ArgumentParser, names: Sequence[str], mine: list[str], peers: Sequence[str]) -> None:
    _mine(p, names, mine)
    p.add_argument("--peers", nargs="*", default=list(peers), metavar="NAME", help=f"default {' '.join(peers)}")


def _mine(p: argparse.ArgumentParser, names: Sequence[str], default: list[str]) -> None:
    text = f"of ours: {', '.join(names)}; default {' '.join(default)}"
    p.add_argument("--codec", nargs="+", choices=names, default=default, metavar="NAME", help=text)


def _features(p: argparse.ArgumentParser) -> None:
    p.add_argument("--features", type=Path, metavar="DIR", help="feature networks (docs/guides/measuring.md)")


def _published(p: argparse.ArgumentParser) -> None:
    p.add_argument("--published", type=Path, metavar="FILE", help="published curves to draw (docs/published.toml)")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="intaglio bench", description="Measure codecs side by side, with real bytes.")
    commands: Any = top.add_subparsers(metavar="COMMAND", required=True)
    for add in (run, barcode, photographed, verify, people, drawn, scaling, ablate, faces, summary):
        lines = (add.__doc__ or "").split("\n")
        p = commands.add_parser(add.__name__, help=lines[0], description=" ".join(map(str.strip, lines)))
        p.set_defaults(work=add(p))
    return top


def main(argv: Sequence[str]) -> int:
    """Runs a sub-command and returns 0; the caller shows errors."""
    args = parser().parse_args(argv)
    args.work(args)
    return 0
