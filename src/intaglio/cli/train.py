"""`intaglio train`: a recipe's rounds one after the other. The same command again goes on where it was stopped."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="intaglio train",
        description="Train a codec by a recipe. Stopped at any moment, the same command goes on from the last checkpoint.",
    )
    top.add_argument("recipe", type=Path, metavar="RECIPE", help="a TOML file (configs/)")
    top.add_argument("--out", type=Path, metavar="RUN", help="folder of the run")
    top.add_argument(
        "--data", type=Path, nargs="+", default=[], metavar="DIR", help="folders of pictures, or WebDataset tars"
    )
    top.add_argument(
        "--others", type=Path, nargs="+", default=[], metavar="DIR",
        help="the same, of the other kind: no portraits for fasdiff, portraits for cgdm; without, caches of others are left out",
    )  # fmt: skip
    top.add_argument("--val", type=Path, metavar="DIR", help="folder of validation pictures")
    top.add_argument(
        "--features", type=Path, metavar="DIR", help="weights of the losses' feature networks; without, random ones"
    )
    top.add_argument("--start", type=Path, metavar="FILE", help="weights that the first round to be done starts from")
    top.add_argument(
        "--checkpoint",
        metavar="PLACE",
        help="of the Stable Diffusion checkpoint of a recipe that is over one: a folder, a file or owner/name@revision",
    )
    top.add_argument(
        "--dry-run", choices=("1.5", "2.1", "turbo"),
        help="print what the recipe would take over that Stable Diffusion, in parameters, work and memory, and stop",
    )  # fmt: skip
    top.add_argument("--round", type=int, metavar="N", help="only this round of the recipe, 1 or more")
    top.add_argument("--cache", type=Path, metavar="DIR", help="folder of the latent caches, default RUN/cache")
    top.add_argument("--limit-cache", type=int, metavar="N", help="rows of each latent cache to make for now")
    top.add_argument("--minutes", type=float, default=math.inf, metavar="M", help="stop after so many minutes")
    return top


def main(argv: Sequence[str]) -> int:
    """Runs the command and returns its exit code: 0, also when time ran out.

    Raises:
        IntaglioError: a recipe, pictures or weights that will not do, in a sentence.
    """
    top = parser()
    args = top.parse_args(argv)
    if args.out is None and args.dry_run is None:
        top.error("the following arguments are required: --out")
    deadline = time.time() + 60 * args.minutes
    from intaglio.train import recipe as recipes
    from intaglio.train.run import Run
    from intaglio.train.training_errors import RecipeError

    recipe = recipes.read(args.recipe)
    if args.dry_run:
        from intaglio.train.dry_run import dry_run

        print("\n".join(dry_run(recipe, args.dry_run)))
        return 0
    numbers = range(1, len(recipe.rounds) + 1) if args.round is None else [args.round]
    if not 1 <= numbers[0] <= len(recipe.rounds):
        raise RecipeError(f"{args.recipe} has rounds 1 to {len(recipe.rounds)}, no round {args.round}")
    run = Run(
        recipe,
        args.out,
        args.data,
        args.others,
        args.val,
        args.features,
        args.start,
        args.checkpoint,
        args.cache,
        deadline,
    )
    if not run.make_caches(args.limit_cache):
        print("Time is up in the latent caches; the same command goes on.")
        return 0
    for number in numbers:
        stage = run.do(number, first=numbers[0])
        if stage:
            print(f"Time is up in round {number}, stage {stage}; the same command goes on.")
            return 0
    print(f"Done: {run.weights(numbers[-1])}")
    return 0
