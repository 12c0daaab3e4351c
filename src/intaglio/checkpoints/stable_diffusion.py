"""A Stable Diffusion checkpoint (1.x, 2.x, Turbo) as `diffusers` has it: U-Net, autoencoder and noise schedule.

It is never part of a weights file. Who uses an adapter has the checkpoint, and says by INTAGLIO_SD where:

    a folder                 in diffusers' layout: unet/, vae/ and scheduler/; text encoders are not needed
    a .safetensors file      in the original layout
    owner/name@revision      on the hub, or out of its cache where HF_HUB_OFFLINE is set
"""

from __future__ import annotations

import functools
import json
import os
import re
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio.checkpoints.base import Base
from intaglio.checkpoints.checkpoint_identity import identity
from intaglio.checkpoints.known import of_file
from intaglio.errors import WeightsError

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel

    Parts = tuple[UNet2DConditionModel, AutoencoderKL, dict[str, Any]]

PLACE = "INTAGLIO_SD"  # the environment's word for where the checkpoint is
HUB = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)@(?P<revision>[\w.-]+)")
WIDTH_IN_FILE = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"


@dataclass(frozen=True)
class Checkpoint:
    """Networks on a device, where they stay."""

    base: Base
    unet: UNet2DConditionModel
    vae: AutoencoderKL
    schedule: dict[str, Any]  # the scheduler's config


def wanted(
    base: Base | None, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> Checkpoint | None:
    """The checkpoint of an adapter, as `load` gives it; None for weights that are none.

    Raises:
        WeightsError: it is not there, not whole, or another one.
    """
    if base is None:
        return None
    place = os.environ.get(PLACE)
    if not place:
        raise WeightsError(
            f"these weights are an adapter for the Stable Diffusion checkpoint {base}: set {PLACE} to its folder in "
            "diffusers' layout (unet, vae, scheduler), to its single .safetensors file, or to owner/name@revision on the hub"
        )
    return fitting(base, load(place, device, dtype))


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
def load(place: str, device: torch.device | str = "cpu", dtype: torch.dtype | None = None) -> Checkpoint:
    """The checkpoint at a place, on a device, in a number format (None: fp32); the last one is kept.

    Raises:
        WeightsError: there is none that is whole, or the library is not installed.
    """
    from torch.nn import Module

    if not find_spec("diffusers"):
        raise WeightsError("a Stable Diffusion checkpoint needs diffusers: `pip install intaglio[sd]`")
    path, on_hub = Path(place).expanduser(), HUB.fullmatch(place)
    if not path.exists() and not on_hub:
        raise WeightsError(
            f"there is no checkpoint {place}: put a folder there in diffusers' layout (unet, vae, scheduler) or a single "
            ".safetensors file, or name one on the hub with its revision, owner/name@revision"
        )
    try:
        if path.is_dir():
            parts = _of_folder(path, local_files_only=True)
        elif path.exists():
            parts = _of_file(path)
        else:
            assert on_hub
            parts = _of_folder(on_hub["name"], revision=on_hub["revision"])
        unet, vae, schedule = parts
        base = Base(on_hub["name"] if on_hub and not path.exists() else path.name, identity(unet, vae, schedule))
    except Exception as error:  # the library raises nearly anything
        raise WeightsError(f"{place} is no whole Stable Diffusion checkpoint: {error}") from error
    for net in (unet, vae):  # after they were identified; by torch's method, for the library's warns of nothing
        Module.to(net, device, dtype)
    return Checkpoint(base, unet, vae, schedule)


def _of_folder(folder: Path | str, **options: Any) -> Parts:
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet", torch_dtype=torch.float32, **options)
    vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", torch_dtype=torch.float32, **options)
    return unet, vae, dict(DDIMScheduler.load_config(folder, subfolder="scheduler", **options))


def _of_file(path: Path) -> Parts:
    """Networks of a file in the original layout, whose sizes are known ones."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        width = file.get_slice(WIDTH_IN_FILE).get_shape()[-1]
    known = of_file(path.name, width)
    with tempfile.TemporaryDirectory() as folder:
        for part, config in known.parts.items():
            (Path(folder) / part).mkdir()
            (Path(folder) / part / "config.json").write_text(json.dumps(config))
        told: dict[str, Any] = {"config": folder, "local_files_only": True, "torch_dtype": torch.float32}
        unet = UNet2DConditionModel.from_single_file(str(path), subfolder="unet", **told)
        vae = AutoencoderKL.from_single_file(str(path), subfolder="vae", **told)
    return unet, vae, known.schedule
