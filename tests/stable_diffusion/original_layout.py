"""A checkpoint's tensors under the names of the original repositories, the reverse of what the library reads."""

from __future__ import annotations

import re

import torch

Tensors = dict[str, torch.Tensor]

RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
ENDS = {
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
}  # fmt: skip
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def unet(tensors: Tensors, layers: int) -> Tensors:
    names = dict(ENDS)
    index = 1
    for level in range(4):
        for layer in range(layers):
            names[f"down_blocks.{level}.resnets.{layer}"] = f"input_blocks.{index}.0"
            names[f"down_blocks.{level}.attentions.{layer}"] = f"input_blocks.{index}.1"
            index += 1
        names[f"down_blocks.{level}.downsamplers.0.conv"] = f"input_blocks.{index}.0.op"
        index += 1
    names |= {"mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1"}
    names["mid_block.resnets.1"] = "middle_block.2"
    for level in range(4):
        for layer in range(layers + 1):
            index = level * (layers + 1) + layer
            names[f"up_blocks.{level}.resnets.{layer}"] = f"output_blocks.{index}.0"
            names[f"up_blocks.{level}.attentions.{layer}"] = f"output_blocks.{index}.1"
        names[f"up_blocks.{level}.upsamplers.0.conv"] = f"output_blocks.{index}.{2 if level else 1}.conv"
    out = {}
    for name, tensor in tensors.items():
        start = max((start for start in names if name.startswith(start + ".")), key=len)
        rest = name.removeprefix(start)
        if ".resnets." in name:
            part = rest.split(".")[1]
            rest = rest.replace(part, RESNET[part])
        out[f"model.diffusion_model.{names[start]}{rest}"] = tensor
    return out


def vae(tensors: Tensors) -> Tensors:
    out = {}
    for name, tensor in tensors.items():
        name = re.sub(r"down_blocks\.(\d)\.resnets\.", r"down.\1.block.", name)
        name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
        name = re.sub(r"up_blocks\.(\d)\.resnets\.", lambda m: f"up.{3 - int(m[1])}.block.", name)
        name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{3 - int(m[1])}.upsample", name)
        name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
        if "mid_block.attentions.0" in name:
            part = next(part for part in ATTENTION if f"attentions.0.{part}." in name)
            name = name.replace(f"mid_block.attentions.0.{part}", f"mid.attn_1.{ATTENTION[part]}")
            tensor = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
        name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        out[f"first_stage_model.{name}"] = tensor.contiguous()
    return out
