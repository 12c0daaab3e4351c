"""Stable Diffusion as a prior: a frozen U-Net, steered by a branch that begins as a copy of its encoder half.

    z, sigma ─┬──────────────► U-Net (frozen) ──► clean latent
              │                  ▲ skips, middle     ▲ cross-attention
              └─► branch ──► zero convolutions ──► × (1 + scale) + shift      tokens
                   ▲                                  ▲
              hint, 1/8: the visual prompt      low, 1/16: the low-frequency stream

ControlNet (Zhang et al., ICCV 2023), its branch being the library's, fed by features in place of a picture. All that is
injected is zero before training, so the steered prior begins as the checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.networks.shared import Shared
from intaglio.priors.prior import Control
from intaglio.priors.sd_schedule import Schedule


@dataclass(frozen=True)
class SteeringConfig:
    """Sizes of what steers a checkpoint's U-Net."""

    low: int = 64  # channels of the low-frequency features
    tokens: int = 16  # semantic tokens, in place of a text's
    heads: int = 4  # of the resampler that makes them
    width: int = 256  # of the resampler
    order: int = 2  # of the solver: 1 DDIM, 2 DPM-Solver++


class StableDiffusionPrior(nn.Module):
    """x-prediction denoiser D(z, sigma; control) of a checkpoint's latents; a `Prior`. Its state is what steers alone."""

    def __init__(self, cfg: SteeringConfig, checkpoint: Checkpoint, *, copied: bool) -> None:
        """`copied`: the branch begins as the U-Net's encoder half, and not as whatever torch fills it with."""
        from diffusers import ControlNetModel

        unet = checkpoint.unet
        super().__init__()
        self.shared = Shared(unet)
        self.cfg, self.schedule = cfg, Schedule(checkpoint.schedule)
        self.hint: int = unet.config.block_out_channels[0]  # channels of the hint
        self.words: int = unet.config.cross_attention_dim  # width of a token
        self.branch = ControlNetModel.from_unet(unet, load_weights_from_unet=copied)
        self.branch.controlnet_cond_embedding = nn.Identity()  # the hint lies at 1/8 already
        zeros = (*self.branch.controlnet_down_blocks, self.branch.controlnet_mid_block)
        self.widths: list[int] = [conv.out_channels for conv in zeros]  # channels of all that is added
        self.modulate = nn.ModuleList(nn.Conv2d(cfg.low, 2 * c, 1) for c in self.widths)
        for layer in self.modulate:
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    @property
    def channels(self) -> int:
        channels: int = self.shared.net.config.in_channels
        return channels

    def recompute(self, wanted: bool) -> None:
        """Whether activations are kept for gradients or computed anew (gradient checkpointing)."""
        for net in (self.branch, self.shared.net):
            net.enable_gradient_checkpointing() if wanted else net.disable_gradient_checkpointing()

    def denoise(self, z: torch.Tensor, sigma: torch.Tensor, control: Control | None = None) -> torch.Tensor:
        """Noisy latents (B, C, h, w) and noise levels sigma (B,) to the expected clean ones; of any size."""
        unet, s = self.shared.net, sigma.float()[:, None, None, None]
        scaled = self.schedule.scaled(z.float(), s).to(unet.dtype)
        step = self.schedule.step(sigma)
        if control is None:
            tokens: torch.Tensor = scaled.new_zeros(len(z), self.cfg.tokens, self.words)
            steering: dict[str, Any] = {}
        else:
            tokens = control.cond.to(unet.dtype)
            steering = self._steering(scaled, step, tokens, control)
        predicted: torch.Tensor = unet(scaled, step, tokens, **steering).sample
        return self.schedule.clean(predicted.float(), z.float(), s)

    def _steering(
        self, scaled: torch.Tensor, step: torch.Tensor, tokens: torch.Tensor, control: Control
    ) -> dict[str, Any]:
        """What is added to the U-Net's skips and to its middle."""
        hint, low = control.maps
        gates = control.scales or [low.new_zeros(())] * len(self.widths)
        steered = self.branch(scaled, step, tokens, hint.to(scaled.dtype))
        added = []
        for layer, features, gate in zip(
            self.modulate, (*steered.down_block_res_samples, steered.mid_block_res_sample), gates
        ):
            modulation = F.interpolate(layer(low), size=features.shape[2:], mode="bilinear")
            scale, shift = modulation.chunk(2, 1)
            modulated = torch.addcmul(features + shift, features, scale)
            added.append((modulated * (1 + gate)).to(scaled.dtype))
        return {"down_block_additional_residuals": added[:-1], "mid_block_additional_residual": added[-1]}
