"""The compressor: a picture's wavelet packets to the coded tensors, and back to the visual prompt.

    packets (192, 1/8) ──LeanEncoder──► z (C, 1/8)
    z, packets         ──Analysis─────► y (1/16)   h (1/32)   lf (1/32)   vector (global)
                                          │ quantised: order lf, h, vector, y (EntropyModel)
    features (1/8, 1/16), base latent, base picture ◄──Synthesis── y_hat, h_hat, lf_hat, vector_hat, quality

`lf` and `h` are the hyperprior; `lf` also carries a thumbnail. `vector` is a few numbers for the whole picture,
predicted from the pooled hyperprior: CGDM's syntax; FaSDiff has none. The analysis does not know the quality,
so that a target size is searched by re-quantising alone. Two heads on one synthesis give the base latent (sharp, where
diffusion starts) and the base picture as wavelet packets (faithful, `realism` 0).
"""

from __future__ import annotations

import torch
from torch import nn

from intaglio.compressor.analysis import Analysis
from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.compressor.synthesis import Synthesis
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.learned.entropy_model import EntropyModel, EntropySizes


class Compressor(nn.Module):
    """Analysis and synthesis and, where it is trained, the entropy models, which in files are integers (`Stream`).

    `lean_encoder`: whose latents the analysis goes by, its own or given ones.
    """

    def __init__(
        self, cfg: CompressorConfig, synthesis: Synthesis | None = None, *, lean_encoder: bool, trained: bool
    ) -> None:
        super().__init__()
        self.cfg, self.lean_encoder = cfg, lean_encoder
        self.analysis = Analysis(cfg)
        sizes = EntropySizes(cfg.lf, cfg.h, cfg.vector, cfg.y, cfg.width)
        self.entropy = EntropyModel.untrained(sizes) if trained else None
        self.synthesis = synthesis or Synthesis(cfg)

    def forward(
        self, z: torch.Tensor, p: torch.Tensor, q: torch.Tensor, qualities: torch.Tensor | None = None
    ) -> tuple[Coded, Prompt, dict[str, torch.Tensor]]:
        """Latents and packets through quantisation: (decoded tensors, prompt, bits (B,) of every section).

        `qualities` (B, H/16, W/16): what y's steps go by in place of q (B,), a focus.
        """
        assert self.entropy is not None
        hats, bits = self.entropy(self.analyse(z, p), q, qualities=qualities)
        return hats, self.synthesis(hats, q), bits

    def analyse(self, z: torch.Tensor, p: torch.Tensor) -> Coded:
        """Of reference latents z and packets p; the first only if the lean encoder's do not serve."""
        coded: Coded = self.analysis(p, None if self.lean_encoder else z)
        return coded
