"""CGDM's bounds: what is drawn strays from the base only so far, in the latent and in the picture's low band."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from intaglio.codecs.bounds import LOW_BOUND, near
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.base_picture import base_means, hold_low_band
from intaglio.compressor.prompt import Prompt
from intaglio.networks import packets
from intaglio.networks.progress import Progress, ignored
from intaglio.networks.tiles import Rect
from intaglio.priors.prior import Control


class BoundedCodec(DiffusionCodec):
    """A codec whose diffusion keeps within the bounds, scaled by `realism`."""

    def draw(
        self,
        control: Control,
        q: torch.Tensor,
        steps: int,
        noise: torch.Tensor,
        realism: float = 1.0,
        part: Rect | None = None,
        progress: Progress = ignored,
    ) -> torch.Tensor:
        """As the base class, within realism * LATENT_BOUND of the base latent."""
        return near(super().draw(control, q, steps, noise, realism, part, progress), control.base.float(), realism)

    def hold(self, x: torch.Tensor, prompt: Prompt, realism: float = 1.0) -> torch.Tensor:
        """A drawn picture (B, 3, H, W) held to the base picture: no 8x8 mean strays further than realism * LOW_BOUND."""
        x = hold_low_band(x, prompt)
        strayed = F.avg_pool2d(x, packets.SIDE) - base_means(prompt)
        excess = strayed - strayed.clamp(-realism * LOW_BOUND, realism * LOW_BOUND)
        return x - F.interpolate(excess, scale_factor=packets.SIDE, mode="nearest")
