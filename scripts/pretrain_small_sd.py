"""Pretrains a small checkpoint in diffusers' own classes, for who has no Stable Diffusion: some CPU hours, frozen afterwards.

    PYTHONPATH=src python scripts/pretrain_small_sd.py PICTURES... --out CHECKPOINT [--autoencoder 2000] [--unet 8000]
    intaglio train RECIPE --checkpoint CHECKPOINT --data PICTURES... --val DIR --features DIR --out RUN
    INTAGLIO_SD=CHECKPOINT INTAGLIO_FASDIFF=RUN/round-1/fasdiff.safetensors intaglio bench ablate ...

First a KL autoencoder of 4 channels at 1/8, by absolute errors of pixels and of their differences; then a U-Net of 15 million
parameters that denoises its latents, with nothing said through cross-attention, as the adapter's tokens begin. Stopped at any
moment, the same command goes on. The knock-outs of `bench ablate` then say what prompt, enhancement and prior are worth.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from intaglio.networks.precision import cpu_has_bf16
from intaglio.train import training_pictures as pictures
from intaglio.train.checkpoint import replace
from intaglio.train.ema import Ema

UNET: dict[str, Any] = {
    "sample_size": 16, "in_channels": 4, "out_channels": 4, "layers_per_block": 1, "block_out_channels": (64, 128, 192, 192),
    "attention_head_dim": 8, "cross_attention_dim": 256,
}  # fmt: skip
VAE: dict[str, Any] = {
    "block_out_channels": (32, 64, 96, 128), "down_block_types": ("DownEncoderBlock2D",) * 4, "latent_channels": 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4, "layers_per_block": 1, "sample_size": 128, "norm_num_groups": 16,
}  # fmt: skip
SCHEDULE: dict[str, Any] = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False,
    "prediction_type": "v_prediction",
}  # fmt: skip
TOKENS = 16  # that say nothing
KL = 1e-6  # weight of the autoencoder's divergence
SAVE = 200  # steps between checkpoints


class Squares:
    """Random squares of pictures, each read once and kept, by numbers of steps."""

    def __init__(self, data: Sequence[Path], side: int, limit: int) -> None:
        sources = pictures.find(data)[:limit]
        self.all = np.stack([np.asarray(pictures.square(s.open(), side, 0, s.key)) for s in sources])

    def batch(self, step: int, size: int) -> torch.Tensor:
        """(B, 3, side, side) in -1..1, half of them mirrored."""
        rng = np.random.default_rng(step)
        x = torch.from_numpy(self.all[rng.integers(len(self.all), size=size)]).permute(0, 3, 1, 2).float() / 127.5 - 1
        return torch.where(torch.from_numpy(rng.random(size) < 0.5)[:, None, None, None], x.flip(3), x)


def steps(net: nn.Module, file: Path, count: int, lr: float) -> Iterator[tuple[int, Any]]:
    """Numbers of the steps left, each with what a loss is to be given to; at the end the net holds its average."""
    optimiser, average, start = torch.optim.AdamW(net.parameters(), lr), Ema(net, 0.999), 0
    if file.exists():
        state = torch.load(file, weights_only=True)
        net.load_state_dict(state["net"])
        average.model.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]
    for step in range(start, count):
        torch.manual_seed(step)

        def descend(loss: torch.Tensor, step: int = step) -> None:
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            for group in optimiser.param_groups:
                group["lr"] = lr * min(1.0, (step + 1) / 100) * (1 - 0.95 * step / count)
            optimiser.step()
            average.update(step + 1)
            if step % 50 == 0:
                print(f"{file.stem} {step}: {float(loss.detach()):.4f}", flush=True)

        yield step, descend
        if (step + 1) % SAVE == 0 or step + 1 == count:
            state = {
                "net": net.state_dict(), "average": average.model.state_dict(), "optimiser": optimiser.state_dict(),
                "step": step + 1,
            }  # fmt: skip
            replace(file, functools.partial(torch.save, state))
    net.load_state_dict(average.model.state_dict())


def differences(x: torch.Tensor) -> torch.Tensor:
    """Of neighbours across and down, in one row (B, 3, n)."""
    return torch.cat([(x[..., 1:] - x[..., :-1]).flatten(2), (x[..., 1:, :] - x[..., :-1, :]).flatten(2)], 2)


def train_autoencoder(vae: Any, squares: Squares, file: Path, count: int, batch: int) -> None:
    for step, descend in steps(vae, file, count, 4e-4):
        x = squares.batch(step, batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bf16()):
            posterior = vae.encode(x).latent_dist
            drawn = vae.decode(posterior.sample()).sample
        drawn = drawn.float()
        error = F.l1_loss(drawn, x) + F.l1_loss(differences(drawn), differences(x))
        descend(error + KL * posterior.kl().float().mean())


@torch.no_grad()
def latents(vae: Any, squares: Squares, batch: int) -> torch.Tensor:
    """(N, 4, h, w) of all squares and of their mirror images."""
    x = torch.from_numpy(squares.all).permute(0, 3, 1, 2)
    both = torch.cat([x, x.flip(3)]).split(batch)
    return torch.cat([vae.encode(part.float() / 127.5 - 1).latent_dist.mode() for part in both])


def train_unet(unet: Any, scheduler: Any, all_latents: torch.Tensor, file: Path, count: int, batch: int) -> None:
    silence = torch.zeros(1, TOKENS, UNET["cross_attention_dim"])
    for _, descend in steps(unet, file, count, 2e-4):
        z = all_latents[torch.randint(len(all_latents), (batch,))]
        t = torch.randint(scheduler.config.num_train_timesteps, (len(z),))
        noise = torch.randn_like(z)
        predicted = unet(scheduler.add_noise(z, noise, t), t, silence.expand(len(z), -1, -1)).sample
        descend(F.mse_loss(predicted, scheduler.get_velocity(z, noise, t)))


def main() -> int:
    from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+", metavar="PICTURES", help="folders, or WebDataset tars")
    parser.add_argument("--out", type=Path, required=True, metavar="CHECKPOINT", help="folder in diffusers' layout")
    parser.add_argument("--side", type=int, default=128, metavar="N", help="pixels of the squares")
    parser.add_argument("--limit", type=int, default=4000, metavar="N", help="pictures kept in memory")
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="squares in a step")
    parser.add_argument("--autoencoder", type=int, default=2000, metavar="N", help="steps of the autoencoder")
    parser.add_argument("--unet", type=int, default=8000, metavar="N", help="steps of the U-Net")
    args = parser.parse_args()
    os.makedirs(args.out / "training", exist_ok=True)
    torch.manual_seed(0)
    vae, unet = AutoencoderKL(**VAE), UNet2DConditionModel(**UNET)
    for name, net in (("autoencoder", vae), ("U-Net", unet)):
        print(f"{name}: {sum(p.numel() for p in net.parameters()) / 1e6:.1f} million parameters", flush=True)
    squares = Squares(args.data, args.side, args.limit)
    train_autoencoder(vae, squares, args.out / "training" / "autoencoder.pt", args.autoencoder, args.batch)
    z = latents(vae.requires_grad_(False), squares, args.batch)
    vae.register_to_config(scaling_factor=1 / float(z.std()))
    vae.save_pretrained(args.out / "vae")
    scheduler = DDPMScheduler(**SCHEDULE)
    train_unet(unet, scheduler, z / z.std(), args.out / "training" / "unet.pt", args.unet, 2 * args.batch)
    unet.save_pretrained(args.out / "unet")
    scheduler.save_pretrained(args.out / "scheduler")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
