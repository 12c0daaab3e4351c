"""Writes what the web page fetches into web/models, out of the packaged weights; nothing of it is committed.

PYTHONPATH=src python scripts/build_web.py            # needs onnx

CODEC/model.json            stream, seed of the checksum, reaches and sizes, and what the other files are (a hash of each)
CODEC/entropy.safetensors   the integers
CODEC/GRAPH.onnx            the graphs, those of FaSDiff's encoder too: matrices in 8 bits, of what draws pixels in 16
ort/, zxing/                ONNX Runtime Web and zxing-wasm, out of web/node_modules (`npm install` in web)
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.helper import make_node
from safetensors.numpy import save

from intaglio.codecs import CODECS
from intaglio.engines import onnx_graphs
from intaglio.entropy.stream import Stream
from intaglio.weights import codec_file, eight_bit

WEB = Path(__file__).parent.parent / "web"
MODELS = WEB / "models"
DRAWING = ("synthesis", "control", "denoise", "picture", "base")
CODING = {"fasdiff": ("analysis", "finish"), "cgdm": ()}
FINE = "lean."  # tensors of what draws pixels: in 8 bits they would cost 2 dB
LIBRARIES = {
    "ort": (
        "onnxruntime-web/dist",
        (
            "ort.wasm.min.mjs",
            "ort-wasm-simd-threaded.mjs",
            "ort-wasm-simd-threaded.wasm",
            "ort.jspi.min.mjs",
            "ort-wasm-simd-threaded.jspi.mjs",
            "ort-wasm-simd-threaded.jspi.wasm",
        ),
    ),
    "zxing": ("zxing-wasm/dist", ("es/share.js", "es/reader/index.js", "reader/zxing_reader.wasm")),
}


def whole(graph: Path, tensors: onnx_graphs.Graphs) -> onnx.ModelProto:
    """A graph with its weights: matrices in few bits, made fp32 when a session starts."""
    model = onnx.load(graph, load_external_data=False)
    restored = list[onnx.NodeProto]()
    nodes, initialisers = _folded(model.graph)
    for tensor in model.graph.initializer:
        restoring, stored = _stored(tensor.name, tensors.tensor(tensor.name))
        restored += restoring
        initialisers += stored
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(initialisers)
    model.graph.node.extend([*restored, *nodes])
    return model


def _folded(graph: onnx.GraphProto) -> tuple[list[onnx.NodeProto], list[TensorProto]]:
    """The nodes without those of constants, and what these give: some are of float64, which WebGPU's runtime does not know."""
    known, nodes = dict[str, NDArray[Any]](), list[onnx.NodeProto]()
    for node in graph.node:
        values = [known[name] for name in node.input if name in known]
        if node.op_type == "Constant":
            known[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type == "Sqrt" and values:
            known[node.output[0]] = np.sqrt(values[0])
        elif node.op_type == "Cast" and values:
            known[node.output[0]] = values[0].astype(onnx.helper.tensor_dtype_to_np_dtype(node.attribute[0].i))
        else:
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    return nodes, [numpy_helper.from_array(value, name) for name, value in known.items() if name in used]


def _stored(name: str, array: NDArray[np.float32]) -> tuple[list[onnx.NodeProto], list[TensorProto]]:
    """What a tensor is kept as, and the nodes that restore it."""
    if array.ndim < 2:
        return [], [numpy_helper.from_array(array, name)]
    few, wide, scale = f"{name}.few", f"{name}.wide", f"{name}.scale"
    if name.startswith(FINE):
        half = numpy_helper.from_array(array.astype(np.float16), few)
        return [make_node("Cast", [few], [name], to=TensorProto.FLOAT)], [half]
    integers, scales = eight_bit.quantise(array)
    restoring = [
        make_node("Cast", [few], [wide], to=TensorProto.FLOAT),
        make_node("Mul", [wide, scale], [name]),
    ]
    rows = scales.reshape(-1, *[1] * (array.ndim - 1))
    return restoring, [numpy_helper.from_array(integers, few), numpy_helper.from_array(rows, scale)]


def libraries() -> None:
    """Copies what the page loads of others'."""
    for folder, (source, names) in LIBRARIES.items():
        for name in names:
            file, target = WEB / "node_modules" / source / name, MODELS / folder / name
            if not file.exists():
                raise SystemExit(f"web/node_modules has no {source}/{name}: run `npm install` in web")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)


def write(codec: str) -> None:
    """The folder of a codec."""
    weights, folder = codec_file.read(codec), MODELS / codec
    stream, graphs = Stream.of(weights), onnx_graphs.Graphs(weights)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "entropy.safetensors").write_bytes(save(weights.entropy))
    for name in (*DRAWING, *CODING[codec]):
        model = whole(onnx_graphs.FOLDER / codec / f"{name}.onnx", graphs)
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    coding = {f"{name}.onnx" for name in CODING[codec]}
    files = [folder / "entropy.safetensors", *sorted(folder.glob("*.onnx"))]
    about = {
        "codec": codec, "stream": weights.stream, "seed": stream.seed, "decoder": weights.decoder,
        "bounded": graphs.about["bounded"], "licence": weights.licence,
        "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files},
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps(about, indent=1))
    drawing, all_ = (
        sum(p.stat().st_size for p in some) / 1e6 for some in ([p for p in files if p.name not in coding], files)
    )
    print(f"{codec}: {drawing:.1f} MB to decode, {all_ - drawing:.1f} MB more to encode")


def main() -> None:
    shutil.rmtree(MODELS, ignore_errors=True)
    libraries()
    for codec in CODECS:
        write(codec)


if __name__ == "__main__":
    main()
