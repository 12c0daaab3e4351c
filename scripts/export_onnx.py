"""Writes the networks of both codecs as ONNX graphs, without weights: those stay in the safetensors files.

    PYTHONPATH=src python scripts/export_onnx.py            # needs torch, onnx and onnxruntime

Each graph has sizes that are not fixed. An initialiser is named as its tensor in the weights file, and is empty here:
`engines/onnx_graphs.py` gives it its values when a session starts. A graph changes only when a network does.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import cast

import onnx
import torch
from torch import nn

from intaglio.codecs import CODECS
from intaglio.codecs.bounded import BoundedCodec
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.prompt import Prompt
from intaglio.engines.onnx_graphs import FOLDER
from intaglio.entropy.learned.coded import Coded
from intaglio.faces import detector
from intaglio.faces.yunet import YuNet
from intaglio.faces.yunet_levels import MODEL
from intaglio.networks.layout import frozen
from intaglio.pipeline.model import lean_decoder_of, margins, networks_of
from intaglio.priors.prior import Control
from intaglio.spaces import lean_encoder
from intaglio.spaces.lean_decoder import REACH, LeanDecoder
from intaglio.spaces.taef2 import FACTOR, OUTER_ENCODER_REACH, Autoencoder
from intaglio.weights import codec_file
from intaglio.weights.tensors import fill, read

OPSET = 18
LEVELS = range(3)
MAPS, SCALES = [f"map{k}" for k in LEVELS], [f"scale{k}" for k in LEVELS]


class SynthesisGraph(nn.Module):
    inputs = ("lf", "h", "vector", "y", "q")
    outputs = ("fine", "coarse", "latent", "packets")

    def __init__(self, networks: DiffusionCodec) -> None:
        super().__init__()
        self.compressor = networks.compressor

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        *coded, q = tensors
        prompt = self.compressor.synthesis(Coded(*coded), q)
        return prompt.fine, prompt.coarse, prompt.latent, prompt.packets


class ControlGraph(nn.Module):
    inputs = ("lf", "vector", "fine", "coarse", "latent", "packets", "q")
    outputs = (*MAPS, *SCALES, "cond", "precision")

    def __init__(self, networks: DiffusionCodec) -> None:
        super().__init__()
        name = next(name for name in ("enhancement", "fusion") if hasattr(networks, name))
        setattr(self, name, getattr(networks, name))
        self.name = name

    def forward(self, lf: torch.Tensor, vector: torch.Tensor, *rest: torch.Tensor) -> tuple[torch.Tensor, ...]:
        fine, coarse, latent, packets, q = rest
        coded = Coded(lf, lf, vector, lf)
        control: Control = getattr(self, self.name)(coded, Prompt(fine, coarse, latent, packets, q), q)
        assert control.precision is not None
        return *control.maps, *control.scales, control.cond, control.precision


class DenoiseGraph(nn.Module):
    inputs = ("z", "sigma", *MAPS, *SCALES, "cond", "base", "precision")
    outputs = ("clean",)

    def __init__(self, networks: DiffusionCodec) -> None:
        super().__init__()
        self.prior = networks.prior

    def forward(self, z: torch.Tensor, sigma: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        control = Control(list(rest[:3]), list(rest[3:6]), rest[6], rest[7], rest[8])
        return self.prior.denoise(z, sigma, control)


class PictureGraph(nn.Module):
    """The base picture, moved by `realism` (1,) towards the drawn one, which is held to it."""

    inputs = ("z", "packets", "realism")
    outputs = ("x",)

    def __init__(self, networks: DiffusionCodec, lean: LeanDecoder) -> None:
        super().__init__()
        self.lean, self.hold = lean, networks.hold

    def forward(self, z: torch.Tensor, packets: torch.Tensor, realism: torch.Tensor) -> torch.Tensor:
        empty = z[:, :0]
        prompt = Prompt(empty, empty, z, packets, empty)
        x = base_picture(prompt)
        return x + realism * (self.hold(self.lean(z), prompt, cast("float", realism)) - x)


class BaseGraph(nn.Module):
    inputs = ("packets",)
    outputs = ("x",)

    def forward(self, packets: torch.Tensor) -> torch.Tensor:
        return base_picture(Prompt(packets, packets, packets, packets, packets))


class AnalysisGraph(nn.Module):
    """`spatial` of the analysis, of packets and, where a codec goes by the reference encoder, its latents."""

    outputs = ("y", "deep")

    def __init__(self, networks: DiffusionCodec) -> None:
        super().__init__()
        self.compressor = networks.compressor
        self.inputs = ("p",) if networks.compressor.lean_encoder else ("p", "z")

    def forward(self, p: torch.Tensor, z: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        return self.compressor.analysis.spatial(p, z)


class FinishGraph(nn.Module):
    inputs = ("deep",)

    def __init__(self, networks: DiffusionCodec) -> None:
        super().__init__()
        self.compressor = networks.compressor
        self.outputs = ("lf", "h", "vector") if networks.compressor.cfg.vector else ("lf", "h")

    def forward(self, deep: torch.Tensor) -> tuple[torch.Tensor, ...]:
        coded = self.compressor.analysis.finish(deep, deep)
        return (coded.lf, coded.h, coded.vector)[: len(self.outputs)]


class LatentsGraph(nn.Module):
    """The lean encoder alone: what `auto` compares pictures by."""

    inputs, outputs = ("p",), ("z",)

    def __init__(self, networks: DiffusionCodec) -> None:
        super().__init__()
        self.compressor = networks.compressor

    def forward(self, p: torch.Tensor) -> torch.Tensor:
        return self.compressor.analysis.encoder(p)


class OuterGraph(nn.Module):
    """The reference encoder up to its first normalisation, so that tiles can share the statistics of the whole."""

    inputs, outputs = ("x",), ("features",)

    def __init__(self, autoencoder: Autoencoder) -> None:
        super().__init__()
        self.encoder = autoencoder.encoder

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.encoder.outer(x)


class InnerGraph(nn.Module):
    """The rest of it, over the whole picture."""

    mean: torch.Tensor
    deviation: torch.Tensor
    inputs, outputs = ("features",), ("z",)

    def __init__(self, autoencoder: Autoencoder) -> None:
        super().__init__()
        self.encoder = autoencoder.encoder
        self.register_buffer("mean", autoencoder.mean)
        self.register_buffer("deviation", autoencoder.deviation)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return (self.encoder.inner(features) - self.mean[:, None, None]) / self.deviation[:, None, None]


def samples(networks: DiffusionCodec, h: int = 2, w: int = 3) -> dict[str, torch.Tensor]:
    """A tensor for each name of an input, of a picture of h by w grains."""
    cfg, q = networks.compressor.cfg, torch.full((1,), 0.5)
    sizes = {
        "lf": (cfg.lf, 1), "h": (cfg.h, 1), "y": (cfg.y, 2), "fine": (cfg.fine, 4), "coarse": (cfg.coarse, 2),
        "latent": (cfg.latent, 4), "packets": (192, 4), "p": (192, 4), "z": (cfg.latent, 4), "base": (cfg.latent, 4),
        "deep": (cfg.coarse, 1), "features": (64, 4), "x": (3, 32),
    }  # fmt: skip
    grids = {name: torch.randn(1, c, h * cells, w * cells) for name, (c, cells) in sizes.items()}
    grids |= {"vector": torch.randn(1, cfg.vector, 1, 1), "q": q, "sigma": q, "realism": q}
    coded = Coded(grids["lf"], grids["h"], grids["vector"], grids["y"])
    prompt = networks.compressor.synthesis(coded, q)
    control = networks.control(coded, prompt, q)
    assert control.precision is not None
    for names, tensors in ((MAPS, control.maps), (SCALES, control.scales)):
        grids |= dict(zip(names, tensors))
    return grids | {"cond": control.cond, "precision": control.precision}


def graph(net: nn.Module, tensors: dict[str, torch.Tensor]) -> onnx.ModelProto:
    """The net as a graph of any size, its weights named and left out."""
    inputs, outputs = cast("tuple[str, ...]", net.inputs), cast("tuple[str, ...]", net.outputs)
    names = [name for name in inputs if tensors[name].numel()]
    arguments = tuple(tensors[name] for name in inputs)
    axes = {name: {2: f"{name}_h", 3: f"{name}_w"} for name in names if tensors[name].shape[2:].numel() > 1}
    axes |= {name: {2: f"{name}_h", 3: f"{name}_w"} for name in outputs if name not in ("cond", "precision", "vector")}
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.onnx"
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, arguments, file, input_names=list(inputs), output_names=list(outputs),
            dynamic_axes=axes, opset_version=OPSET, dynamo=False, do_constant_folding=False,
        )  # fmt: skip
        return bare(onnx.load(file))


def bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph without weights and without words for people; each constant once, and no cast to the type that is there."""
    typed = onnx.shape_inference.infer_shapes(model).graph
    types = {value.name: value.type.tensor_type.elem_type for value in (*typed.value_info, *typed.input)}
    alias, seen, nodes = {"": ""}, dict[bytes, str](), list[onnx.NodeProto]()
    alias |= {value.name: value.name for value in (*typed.input, *typed.output, *typed.initializer)}
    for node in model.graph.node:
        node.input[:] = [alias[name] for name in node.input]
        (first, *_), attributes = node.output, node.attribute
        if node.op_type == "Cast" and types.get(node.input[0]) == attributes[0].i and first not in alias:
            alias[first] = node.input[0]
            continue
        if node.op_type == "Constant":
            value = attributes[0].SerializeToString(deterministic=True)
            if value in seen:
                alias[first] = seen[value]
                continue
            seen[value] = first
        for name in node.output:
            alias.setdefault(name, name)
        node.ClearField("name")
        node.ClearField("doc_string")
        nodes.append(node)
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    _shorten(model.graph)
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        del tensor.external_data[:]
        tensor.external_data.add(key="location", value="weights")
    return model


