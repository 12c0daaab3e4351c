"""What a compressor's decoded tensors say to a Stable Diffusion checkpoint: hint, low-frequency features and tokens."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.codecs.guidance import zeroed
from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.networks import packets
from intaglio.networks.blocks import Embedding, ResBlock, Up, conv3
from intaglio.priors.prior import Control
from intaglio.priors.sd_prior import StableDiffusionPrior


class Resampler(nn.Module):
    """Semantic tokens: learned queries look at the hyperprior's positions, and an MLP widens what they saw.

    (B, lf + h, H/32, W/32) -> (B, tokens, words), zero before training: what a U-Net hears where nothing is said.
    """

    def __init__(self, inputs: int, width: int, tokens: int, heads: int, words: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(1, tokens, width) * 0.02)
        self.enter = nn.Linear(inputs, width)
        self.look = nn.MultiheadAttention(width, heads, batch_first=True)
        self.widen = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, words))
        for parameter in self.widen[-1].parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        positions = self.enter(x.flatten(2).transpose(1, 2))
        queries = self.queries.expand(len(x), -1, -1)
        seen, _ = self.look(queries, positions, positions, need_weights=False)
        out: torch.Tensor = self.widen(queries + seen)
        return out


class Steering(nn.Module):
    """Prompt and decoded low-frequency stream to `Control`, in the widths of a checkpoint's U-Net.

    The hint is the visual prompt at 1/8 and 1/16 with both base results; it is zero before training.
    """

    def __init__(self, cfg: CompressorConfig, prior: StableDiffusionPrior) -> None:
        super().__init__()
        own = prior.cfg
        self.fine = nn.Sequential(conv3(cfg.fine + cfg.latent + packets.CHANNELS, prior.hint), ResBlock(prior.hint))
        self.coarse = Up(cfg.coarse, prior.hint, 1)
        self.quality = Embedding(prior.hint, 0, 1)
        self.hint = zeroed(nn.Conv2d(prior.hint, prior.hint, 1))
        self.low = nn.Sequential(conv3(cfg.lf, own.low), nn.ReLU(), conv3(own.low, own.low), nn.ReLU())
        self.semantics = Resampler(cfg.lf + cfg.h, own.width, own.tokens, own.heads, prior.words)

    def forward(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        fine = self.fine(torch.cat([prompt.fine, prompt.latent, prompt.packets], 1))
        hint = self.hint(F.relu(fine + self.coarse(prompt.coarse) + self.quality(q)[:, :, None, None]))
        low = F.interpolate(self.low(c.lf), scale_factor=2, mode="bilinear")
        return Control([hint, low], [], self.tokens(c), prompt.latent)

    def tokens(self, c: Coded) -> torch.Tensor:
        """Semantic tokens (B, tokens, words) of a whole picture."""
        tokens: torch.Tensor = self.semantics(torch.cat([c.lf, c.h], 1))
        return tokens
