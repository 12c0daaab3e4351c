"""What the stages share that draw: pictures as a decoder would see them, and how drawn ones are judged."""

from __future__ import annotations

import torch

from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.networks import packets
from intaglio.networks.precision import best_dtype
from intaglio.priors.sd_prior import StableDiffusionPrior
from intaglio.train.chain import Chain
from intaglio.train.resources import Perceptual
from intaglio.train.stages.stage import Judgement
from intaglio.train.validation import Validation, psnr, sheet

QUALITIES = (48, 112)  # quality indices looked at in validation


@torch.no_grad()
def encode(
    chain: Chain, x: torch.Tensor, z: torch.Tensor, q: torch.Tensor, local: torch.Tensor | None = None
) -> tuple[Coded, Prompt, torch.Tensor]:
    """What a decoder would see of pictures x (B, 3, H, W) with latents z: (decoded tensors, prompt, bytes (B,)).

    `local`: qualities of y, position by position, in place of q.
    """
    coded, prompt, bits = chain.codec.compressor(z, packets.analyse(x - 0.5), q, local)
    return coded, prompt, torch.stack(list(bits.values())).sum(0) / 8


@torch.inference_mode()
def validate_drawn(chain: Chain, validation: Validation, lpips: Perceptual) -> Judgement:
    """LPIPS and PSNR of the base picture, of the base latent decoded, and of 1 and 4 steps, low bands held alike."""
    x, figures, rows = validation.x, dict[str, float](), [validation.x[::2]]
    for index in QUALITIES:
        sizes, drawings = [], []
        for xs, zs in zip(x.split(4), validation.z.split(4)):
            size, drawn = _draw(chain, xs, zs, index / 255)
            sizes.append(size)
            drawings.append(drawn)
        figures[f"q{index}/bytes"] = float(torch.cat(sizes).mean())
        for name in drawings[0]:
            pictures = torch.cat([drawn[name] for drawn in drawings])
            with _autocast(x.device):
                distance = torch.cat([lpips(a, b) for a, b in zip(x.split(4), pictures.split(4))]).mean()
            figures |= {f"q{index}/{name}/psnr": psnr(pictures, x), f"q{index}/{name}/lpips": float(distance)}
            rows.append(pictures[::2])
    return figures, sheet(rows)


def recompute(chain: Chain, wanted: bool) -> None:
    """Whether a checkpoint's U-Net and branch keep their activations for gradients or compute them anew."""
    if isinstance(chain.codec.prior, StableDiffusionPrior):
        chain.codec.prior.recompute(wanted)


def _draw(
    chain: Chain, x: torch.Tensor, z: torch.Tensor, quality: float
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Bytes (B,), and pictures (B, 3, H, W) in 0..1 by how they are drawn."""
    codec, q = chain.codec, torch.full((len(x),), quality, device=x.device)
    coded, prompt, size = encode(chain, x, z, q)
    noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(0)).to(x.device)
    with _autocast(x.device):
        shown = {"base": base_picture(prompt), "latent": codec.hold(chain.decoder(prompt.latent.float()), prompt)}
        control = codec.control(coded, prompt, q)
        for steps in (1, 4):
            drawn = codec.draw(control, q, steps, noise)
            shown[f"steps{steps}"] = codec.hold(chain.decoder(drawn.float()), prompt)
    return size, {name: picture.float().clamp(0, 1) for name, picture in shown.items()}


def _autocast(device: torch.device) -> torch.autocast:
    dtype = best_dtype(device)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)
