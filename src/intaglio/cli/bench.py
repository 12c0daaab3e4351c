"""`intaglio bench`: measure a folder of pictures, or summarise reports as Markdown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from intaglio.bench.ours import NAMES
from intaglio.errors import IntaglioError

PEERS = ("vvc", "vvc/2", "avif", "avif/2")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="intaglio bench",
        description="Measure Intaglio and its peers side by side, with real bytes; OUT/index.html is the report. "
        "Stopped at any moment, the same command goes on.",
    )
    made.add_argument("folder", type=Path, metavar="DIR", help="pictures; with --summary, reports")
    made.add_argument("more", type=Path, nargs="*", metavar="DIR", help=argparse.SUPPRESS)
    made.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder of the report")
    made.add_argument(
        "--codec", nargs="+", choices=NAMES, default=["fasdiff"], metavar="NAME", help="of ours: " + ", ".join(NAMES)
    )
    made.add_argument("--peers", nargs="*", default=list(PEERS), metavar="NAME", help=f"default {' '.join(PEERS)}")
    made.add_argument("--size", type=int, metavar="N", help="central squares of this side, in place of whole pictures")
    made.add_argument("--limit", type=int, metavar="N", help="so many pictures, the first by name")
    made.add_argument("--faces", action="store_true", help="measure identity, landmarks and detection too")
    rate = made.add_mutually_exclusive_group()
    rate.add_argument("--bytes", type=float, nargs="+", metavar="N", help="byte targets of ours")
    rate.add_argument("--bpp", type=float, nargs="+", metavar="R", help="targets of ours in bits a pixel")
    made.add_argument("--steps", type=int, choices=[1, 2, 4], default=4, help="of the diffusion, default 4")
    made.add_argument("--realism", type=float, default=1.0, metavar="R", help="0 to 1, default 1")
    made.add_argument("--effort", type=int, choices=range(10), default=0, metavar="0..9", help="of compression")
    made.add_argument("--features", type=Path, metavar="DIR", help="feature networks (docs/bench.md)")
    made.add_argument(
        "--published", type=Path, metavar="FILE", help="published curves to draw dashed (docs/published.toml)"
    )
    made.add_argument("--groups", type=Path, metavar="CSV", help="a table (file, group, sex): measures by group too")
    made.add_argument("--no-times", action="store_true", help="leave seconds and memory out")
    made.add_argument(
        "--protocol",
        choices=["barcode", "verification", "scaling"],
        help="barcode: the best of everybody in 1024, 700, 400, 250 bytes; verification: a face matcher on DIR's pairs.csv; "
        "scaling: work, seconds and memory as pictures grow",
    )
    made.add_argument("--summary", action="store_true", help="write OUT, a Markdown file, from the reports DIR...")
    return made


def main(argv: Sequence[str]) -> int:
    """Runs the command and returns its exit code: 0, or 2 with a sentence when something is wrong."""
    args = parser().parse_args(argv)
    try:
        return _run(args)
    except (IntaglioError, OSError, ValueError) as error:
        print(f"intaglio: {error}", file=sys.stderr)
        return 2


def _run(args: argparse.Namespace) -> int:
    if args.summary:
        from intaglio.bench import summary

        summary.write([args.folder, *args.more], args.out)
        return 0
    if args.protocol == "barcode":
        from intaglio.bench import barcode

        barcode.measure(args.folder, args.out, args.size or 256, args.limit, args.peers, args.features, print)
        return 0
    if args.protocol == "verification":
        from intaglio.bench import verify

        targets = args.bytes or list(verify.TARGETS)
        verify.measure(args.folder, args.out, args.codec, args.peers, targets, args.limit, print)
        return 0
    if args.protocol == "scaling":
        from intaglio.bench import scaling

        scaling.measure(args.folder, args.out, args.codec, args.peers, print)
        return 0
    from intaglio.bench.coding import Options
    from intaglio.bench.run import BYTES, Plan, bench

    options = Options(args.bpp is not None, args.steps, args.realism, args.effort)
    plan = Plan(
        folder=args.folder,
        out=args.out,
        mine=args.codec,
        others=args.peers,
        settings=args.bpp or args.bytes or list(BYTES),
        size=args.size,
        limit=args.limit,
        faces=args.faces,
        features=args.features,
        published=args.published,
        groups=args.groups,
        options=options,
        times=not args.no_times,
    )
    data = bench(plan, lambda sentence: print(f"intaglio: {sentence}", file=sys.stderr))
    for row in data["rates"]:
        if row["percent"] is not None:
            print(
                "{codec} against {against}, {measure}: {percent:+.1f} % {interval}, overlap {overlap %} %".format(**row)
            )
    print(f"{args.out / 'index.html'}: {len(data['pictures'])} pictures, {len(data['curves'])} curves")
    return 0
