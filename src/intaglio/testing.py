"""For tests of programs that use Intaglio: a tiny model with random weights.

    codec = TinyModel().codec()
    data = codec.compress(image, max_bytes=700)      # milliseconds; what it draws means nothing

Its files are of a custom stream, so the released models refuse them and it refuses theirs.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from intaglio.checkpoints import stable_diffusion
from intaglio.codec import Codec
from intaglio.codecs.assembly import Prior, assemble
from intaglio.compressor.config import CompressorConfig
from intaglio.entropy.learned import freeze
from intaglio.format.streams import CUSTOM
from intaglio.pipeline.model import PixelDecoder
from intaglio.priors.sd_prior import SteeringConfig
from intaglio.priors.unet import PriorConfig
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.weights import codec_file

COMPRESSOR = CompressorConfig(fine=16, coarse=16, depth=1, y=16, h=8, lf=4, width=16, cond=16, encoder=16)
STEERING = SteeringConfig(low=8, tokens=4, heads=2, width=16)
PRIOR: Prior = PriorConfig(fine=16, coarse=16, deep=16, depth=1, heads=2, cond=16)
VECTOR = 8  # numbers of CGDM's syntax


class TinyModel:
    """A codec of either kind, a few thousand parameters large; the same for the same seed.

    Args:
        codec: "fasdiff" or "cgdm". seed: of its weights.
        choice: weights of `pipeline.portrait.likelihood`, for a FaSDiff that tells portraits from other pictures.
        checkpoint: place of a Stable Diffusion checkpoint, for an adapter over it.
    """

    def __init__(
        self,
        codec: str = "fasdiff",
        seed: int = 3,
        choice: NDArray[np.float32] | None = None,
        checkpoint: Path | None = None,
    ) -> None:
        self.name, self.seed, self.choice, self.checkpoint = codec, seed, choice, checkpoint

    def write(self, path: Path) -> Path:
        """Its weights file, for `Codec(weights=...)` or the environment variables INTAGLIO_FASDIFF and INTAGLIO_CGDM."""
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(self.seed)
            faces = self.name == "fasdiff"
            compressor = COMPRESSOR if faces else replace(COMPRESSOR, vector=VECTOR)
            base, prior, own = None, PRIOR, LeanDecoder().state_dict()
            if self.checkpoint is not None:
                base, prior, own = stable_diffusion.load(str(self.checkpoint)), STEERING, {}
                compressor = replace(compressor, latent=base.vae.config.latent_channels)
            model = assemble(self.name, compressor, prior, base, trained=True)
            analysis, entropy = model.compressor.analysis, model.compressor.entropy
            assert entropy is not None
            # Larger than trained ones would be at first, so that symbols are not all zero.
            for layer in (analysis.lf, analysis.h, analysis.y, *([analysis.vector[-1]] if analysis.vector else [])):
                layer.weight.mul_(4)  # type: ignore[operator]
            model.compressor.synthesis.packets.weight.mul_(2)
            focus = nn.Sequential(nn.Conv2d(compressor.width, 4, 3, 1, 1), nn.ReLU(), nn.Conv2d(4, 1, 1))
            nn.init.constant_(focus[-1].bias, 0.5)  # type: ignore[arg-type]
            integers = freeze.integers(entropy, focus if faces else None)
            model.compressor.entropy = None
            networks, lean = ({k: v.numpy() for k, v in state.items()} for state in (model.state_dict(), own))
            sizes = {"compressor": asdict(compressor), "prior": asdict(prior)}
            codec_file.write(
                path,
                self.name,
                sizes,
                CUSTOM,
                entropy=integers,
                networks=networks,
                lean=lean,
                choice=self.choice,
                base=base.base if base else None,
            )
        return path

    def codec(self, *, decoder: PixelDecoder = "lean") -> Codec:
        """A `Codec` with these weights, on the CPU."""
        with tempfile.TemporaryDirectory() as folder:
            weights = self.write(Path(folder) / "tiny.safetensors")
            return Codec(self.name, weights=weights, decoder=decoder, device="cpu")
