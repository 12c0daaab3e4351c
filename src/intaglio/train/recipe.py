"""Recipes: TOML files read into frozen dataclasses; an unknown key or a wrong type is an error that names the file."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from intaglio.compressor.config import CompressorConfig
from intaglio.format.streams import CUSTOM
from intaglio.priors.unet import PriorConfig

T = TypeVar("T")


@dataclass(frozen=True)
class CacheConfig:
    """The latent cache."""

    size: int = 256  # side of the square pictures, pixels
    variants: int = 2  # squares cut from each picture
    least: int = 0  # pixels: pictures with a shorter side are left out


@dataclass(frozen=True)
class StageConfig:
    """One stage of training."""

    steps: int
    batch: int = 16  # crops in a step; a quarter as many when whole pictures are drawn
    crop: int = 16  # side of a crop, latents
    whole: float = 0.25  # share of steps on whole pictures
    low: float = 0.0  # share of the crops whose quality is of the lower two thirds alone
    mix: float = 0.15  # share of the pictures that come from a further cache, where one is given
    pixels: int = 256 * 256  # of the pictures to come: what the bits of the vector, sent once, are spread over
    end_to_end: bool = False  # stage joint: the compressor is trained along
    lean: bool = False  # stage joint: the lean decoder is trained along
    focus: float = 0.0  # stage joint: y is finer where a face is, in this share of steps as under focus
    identity: float = 0.25  # stage joint: weight of a recogniser's cosine
    features: float = 0.0  # stage joint: weight of MobileNetV2's features beside LPIPS
    adversarial: float = 0.0  # stage joint: weight of a critic's opinion of what is drawn
    blend: float = 1.0  # stage joint: share of what was trained in what is exported; the rest is what it started from
    lr: float = 4e-4  # peak learning rate
    warmup: int = 100  # steps of linear warm-up; a cosine to 2 % of the peak follows
    ema: float = 0.999  # decay of the averaged weights
    validate: int = 500  # steps between validations
    save: int = 100  # steps between checkpoints


@dataclass(frozen=True)
class Recipe:
    """Everything a run is made of."""

    codec: str
    cache: CacheConfig = field(default_factory=CacheConfig)
    compressor: CompressorConfig = field(default_factory=CompressorConfig)
    prior: PriorConfig = field(default_factory=PriorConfig)
    stages: dict[str, StageConfig] = field(default_factory=dict)
    seed: int = 0
    stream: int = CUSTOM  # id that the exported weights carry
    generated: int = 0  # pictures to make up where no data are given; 0: data are needed
    validation: int = 16  # validation pictures looked at
    fitted: int = 200  # training pictures that the probability tables are fitted to


def build(cls: type[T], table: dict[str, Any], where: str) -> T:
    """A frozen dataclass from a TOML table.

    Raises:
        ValueError: a key that the class does not have, or a value of another type.
    """
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in hints:
            raise ValueError(f"{where}: unknown key {key!r}; known are {', '.join(hints)}")
        kind = hints[key]
        if key == "stages":
            value = {name: build(StageConfig, stage, f"{where} [stages.{name}]") for name, stage in value.items()}
        elif dataclasses.is_dataclass(kind):
            value = build(kind, value, f"{where} [{key}]")  # type: ignore[arg-type]
        elif kind is float and isinstance(value, int):
            value = float(value)
        elif not isinstance(value, kind):
            raise ValueError(f"{where}: {key} must be {kind.__name__}, not {value!r}")
        values[key] = value
    return cls(**values)


def load(path: str | Path) -> Recipe:
    """Read a recipe file."""
    return build(Recipe, tomllib.loads(Path(path).read_text()), str(path))
