"""A codec's weights file: one safetensors file with everything but the autoencoder, which both codecs share.

metadata                 model "intaglio-CODEC", stream id, as JSON the sizes of compressor and prior, and a licence; of an
                         adapter over a checkpoint that others trained, also which (`base`)
choice                   of FaSDiff: what tells portraits from other pictures by its analysis
entropy.*                integers: the models and tables that symbols depend on
lean.*                   the lean decoder, which has learned to draw what this codec leaves of latents; adapters have none
compressor.analysis.*    matrices in eight bits, `NAME` and `NAME.scale` (see `eight_bit`); fp32 vectors
everything else          the other networks; like the lean decoder, matrices in fp16 and vectors in fp32
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intaglio.checkpoints.base import Base
from intaglio.errors import WeightsError
from intaglio.format.streams import CUSTOM
from intaglio.weights import eight_bit, tensors
from intaglio.weights.released import LICENCE, STREAMS
from intaglio.weights.tensors import FOLDER, Arrays, TensorFile, part

ANALYSIS, SYNTHESIS, SCALE, CHOICE = "compressor.analysis.", "compressor.synthesis.", ".scale", "choice"
Sizes = dict[str, int]


@dataclass(frozen=True)
class Weights:
    """A weights file read into memory, not yet a network (no torch)."""

    codec: str
    sizes: dict[
        str, Sizes
    ]  # of CompressorConfig under "compressor", of PriorConfig (an adapter: SteeringConfig) under "prior"
    stream: int  # stream id
    entropy: Arrays
    networks: TensorFile
    lean: TensorFile
    choice: NDArray[Any] | None
    decoder: str  # id of all networks but the entropy models: eight hex digits
    licence: str  # one line
    base: Base | None = None  # the checkpoint that they are an adapter for

    @property
    def frozen(self) -> Arrays:
        """The networks that are part of the stream: the synthesis with its heads."""
        return {name: array for name, array in self.networks.arrays.items() if name.startswith(SYNTHESIS)}


def default(codec: str) -> Path:
    """The file that is used where none is named: the environment's (INTAGLIO_CODEC), else the packaged one."""
    return Path(os.environ.get(f"INTAGLIO_{codec.upper()}") or FOLDER / f"{codec}.safetensors")


def read(codec: str, path: Path | None = None) -> Weights:
    """Raises WeightsError, in one sentence, for a file that is missing, damaged or of another model."""
    file = tensors.read(path or default(codec), f"intaglio-{codec}")
    arrays = file.arrays
    networks = {k: v for k, v in arrays.items() if not k.startswith(("entropy.", "lean.")) and k != CHOICE}
    crc = 0
    for name in sorted(name for name in arrays if not name.startswith("entropy.")):
        crc = zlib.crc32(np.ascontiguousarray(arrays[name]).data, crc)
    for name in [name for name in networks if name.endswith(SCALE)]:
        matrix, scale = name.removesuffix(SCALE), networks.pop(name)
        if matrix not in networks or scale.shape != networks[matrix].shape[:1]:
            raise WeightsError(f"{file.source} has {name}, but no matrix with as many rows")
        networks[matrix] = eight_bit.restore(networks[matrix], scale)
    try:
        sizes, stream = json.loads(file.metadata["config"]), int(file.metadata["stream"])
    except (KeyError, ValueError, RecursionError) as error:
        raise WeightsError(f"{file.source} does not say the sizes and the stream of its model") from error
    if stream not in (*STREAMS, CUSTOM):
        raise WeightsError(f"{file.source} is of stream {stream}, which this version does not know")
    return Weights(
        codec=codec,
        sizes=sizes,
        stream=stream,
        entropy=part(arrays, "entropy"),
        networks=TensorFile(file.source, file.metadata, networks),
        lean=TensorFile(file.source, file.metadata, part(arrays, "lean")),
        choice=arrays.get(CHOICE),
        decoder=f"{crc:08x}",
        licence=file.metadata.get("licence") or (LICENCE if stream in STREAMS else "not stated"),
        base=Base.of(file.metadata, file.source),
    )


def write(
    path: Path,
    codec: str,
    sizes: dict[str, Sizes],
    stream: int,
    *,
    entropy: Arrays,
    networks: Arrays,
    lean: Arrays,
    choice: NDArray[Any] | None = None,
    base: Base | None = None,
) -> None:
    """Write a weights file from sizes, integer entropy models and the networks' float arrays."""
    arrays = {f"entropy.{name}": array for name, array in entropy.items()}
    for name, array in {**networks, **{f"lean.{k}": v for k, v in lean.items()}}.items():
        if array.ndim > 1 and name.startswith(ANALYSIS):
            arrays[name], arrays[name + SCALE] = eight_bit.quantise(array)
        else:
            arrays[name] = tensors.stored(array)
    if choice is not None:
        arrays[CHOICE] = choice
    metadata = {"model": f"intaglio-{codec}", "stream": str(stream), "config": json.dumps(sizes)}
    if base is not None:
        metadata["base"] = base.dump()
    if stream in STREAMS:
        metadata["licence"] = LICENCE
    tensors.write(path, arrays, metadata)
