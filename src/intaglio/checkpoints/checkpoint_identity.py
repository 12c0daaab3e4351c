"""What tells one checkpoint from another: its sizes, its noise schedule, and some of its tensors.

Mirrors store one checkpoint in several precisions, and each release of the library writes other keys into a config. So
tensors count as fp16, and of the configs only what decides what is computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

UNET = (
    "in_channels",
    "block_out_channels",
    "layers_per_block",
    "down_block_types",
    "cross_attention_dim",
    "attention_head_dim",
)
VAE = ("latent_channels", "block_out_channels", "layers_per_block", "scaling_factor")
SCHEDULE = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "prediction_type")
TENSORS = {
    "unet": ("conv_in.weight", "mid_block.resnets.0.conv1.weight", "conv_out.weight"),
    "vae": ("encoder.conv_in.weight", "encoder.conv_out.weight", "decoder.conv_in.weight", "decoder.conv_out.weight"),
}


def identity(unet: nn.Module, vae: nn.Module, schedule: Mapping[str, Any]) -> str:
    """16 hex digits. The networks are the library's, with a `config`."""
    configs = [{key: config.get(key) for key in keys} for config, keys in _configs(unet, vae, schedule)]
    digest = hashlib.sha256(json.dumps(configs, sort_keys=True).encode())
    for part, net in (("unet", unet), ("vae", vae)):
        tensors = net.state_dict()
        for name in TENSORS[part]:
            digest.update(np.ascontiguousarray(tensors[name].detach().cpu().float().numpy().astype("<f2")).tobytes())
    return digest.hexdigest()[:16]


def _configs(unet: Any, vae: Any, schedule: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], tuple[str, ...]]]:
    return [(unet.config, UNET), (vae.config, VAE), (schedule, SCHEDULE)]
