"""Makes src/intaglio/weights/face_detector.safetensors from YuNet's ONNX file.

    PYTHONPATH=src python scripts/convert_yunet.py yunet_n_640_640.onnx        (needs the package onnx)

The convolutions of the graph, in its order, are those of our module, in its order. Two things change: the four heads of
a level become one, and the first layer takes RGB in place of BGR.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from intaglio.faces.yunet import YuNet
from intaglio.faces.yunet_levels import MODEL, STRIDES
from intaglio.weights.tensors import stored, write

NOTES = {
    "source": "https://github.com/ShiqiYu/libfacedetection.train, onnx/yunet_n_640_640.onnx, commit 0047ac24",
    "licence": "Apache-2.0",
}
HEADS = ("cls", "obj", "bbox", "kps")

Arrays = dict[str, NDArray[np.float32]]


def trunk(graph: onnx.GraphProto, values: Arrays) -> list[NDArray[np.float32]]:
    """Weights and biases of all convolutions but the heads', in the order of the graph."""
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    heads = {f"bbox_head.multi_level_{head}" for head in HEADS}
    return [
        values[name]
        for node in convolutions
        if not any(node.input[1].startswith(head) for head in heads)
        for name in node.input[1:]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("onnx", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/intaglio/weights/face_detector.safetensors"))
    options = parser.parse_args()

    graph = onnx.load(options.onnx).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    order = ["stem"]
    for k, stage in enumerate(YuNet().stages):
        order += [f"stages.{k}.{i}.{part}" for i, _ in enumerate(stage.children()) for part in ("point", "depth")]
    order += [f"laterals.{k}.{part}" for k in (2, 1, 0) for part in ("point", "depth")]
    order += [f"heads.{k}.0.{part}" for k in range(len(STRIDES)) for part in ("point", "depth")]
    names = [f"{layer}.{kind}" for layer in order for kind in ("weight", "bias")]
    arrays = dict(zip(names, trunk(graph, values), strict=True))
    arrays["stem.weight"] = arrays["stem.weight"][:, ::-1]
    for k in range(len(STRIDES)):
        for ours, theirs in (("point", "conv1"), ("depth", "conv2")):
            for kind in ("weight", "bias"):
                parts = [values[f"bbox_head.multi_level_{head}.{k}.{theirs}.{kind}"] for head in HEADS]
                arrays[f"heads.{k}.1.{ours}.{kind}"] = np.concatenate(parts)
    write(options.out, {name: stored(array) for name, array in arrays.items()}, {"model": MODEL} | NOTES)


if __name__ == "__main__":
    main()
