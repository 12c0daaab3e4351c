"""How many pictures a step should be made of: the gradient noise scale (McCandlish et al. 2018) of stage `joint`.

    PYTHONPATH=src python scripts/measure_noise.py VAL CONFIG --features WEIGHTS_DIR --cache CACHE [--mix CACHE]
        --start fasdiff.safetensors [--batches 160] [--json noise.json]

At the weights given, nothing is trained: gradients of so many batches of the recipe's stage, the compressor along, by part
of the model. The scale is the variance of a batch's gradient (trace of its covariance) over the squared length of the
true one: a step on so many batches is half signal. Up to there a larger batch takes fewer steps for the same progress, not
fewer pictures. It grows as gradients vanish, so by itself it does not tell few pictures from a model at its end.
The second figure divides each coordinate by the root of its mean square first, as Adam does. Intervals (95 %) by a
jackknife over eight groups of batches; an upper end of inf: not told from no gradient at all.
"""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import measuring
import numpy as np
import torch
from numpy.typing import NDArray

from intaglio.networks.precision import best_dtype
from intaglio.pipeline.latent_codec import LatentCodec
from intaglio.train import recipe as config
from intaglio.train.run import Run

GROUPS = 8
Floats = NDArray[np.float64]


def noise_scale(products: Floats, squares: Floats, counts: NDArray[np.int64]) -> measuring.Interval:
    """The noise scale in batches.

    products: (K, K), scalar products of the sums of gradients of K groups; squares: (K,), what the squared lengths of the
    gradients of a group sum up to; counts: (K,), batches of a group.
    """

    def signal(kept: NDArray[np.int64]) -> float:
        n, lengths = int(counts[kept].sum()), float(squares[kept].sum())
        true = (float(products[np.ix_(kept, kept)].sum()) - lengths) / (n * (n - 1))  # products of different batches
        return true / (lengths / n - true)

    k = len(counts)
    value = signal(np.arange(k))
    without = np.array([signal(np.delete(np.arange(k), i)) for i in range(k)])
    error = 1.96 * math.sqrt((k - 1) / k * float(np.square(without - without.mean()).sum()))
    scale, low, high = (1 / s if s > 0 else math.inf for s in (value, value + error, value - error))
    return scale, low, high


def part(name: str) -> str:
    """compressor, prior, decoder, or what steers the prior."""
    return name.removeprefix("codec.").split(".")[0]


class Gradients:
    """Sums of gradients by group, and of their squares."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.parameters = {
            name: p for name, p in model.named_parameters() if p.requires_grad and part(name) != "critic"
        }
        self.sums = {name: torch.zeros(GROUPS, p.numel()) for name, p in self.parameters.items()}
        self.squares = {name: torch.zeros(GROUPS, p.numel()) for name, p in self.parameters.items()}
        self.counts = np.zeros(GROUPS, np.int64)

    def add(self, group: int) -> None:
        self.counts[group] += 1
        for name, parameter in self.parameters.items():
            if parameter.grad is not None:
                gradient = parameter.grad.float().flatten()
                self.sums[name][group] += gradient
                self.squares[name][group] += gradient.square()

    def row(self, names: list[str]) -> dict[str, Any]:
        """The scales of some parameters together."""
        totals = {kind: (np.zeros((GROUPS, GROUPS)), np.zeros(GROUPS)) for kind in ("plain", "as Adam scales")}
        for name in names:
            sums, squares = self.sums[name], self.squares[name]
            root = (squares.sum(0) / float(self.counts.sum())).sqrt().clamp_min(1e-20)  # of the mean square
            for (products, lengths), by in zip(totals.values(), (torch.ones(()), root)):
                products += (sums / by @ sums.T).double().numpy()
                lengths += (squares / by).sum(1).double().numpy()
        return {f"noise scale, batches ({kind})": noise_scale(*total, self.counts) for kind, total in totals.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, help="validation pictures, which a stage asks for")
    measuring.add_training(parser)
    parser.add_argument("--batches", type=int, default=160)
    parser.add_argument("--json", type=Path, help="write all figures there")
    options = parser.parse_args()
    if options.batches < 2 * GROUPS:
        parser.error(f"--batches: at least {2 * GROUPS}, two for each of the groups that the intervals come from")
    recipe = config.load(options.config)
    nothing = Path(os.devnull)  # no stage is finished, so nothing is written
    run = Run(recipe, nothing, options.cache, None, options.pictures, options.features, options.mix, None,
              options.start, math.inf)  # fmt: skip
    stage: Any = run._stage("joint", replace(recipe.stages["joint"], end_to_end=True))
    gradients, dtype = Gradients(stage.model), best_dtype(torch.device("cpu"))
    for i in range(options.batches):
        torch.manual_seed(i)
        stage.model.zero_grad(set_to_none=True)
        batch = stage.sample(np.random.default_rng((recipe.seed, i)))
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            loss, _ = stage.loss(batch)
        loss.backward()
        gradients.add(i % GROUPS)
    parts = sorted({part(name) for name in gradients.parameters})
    rows = []
    for kind in (*parts, "all"):
        names = [name for name in gradients.parameters if kind in ("all", part(name))]
        size = sum(gradients.parameters[name].numel() for name in names)
        rows.append({"part": kind, "million parameters": size / 1e6} | gradients.row(names))
    codec = LatentCodec(recipe.codec, options.start, device="cpu")
    title = f"{options.batches} batches of {recipe.stages['joint'].batch}"
    measuring.report(codec, {title: rows}, options.json)


if __name__ == "__main__":
    main()