def _shorten(graph: onnx.GraphProto) -> None:
    """Short names for all that is inside."""
    kept = {"", *(value.name for value in (*graph.input, *graph.output, *graph.initializer))}
    inner = [name for node in graph.node for name in node.output if name not in kept]
    short = {name: f"t{i}" for i, name in enumerate(inner)}
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [short.get(name, name) for name in names]


class FaceGraph(nn.Module):
    inputs, outputs = ("x",), ("fine", "middle", "coarse")

    def __init__(self) -> None:
        super().__init__()
        net = frozen(fill(YuNet(), read(detector.FILE, MODEL)))
        for name, child in net.named_children():
            setattr(self, name, child)
        self.net = [net]  # not a part of its own: tensors have their names in the file

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return self.net[0](x)


def main() -> None:
    face = graph(FaceGraph().eval(), {"x": torch.randn(1, 3, 64, 96)})
    detector.GRAPH.write_bytes(face.SerializeToString(deterministic=True))
    autoencoder = Autoencoder.load()
    for codec in CODECS:
        weights = codec_file.read(codec)
        networks, lean = networks_of(weights), lean_decoder_of(weights)
        nets: dict[str, nn.Module] = {
            "synthesis": SynthesisGraph(networks), "control": ControlGraph(networks), "denoise": DenoiseGraph(networks),
            "picture": PictureGraph(networks, lean), "base": BaseGraph(),
            "analysis": AnalysisGraph(networks), "finish": FinishGraph(networks),
        }  # fmt: skip
        if networks.compressor.lean_encoder:
            nets["latents"] = LatentsGraph(networks)
        else:
            nets |= {"outer": OuterGraph(autoencoder), "inner": InnerGraph(autoencoder)}
        tensors, folder = samples(networks), FOLDER / codec
        folder.mkdir(parents=True, exist_ok=True)
        parts = {name: graph(net.eval(), tensors) for name, net in nets.items()}
        for name, model in parts.items():
            (folder / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
        analysis_reach, synthesis_reach = margins(networks.compressor.cfg.depth)
        description = {
            "sizes": weights.sizes,
            "tile": networks.tile,
            "bounded": isinstance(networks, BoundedCodec),
            "lean_encoder": networks.compressor.lean_encoder,
            "analysis_reach": analysis_reach,
            "synthesis_reach": synthesis_reach,
            "pixel_reach": REACH,
            "lean_margin": lean_encoder.REACH,
            "encoder_margin": -(-OUTER_ENCODER_REACH // FACTOR),
            "tensors": {name: [tensor.name for tensor in model.graph.initializer] for name, model in parts.items()},
        }
        (folder / "graphs.json").write_text(json.dumps(description, indent=1) + "\n")


if __name__ == "__main__":
    main()
