"""The checkpoints that people have, by their sizes: for files that do not say theirs, and for sums before anything is loaded.

Sizes are of the published configs of CompVis' and StabilityAI's repositories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDTHS = (320, 640, 1280, 1280)
_UNET: dict[str, Any] = {
    "in_channels": 4,
    "out_channels": 4,
    "layers_per_block": 2,
    "block_out_channels": WIDTHS,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}
_UNET_1 = _UNET | {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8}
_UNET_2 = _UNET | {"cross_attention_dim": 1024, "attention_head_dim": (5, 10, 20, 20), "use_linear_projection": True}
VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
    "scaling_factor": 0.18215,
}
_SCHEDULE: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}


@dataclass(frozen=True)
class Known:
    """Configs of a checkpoint's networks, as the library takes them."""

    unet: dict[str, Any]
    schedule: dict[str, Any]
    side: int  # of the pictures that it was trained on, pixels
    published: int  # millions of parameters that its U-Net is said to have

    @property
    def parts(self) -> dict[str, dict[str, Any]]:
        """By folder of the library's layout."""
        return {"unet": self.unet, "vae": VAE, "scheduler": self.schedule}


KNOWN = {
    "1.5": Known(_UNET_1, _SCHEDULE | {"prediction_type": "epsilon"}, 512, 860),
    "2.1": Known(_UNET_2 | {"sample_size": 96}, _SCHEDULE | {"prediction_type": "v_prediction"}, 768, 865),
    "turbo": Known(
        _UNET_2 | {"sample_size": 64},
        _SCHEDULE | {"prediction_type": "epsilon", "timestep_spacing": "trailing"},
        512,
        865,
    ),
}
"""Stable Diffusion 1.5, 2.1 (of 768 pixels) and Turbo, which was made of 2.1."""


def of_file(name: str, width: int) -> Known:
    """What a single file holds, by its name and by the width of its cross-attention.

    Raises:
        ValueError: it is of 2.x, and nothing says what its U-Net predicts; or of another kind.
    """
    if width == KNOWN["1.5"].unet["cross_attention_dim"]:
        return KNOWN["1.5"]
    if width != KNOWN["2.1"].unet["cross_attention_dim"]:
        raise ValueError(f"its cross-attention has a width of {width}, as neither 1.x nor 2.x has")
    if "768" in name:
        return KNOWN["2.1"]
    if any(word in name for word in ("512", "base", "turbo")):
        return KNOWN["turbo"]
    raise ValueError("it is of 2.x, and its name (768; 512, base or turbo) does not say what it predicts")
