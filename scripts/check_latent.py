"""Compares the autoencoder with an independent implementation of the same network, on real pictures.

    PYTHONPATH=src python scripts/check_latent.py DATA_DIR [--reference FILE] [--expected FILE]

Ten faces (DATA_DIR/faces/test/wild512, cut to their central 256x256) and the first ten Kodak pictures
(DATA_DIR/general/test/kodak) go through both. The largest difference of a latent must be at most 1e-4, of the round
trip's PSNR at most .01 dB; otherwise the exit code is 1.

The reference is code outside this repository that defines `taef2(folder) -> (encoder, decoder)`: a Python file or the
Python blocks of a Markdown file, which are executed. By default DATA_DIR/weights/README.md; it finds its weights in the
folder that it lies in. --expected writes what the tests compare with: the reference's answer to a small picture.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from intaglio.spaces.taef2 import FACTOR, Autoencoder

COUNT = 10
LATENT_BAR = 1e-4
PSNR_BAR = 0.01  # dB


def load_reference(file: Path) -> tuple[nn.Module, nn.Module]:
    """The encoder and decoder that the code in `file` builds, raw latents between them."""
    text = file.read_text()
    if file.suffix == ".md":
        blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        text = "\n".join(block for block in blocks if "def weights" in block or "def taef2" in block)
    names: dict[str, Callable[[str], tuple[nn.Module, nn.Module]]] = {}
    exec(compile(text, file, "exec"), names)
    return names["taef2"](str(file.parent))


def read(path: Path, side: int | None) -> Tensor:
    """(1, 3, H, W) in [0, 1], the central square of this side or the whole."""
    picture = Image.open(path).convert("RGB")
    if side is not None:
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


def psnr(a: Tensor, b: Tensor) -> float:
    """In dB, of pictures in [0, 1]."""
    return -10 * (a - b).square().mean().log10().item()


@torch.inference_mode()
def compare(ours: Autoencoder, encoder: nn.Module, decoder: nn.Module, x: Tensor) -> tuple[float, float, float]:
    """Largest difference of a latent (in the source's scale), our round trip's PSNR, how far the reference's is off."""
    z = ours.encode(x)
    raw = encoder(x)
    mine, theirs = psnr(ours.decode(z), x), psnr(decoder(raw).clamp(0, 1), x)
    return (ours.denormalise(z) - raw).abs().max().item(), mine, abs(mine - theirs)


@torch.inference_mode()
def write_expected(encoder: nn.Module, decoder: nn.Module, path: Path, out: Path) -> None:
    """A 40x32 piece out of the middle of a picture, with the reference's latent and its decoded picture."""
    whole = read(path, 5 * FACTOR)
    x = whole[..., : 4 * FACTOR, :].contiguous()
    z = encoder(x)
    save_file({"picture": (x * 255).round().byte(), "latent": z, "decoded": decoder(z)}, out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--expected", type=Path)
    options = parser.parse_args()

    encoder, decoder = load_reference(options.reference or options.data / "weights" / "README.md")
    kodak = sorted((options.data / "general/test/kodak").iterdir())[:COUNT]
    if options.expected:
        write_expected(encoder, decoder, kodak[3], options.expected)
    ours, passed = Autoencoder.load(), True
    faces = sorted((options.data / "faces/test/wild512").iterdir())[:COUNT]
    for name, paths, side in (("faces 256x256", faces, 256), ("Kodak", kodak, None)):
        rows = [compare(ours, encoder, decoder, read(path, side)) for path in paths]
        latent, quality, difference = (
            max(r[0] for r in rows),
            sum(r[1] for r in rows) / len(rows),
            max(r[2] for r in rows),
        )
        print(f"{len(rows)} {name}: latents within {latent:.1e}, PSNR {quality:.2f} dB, within {difference:.1e} dB")
        passed &= len(rows) == COUNT and latent <= LATENT_BAR and difference <= PSNR_BAR
    print("passed" if passed else "FAILED")
    return not passed


if __name__ == "__main__":
    sys.exit(main())
