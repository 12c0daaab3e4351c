"""Makes src/intaglio/weights/autoencoder.safetensors from TAESD's `taef2` files and measures the channel constants.

    PYTHONPATH=src python scripts/convert_autoencoder.py WEIGHTS_DIR FACES_DIR GENERAL_DIR

WEIGHTS_DIR holds taef2_encoder.safetensors and taef2_decoder.safetensors (the source's own key names); FACES_DIR and
GENERAL_DIR hold tars of pictures. Pictures are cut to their central square and shrunk to 256x256; faces and photographs
count one half each. The constants were measured once, on 14 pictures of each kind, and must not change any more: they
are a part of what latents mean.
"""

import argparse
import io
import itertools
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file
from torch import Tensor

from intaglio.spaces.taef2 import CHANNELS, MODEL, Autoencoder
from intaglio.weights.tensors import stored, write

SIZE = 256
SUFFIXES = {".avif", ".jpg", ".png", ".webp"}
NOTES = {
    "source": "https://github.com/madebyollin/taesd, taef2_encoder.pth and taef2_decoder.pth, commit 5cccb12d",
    "licence": "MIT, Copyright (c) 2023 Ollin Boer Bohan",
    "constants": "mean and deviation of each latent channel over 256x256 pictures, 14 faces and 14 photographs",
}
CONVS = {"conv.0": "block.conv1", "conv.2": "block.conv2", "conv.4": "block.conv3"}
POOL = {"pool.0": "widen", "pool.1": "", "pool.3": "narrow"}
ENCODER = {"0": "stem", "1": "level0", "14": "head", "10": "down.0"}
ENCODER |= {str(2 + i): f"level1.{i}" for i in range(4)} | {str(6 + i): f"level2.{i}" for i in range(4)}
ENCODER |= {str(11 + i): f"level3.{i}" for i in range(3)}
DECODER = {"1": "stem", "17": "level0.1", "18": "level0.2", "19": "head"}
DECODER |= {str(3 + i): f"level3.{i}" for i in range(3)}
DECODER |= {str(7 + i): f"level2.{1 + i}" for i in range(4)} | {str(12 + i): f"level1.{1 + i}" for i in range(4)}


def our_name(name: str, layers: dict[str, str]) -> str:
    """The key in our module of a key of the source's nn.Sequential, e.g. 11.pool.1.weight -> level3.0.gain."""
    layer, *inner, kind = name.split(".")
    target, part = layers[layer], ".".join(inner)
    if part == "pool.1":
        return f"{target}.{'gain' if kind == 'weight' else 'shift'}"
    part = (CONVS | POOL)[part] if part else ""
    if not target.startswith("level3"):
        part = part.removeprefix("block.")
    return ".".join(filter(None, (target, part, kind)))


def files(path: Path) -> Iterator[bytes]:
    """The pictures of a tar, one by one."""
    with tarfile.open(path) as tar:
        for member in tar:
            file = tar.extractfile(member) if Path(member.name).suffix in SUFFIXES else None
            if file is not None:
                yield file.read()


def pictures(folder: Path, count: int) -> Iterator[Tensor]:
    """The first `count` pictures of the folder's tars taken in turn, each (1, 3, 256, 256) in [0, 1]."""
    in_turn = zip(*(files(path) for path in sorted(folder.glob("*.tar"))), strict=False)
    for data in itertools.islice(itertools.chain.from_iterable(in_turn), count):
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        picture = ImageOps.fit(picture, (SIZE, SIZE), Image.Resampling.LANCZOS)
        yield torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


@torch.inference_mode()
def moments(model: Autoencoder, folder: Path, count: int) -> Tensor:
    """First and second moment of each channel: (2, 32) in fp64."""
    total = torch.zeros(2, CHANNELS, dtype=torch.float64)
    for x in pictures(folder, count):
        z = model.encode(x).double()
        total += torch.stack((z.mean((0, 2, 3)), z.square().mean((0, 2, 3))))
    return total / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("faces", type=Path)
    parser.add_argument("general", type=Path)
    parser.add_argument("--pictures", type=int, default=14, help="of each kind")
    parser.add_argument("--out", type=Path, default=Path("src/intaglio/weights/autoencoder.safetensors"))
    options = parser.parse_args()

    tensors = {
        f"{part}.{our_name(name, layers)}": tensor
        for part, layers in (("encoder", ENCODER), ("decoder", DECODER))
        for name, tensor in load_file(options.weights / f"taef2_{part}.safetensors").items()
    }
    model = Autoencoder().eval()
    tensors |= {"mean": model.mean, "deviation": model.deviation}  # 0 and 1: not yet known
    model.load_state_dict(tensors)
    faces, general = (moments(model, folder, options.pictures) for folder in (options.faces, options.general))
    mean, square = (faces + general) / 2
    model.mean.copy_(mean)
    model.deviation.copy_((square - mean.square()).sqrt())
    arrays = {name: stored(tensor.numpy()) for name, tensor in model.state_dict().items()}
    write(options.out, arrays, {"model": MODEL} | NOTES)


if __name__ == "__main__":
    main()
