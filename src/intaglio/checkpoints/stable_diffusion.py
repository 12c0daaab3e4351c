"""A Stable Diffusion checkpoint (1.x, 2.x, Turbo) as `diffusers` has it: U-Net, autoencoder and noise schedule.

It is never part of a weights file. Who uses an adapter has the checkpoint, and says by INTAGLIO_SD where:

    a folder             in diffusers' layout: unet/, vae/ and scheduler/; text encoders are not needed
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio.checkpoints.base import Base
from intaglio.checkpoints.checkpoint_identity import identity
from intaglio.errors import WeightsError

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, UNet2DConditionModel

PLACE = "INTAGLIO_SD"  # the environment's word for where the checkpoint is


@dataclass(frozen=True)
class Checkpoint:
    """Networks in fp32 on the CPU, as they came; whoever holds them moves them."""

    base: Base
    unet: UNet2DConditionModel
    vae: AutoencoderKL
    schedule: dict[str, Any]  # the scheduler's config


def wanted(base: Base | None) -> Checkpoint | None:
    """The checkpoint of an adapter; None for weights that are none.

    Raises:
        WeightsError: it is not there, not whole, or another one.
    """
    if base is None:
        return None
    place = os.environ.get(PLACE)
    if not place:
        raise WeightsError(
            f"these weights are an adapter for the Stable Diffusion checkpoint {base}: set {PLACE} to the folder that holds it"
        )
    return fitting(base, load(place))


def fitting(base: Base | None, checkpoint: Checkpoint | None) -> Checkpoint | None:
    """The checkpoint that is there, if it is the one that weights are over; None where both are None.

    Raises:
        WeightsError: it is another.
    """
    there = checkpoint.base if checkpoint else None
    if base is None and there is None:
        return None
    if base is None or there is None or base.identity != there.identity:
        raise WeightsError(
            f"these weights are {f'an adapter for the checkpoint {base}' if base else 'no adapter'}, and "
            f"{f'the one that is named is {there}' if there else 'no checkpoint is named'}: name the one that they were made over"
        )
    return checkpoint


@functools.lru_cache(maxsize=1)
def load(place: str) -> Checkpoint:
    """The checkpoint at a place; the last one is kept.

    Raises:
        WeightsError: there is none that is whole, or the library is not installed.
    """
    try:
        from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    except ImportError as error:
        raise WeightsError("a Stable Diffusion checkpoint needs diffusers: `pip install intaglio[sd]`") from error
    folder = Path(place).expanduser()
    if not folder.is_dir():
        raise WeightsError(f"there is no folder {folder}, where a Stable Diffusion checkpoint should be")
    try:
        unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet", local_files_only=True)
        vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", local_files_only=True)
        schedule, _ = DDIMScheduler.load_config(folder, subfolder="scheduler", return_unused_kwargs=True)
    except Exception as error:  # the library raises nearly anything
        raise WeightsError(f"{folder} holds no whole Stable Diffusion checkpoint ({error})") from error
    return Checkpoint(Base(folder.name, identity(unet, vae, schedule)), unet, vae, schedule)
