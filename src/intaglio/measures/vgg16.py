"""VGG16's convolutions (Simonyan and Zisserman 2015), which LPIPS-VGG and DISTS share."""

from __future__ import annotations

FILE = "vgg16_features.safetensors"
"""Weights under torchvision's names, `features.N.weight` and `features.N.bias`."""

# (index in torchvision's `features`, channels in, channels out) of each convolution; a pooling before each new stage.
STAGES = (((0, 3, 64), (2, 64, 64)), ((5, 64, 128), (7, 128, 128)), ((10, 128, 256), (12, 256, 256), (14, 256, 256)),
          ((17, 256, 512), (19, 512, 512), (21, 512, 512)), ((24, 512, 512), (26, 512, 512), (28, 512, 512)))  # fmt: skip
