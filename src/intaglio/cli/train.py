"""`intaglio train`: a recipe's stages one after the other, then the weights files. The same command again goes on."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

STAGES = ("cache", "encoder", "compressor", "prior", "lean", "control", "joint", "export")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="intaglio train",
        description="Train a codec by a recipe. Stopped at any moment, the same command goes on from the last checkpoint.",
    )
    made.add_argument("config", type=Path, metavar="CONFIG", help="the recipe, a TOML file (configs/)")
    made.add_argument("--data", type=Path, nargs="+", metavar="DIR", help="folders of pictures or WebDataset tars")
    made.add_argument("--val", type=Path, metavar="DIR", help="folder of validation pictures")
    made.add_argument(
        "--features", type=Path, metavar="DIR", help="weights of the losses' feature networks; without, random ones"
    )
    made.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    made.add_argument("--cache", type=Path, metavar="DIR", help="folder of the latent cache, default RUN/cache")
    made.add_argument("--mix", type=Path, metavar="DIR", help="a further latent cache: some pictures come from there")
    made.add_argument(
        "--others",
        type=Path,
        metavar="DIR",
        help="a latent cache of pictures other than portraits, to tell them apart by",
    )
    made.add_argument(
        "--start", type=Path, metavar="RUN", help="a finished run's folder, or a weights file, to start from"
    )
    made.add_argument("--stage", nargs="+", choices=STAGES, metavar="NAME", help=f"only these of {', '.join(STAGES)}")
    made.add_argument("--minutes", type=float, default=math.inf, metavar="M", help="stop after so many minutes")
    made.add_argument("--limit-cache", type=int, metavar="N", help="rows of the cache to make for now")
    return made


def main(argv: Sequence[str]) -> int:
    """Runs the command and returns its exit code: 0, also when time ran out; 2 with a sentence when something is wrong."""
    args = parser().parse_args(argv)
    deadline = time.time() + 60 * args.minutes
    from intaglio.train import recipe as config
    from intaglio.train.run import Run

    try:
        recipe = config.load(args.config)
    except ValueError as error:
        print(f"intaglio: {error}", file=sys.stderr)
        return 2
    run = Run(
        recipe,
        args.out,
        args.cache or args.out / "cache",
        args.data,
        args.val,
        args.features,
        args.mix,
        args.others,
        args.start,
        deadline,
    )
    for name in args.stage or STAGES:
        if not run.do(name, args.limit_cache):
            print(f"Time is up in stage {name}; the same command goes on.")
            return 0
    print(f"Done: {args.out}")
    return 0
