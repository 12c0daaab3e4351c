"""Recipes: TOML files that say how a codec's weights are made, round by round, stage by stage.

codec = "fasdiff"           sizes and the like: the fields of `Recipe`
[caches.NAME]               `CacheConfig`, a table for each latent cache
[compressor] [prior]        sizes of the networks; over a Stable Diffusion checkpoint [steering] in place of [prior]
[[rounds]]                  `Round`, in order
[rounds.STAGE]              the config of a stage of that round (`stages`), in order
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from intaglio.codecs import CODECS
from intaglio.compressor.config import CompressorConfig
from intaglio.format.streams import CUSTOM
from intaglio.networks import packets
from intaglio.priors.sd_prior import SteeringConfig
from intaglio.priors.unet import PriorConfig
from intaglio.train.stages.registry import STAGES
from intaglio.train.stages.stage import StageConfig
from intaglio.train.strict import Table, checked, filled, refuse_unknown
from intaglio.train.training_errors import RecipeError

OWN = ("prior", "lean", "border")
"""Stages of networks that a checkpoint brings with it, and that stay as they are."""


@dataclass(frozen=True)
class CacheConfig:
    """A latent cache: squares cut from pictures, with their latents."""

    variants: int = 2  # squares cut from each picture
    least: int = 0  # pixels: pictures with a shorter side are left out
    others: bool = False  # of the pictures given as others: no portraits for fasdiff, portraits for cgdm


@dataclass(frozen=True)
class Round:
    """Stages in order; their weights are packed at its end, and the next round starts from that file."""

    stages: Mapping[str, StageConfig]
    seed: int = 0
    start: str = ""  # codec whose weights, given when training starts, the first round starts from
    blend: float = 1.0  # share of what the round trained in its weights; the rest is what it started from

    @classmethod
    def from_table(cls, table: Table, where: str) -> Round:
        """Stages are tables of the round, by their names.

        Raises:
            RecipeError: a key that neither the round has nor a stage is called, or a value that is wrong.
        """
        known = [field.name for field in fields(cls) if field.name != "stages"]
        refuse_unknown(table, [*known, *STAGES], where)
        stages = {}
        for name in [key for key in table if key in STAGES]:
            stage = table[name]
            if not isinstance(stage, dict):
                raise RecipeError(f"{where} {name} must be a table, not {stage!r}")
            stages[name] = filled(STAGES[name], stage, f"{where} {name}")
        return cls(stages, **checked(cls, {key: table[key] for key in known if key in table}, where))


@dataclass(frozen=True)
class Recipe:
    """Everything that the weights of a codec are made by."""

    codec: str
    rounds: tuple[Round, ...]
    caches: Mapping[str, CacheConfig] = field(default_factory=lambda: {"pictures": CacheConfig()})
    compressor: CompressorConfig = field(default_factory=CompressorConfig)
    prior: PriorConfig = field(default_factory=PriorConfig)
    over_stable_diffusion: bool = False  # in place of the compact prior: the checkpoint that training is given
    steering: SteeringConfig = field(default_factory=SteeringConfig)  # of a checkpoint
    size: int = 256  # side of the square pictures in caches and validation, pixels
    stream: int = CUSTOM  # id that the weights carry
    generated: int = 0  # pictures to make up where none are given; 0: pictures are needed
    validation: int = 16  # validation pictures looked at
    fitted: int = 200  # training pictures that the probability tables are fitted to


def read(path: Path) -> Recipe:
    """A recipe file.

    Raises:
        RecipeError: it is no TOML, or has an unknown key, a wrong value, or a name that means nothing.
        OSError: it cannot be read.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RecipeError(f"{path} is no TOML file: {error}") from error
    recipe = filled(Recipe, table, str(path))
    for wrong in _mistakes(recipe):
        raise RecipeError(f"{path}: {wrong}")
    return recipe


def _mistakes(recipe: Recipe) -> Iterator[str]:
    """What is well-formed and means nothing."""
    if recipe.codec not in CODECS:
        yield f"codec must be one of {', '.join(CODECS)}, not {recipe.codec!r}"
    if not recipe.rounds or not recipe.caches:
        yield "it needs at least one of [[rounds]] and of [caches]"
    if all(cache.others for cache in recipe.caches.values()):
        yield "one of [caches] must not be of others"
    for number, part in enumerate(recipe.rounds, 1):
        if part.start not in ("", *(CODECS if number == 1 else ())):
            yield f"rounds {number} start: the first round alone can start from a codec, one of {', '.join(CODECS)}"
        for name, stage in part.stages.items():
            where = f"rounds {number} {name}"
            if recipe.over_stable_diffusion and name in OWN:
                yield f"{where}: a checkpoint's networks are frozen, and {name} would train one of ours in their place"
            if min(stage.steps, stage.batch, stage.crop, stage.accumulate, stage.validate, stage.save) < 1:
                yield f"{where}: steps, batch, crop, accumulate, validate and save must be at least 1"
            if stage.crop > recipe.size // packets.SIDE:
                yield f"{where}: crop must be at most {recipe.size // packets.SIDE}, the side of a picture in latents"
            for cache in stage.pictures:
                if cache not in recipe.caches:
                    yield f"{where} pictures: there is no cache {cache!r}; known are {', '.join(recipe.caches)}"
