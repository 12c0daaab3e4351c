"""Makes the golden streams: `python tests/golden/make.py`, only when the format of payloads changes on purpose.

tiny.safetensors      the integer entropy models of a tiny random compressor; every table of escapes and scales is met
NAME.itg              files of stream 255 under them
expected.safetensors  NAME.lf, .h, .vector, .y: the integers that each file decodes to
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from intaglio.compressor.compressor import Compressor
from intaglio.compressor.config import CompressorConfig
from intaglio.entropy.learned import freeze
from intaglio.entropy.stream import Stream, grid
from intaglio.entropy.wiring import SECTIONS
from intaglio.format import Header, write
from intaglio.format.streams import CUSTOM
from intaglio.weights.tensors import Arrays

HERE = Path(__file__).parent
CONFIG = CompressorConfig(fine=16, coarse=16, depth=1, y=16, h=8, lf=4, vector=8, width=16, cond=16)
FILES = {  # width, height, quality index, scale
    "small": (64, 64, 200, 0),
    "odd": (97, 33, 128, 0),
    "dot": (1, 1, 255, 0),
    "coarse": (128, 160, 0, 0),
    "scaled": (300, 200, 90, 2),
    "escapes": (64, 96, 230, 0),
    "black": (32, 32, 100, 0),  # everything zero
}


def models() -> Arrays:
    """Random entropy models whose means and scales move much more than an untrained network's."""
    torch.manual_seed(11)
    entropy = Compressor(CONFIG, lean_encoder=True, trained=True).entropy
    assert entropy is not None
    with torch.no_grad():
        for name in ("lf", "h", "vector", "y"):
            for layer in entropy.model(name).out:
                layer.weight.mul_(12)
                layer.bias.normal_(0.3)
    return freeze.integers(entropy)


def tensors(rng: np.random.Generator, height: int, width: int, spread: float) -> dict[str, np.ndarray]:
    shapes = {"lf": (CONFIG.lf, height, width), "h": (CONFIG.h, height, width),
              "vector": (CONFIG.vector, 1, 1), "y": (CONFIG.y, 2 * height, 2 * width)}  # fmt: skip
    made = {name: rng.normal(0, spread, shape).astype(np.float32) for name, shape in shapes.items()}
    if spread > 1:  # a few values that no table reaches
        for array in made.values():
            array.reshape(-1)[::7] *= 40
    return made


def main() -> None:
    arrays = models()
    save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, HERE / "tiny.safetensors")
    stream, rng = Stream(arrays, {}), np.random.default_rng(5)
    expected: dict[str, np.ndarray] = {}
    for name, (width, height, q, scale) in FILES.items():
        spread = {"escapes": 3.0, "black": 0.0}.get(name, 0.8)
        payload, values = stream.encode(tensors(rng, *grid(height, width, scale), spread), q)
        header = Header(width=width, height=height, quality=q, stream=CUSTOM, scale=scale, digest=stream.digest)
        (HERE / f"{name}.itg").write_bytes(write(header, payload, seed=stream.seed))
        expected |= {f"{name}.{part}": getattr(values, part).astype(np.int32) for part in SECTIONS}
        print(name, len(payload), "bytes")
    save_file(expected, HERE / "expected.safetensors")


if __name__ == "__main__":
    main()
