"""Writes what the web reader fetches into web/models, out of the packaged weights; nothing of it is committed.

PYTHONPATH=src python scripts/build_web.py            # needs onnx

CODEC/model.json            stream, seed of the checksum, reaches and sizes
CODEC/entropy.safetensors   the integers
CODEC/GRAPH.onnx            the graphs that a decoder needs, their matrices in fp16
ort/                        ONNX Runtime Web, out of web/node_modules (`npm install` in web)
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

from intaglio.codecs import CODECS
from intaglio.engines import onnx_graphs
from intaglio.entropy.stream import Stream
from intaglio.weights import codec_file

WEB = Path(__file__).parent.parent / "web" / "models"
DRAWING = ("synthesis", "control", "denoise", "picture", "base")


def whole(graph: Path, tensors: onnx_graphs.Graphs) -> onnx.ModelProto:
    """A graph with its weights: matrices in fp16, cast to fp32 when a session starts."""
    model = onnx.load(graph, load_external_data=False)
    casts, initialisers = list[onnx.NodeProto](), list[onnx.TensorProto]()
    for tensor in model.graph.initializer:
        array = tensors.tensor(tensor.name)
        if array.ndim > 1:
            initialisers.append(numpy_helper.from_array(array.astype(np.float16), f"{tensor.name}.half"))
            casts.append(
                onnx.helper.make_node("Cast", [f"{tensor.name}.half"], [tensor.name], to=onnx.TensorProto.FLOAT)
            )
        else:
            initialisers.append(numpy_helper.from_array(array, tensor.name))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(initialisers)
    model.graph.node.extend(nodes)
    return model


def runtime() -> None:
    """Copies what the page loads of ONNX Runtime Web."""
    source, target = WEB.parent / "node_modules/onnxruntime-web/dist", WEB / "ort"
    if not source.exists():
        raise SystemExit("web/node_modules has no onnxruntime-web: run `npm install` in web")
    target.mkdir(parents=True, exist_ok=True)
    for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"):
        shutil.copy(source / name, target / name)


def main() -> None:
    runtime()
    for codec in CODECS:
        weights, folder = codec_file.read(codec), WEB / codec
        stream, graphs = Stream.of(weights), onnx_graphs.Graphs(weights)
        folder.mkdir(parents=True, exist_ok=True)
        save_file(weights.entropy, folder / "entropy.safetensors")
        for name in DRAWING:
            model = whole(onnx_graphs.FOLDER / codec / f"{name}.onnx", graphs)
            (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
        about = {name: graphs.about[name] for name in ("tile", "bounded", "pixel_reach", "synthesis_reach")}
        about |= {"codec": codec, "stream": weights.stream, "seed": stream.seed, "decoder": weights.decoder}
        inputs = {name: [one.name for one in onnx.load(folder / f"{name}.onnx").graph.input] for name in DRAWING}
        (folder / "model.json").write_text(json.dumps(about | {"inputs": inputs, "licence": weights.licence}, indent=1))
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{codec}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
