"""Makes src/intaglio/weights/sight.safetensors: what `--effort` sees by (`intaglio.measures.sight`).

    python scripts/train_sight.py --cache RUN/cache/portraits [--cache ...] --weights FASDIFF --val DIR --features DIR \\
        --out DIR [--steps N] [--hours H]

Three stages after one another: `look` on all caches, `person` on the first, and that again with slopes. Each goes on from its
checkpoint in the folder. The caches are those of a run of `intaglio train`, with landmarks; what is drawn is of the weights.
Both networks start from MobileNetV2's weights in the folder of features.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch

from intaglio.measures.mobilenet import MobileNet
from intaglio.measures.sight import MODEL, Look, Person, Sight, Trunk
from intaglio.networks.layout import channels_last
from intaglio.train import chain
from intaglio.train.ground import Ground
from intaglio.train.latent_cache import LatentCache
from intaglio.train.loop import train
from intaglio.train.resources import Resources
from intaglio.train.stages.look_stage import LookStageConfig
from intaglio.train.stages.person_stage import PersonStageConfig
from intaglio.train.team import team
from intaglio.weights.tensors import write

NOTES = {"model": MODEL, "licence": "for research only (LICENSE.md beside the weights)"}


def begin(trunk: Trunk, features: Path) -> None:
    """Fill the rows of MobileNetV2 that a network has."""
    pretrained = MobileNet(features).state_dict()
    own = trunk.state_dict()
    trunk.load_state_dict({name: pretrained.get(name, tensor) for name, tensor in own.items()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, action="append", required=True)
    for name in ("weights", "val", "features", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--hours", type=float, default=math.inf)
    args = parser.parse_args()
    ground = Ground.of(None, team().device)
    resources = Resources({cache.name: LatentCache(cache) for cache in args.cache}, ground, args.val, 16, args.features)
    deadline = time.time() + 3600 * args.hours
    whole = channels_last(chain.read("fasdiff", args.weights, ground).to(resources.device))
    torch.manual_seed(0)
    look, person = Look(), Person()
    for trunk in (look, person):
        begin(trunk, args.features)
        channels_last(trunk.to(resources.device))
    pictures = {cache.name: 1.0 for cache in args.cache}
    look_config = LookStageConfig(start=look, steps=args.steps // 4, batch=6, lr=3e-4, whole=0.0, pictures=pictures)
    look.load_state_dict(
        train(look_config.build(whole, resources), look_config, args.out / "look", deadline=deadline).state_dict()
    )
    for name, slopes, lr in (("vectors", False, 1e-3), ("slopes", True, 5e-4)):
        config = PersonStageConfig(start=person, steps=args.steps, batch=128, lr=lr, whole=1.0, slopes=slopes)
        average = train(config.build(whole, resources), config, args.out / name, deadline=deadline)
        person.load_state_dict(average.state_dict())
    arrays = {
        name: tensor.cpu().numpy().astype(np.float16) for name, tensor in Sight(look, person).state_dict().items()
    }
    write(args.out / "sight.safetensors", arrays, NOTES)


if __name__ == "__main__":
    main()
