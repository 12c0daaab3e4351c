"""The training table of a model card, from the logs of stages.

    python scripts/training_table.py STAGE_FOLDER... [--show q64/bytes steps4/lpips]

Each folder holds the log.jsonl of one stage as `intaglio train` writes it. Hours are wall hours, FLOPs those of torch's
FlopCounterMode; the figures are of the last validation.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path


def row(folder: Path, show: Sequence[str] = ("psnr", "lpips", "bytes")) -> tuple[str, float, float]:
    """A line of the table with the figures whose names end so, hours and 10^15 FLOPs of a stage."""
    last = [entry for entry in map(json.loads, (folder / "log.jsonl").open()) if "pflop" in entry][-1]
    found = {k.removeprefix("val/"): v for k, v in last.items() if k.startswith("val/")}
    parts = [f"{name} {value:.3f}" for name, value in sorted(found.items()) if name.endswith(tuple(show))]
    return (
        f"| {folder.name} | {last['step']} | {last['hours']:.2f} | {last['pflop']:.3f} | {', '.join(parts)} |",
        last["hours"],
        last["pflop"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="STAGE_FOLDER")
    parser.add_argument("--show", nargs="+", default=["psnr", "lpips", "bytes"], help="endings of the figures shown")
    options = parser.parse_args()
    rows = [row(folder, options.show) for folder in options.folders]
    print("| stage | steps | hours | 10^15 FLOPs | on validation |\n|---|---|---|---|---|")
    print("\n".join(text for text, _, _ in rows))
    print(f"| all | | {sum(h for _, h, _ in rows):.2f} | {sum(p for _, _, p in rows):.2f} | |")


if __name__ == "__main__":
    main()
