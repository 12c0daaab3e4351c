"""Tiny Stable Diffusion checkpoints of random weights: the library's own classes and file layout, some hundred kB each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

Maker = Callable[..., Path]

KINDS = {
    "sd15": {"cross_attention_dim": 24, "attention_head_dim": 2, "prediction_type": "epsilon"},
    "sd21": {
        "cross_attention_dim": 32, "attention_head_dim": (2, 4, 4, 4), "use_linear_projection": True,
        "prediction_type": "v_prediction",
    },
    "turbo": {
        "cross_attention_dim": 32, "attention_head_dim": (2, 4, 4, 4), "use_linear_projection": True,
        "prediction_type": "epsilon", "timestep_spacing": "trailing",
    },
}  # fmt: skip


def make(folder: Path, kind: str = "sd15", seed: int = 0, **changes: object) -> Path:
    """A checkpoint's folder; the same for the same arguments."""
    import diffusers

    settings = KINDS[kind] | changes
    schedule = {key: settings.pop(key) for key in ("prediction_type", "timestep_spacing") if key in settings}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        unet = diffusers.UNet2DConditionModel(
            sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(16, 32, 32, 32),
            norm_num_groups=8, **settings,
        )  # fmt: skip
        vae = diffusers.AutoencoderKL(
            block_out_channels=(8, 16, 16, 16), layers_per_block=1, norm_num_groups=4, latent_channels=4, sample_size=64,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, scaling_factor=2.0,
        )  # fmt: skip
    scheduler = diffusers.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1, **schedule,
    )  # fmt: skip
    for part, name in ((unet, "unet"), (vae, "vae"), (scheduler, "scheduler")):
        part.save_pretrained(folder / name)
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Like 1.5."""
    return make(tmp_path_factory.mktemp("checkpoints") / "tiny-sd15")


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Makes others: maker(kind, seed=..., **changes)."""

    def made(kind: str = "sd15", **changes: object) -> Path:
        return make(tmp_path_factory.mktemp("checkpoints") / f"tiny-{kind}", kind, **changes)  # type: ignore[arg-type]

    return made
