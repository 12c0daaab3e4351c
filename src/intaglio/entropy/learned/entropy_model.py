"""The entropy models of all coded tensors as one network: what is trained, and what the encoder's search goes through.

The twin of `intaglio.entropy.stream.Stream`, which runs the same nets in integers; `freeze` and `thaw` lead from one to
the other. What is coded in which order stands in `intaglio.entropy.wiring`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.entropy import wiring
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.learned.fourpass_net import FourPassNet, Round, clipped_relu, straight_through
from intaglio.entropy.stream import FOCUS, MILD


@dataclass(frozen=True)
class EntropySizes:
    """Channels of the coded tensors, and width of the nets."""

    lf: int
    h: int
    vector: int  # 0: none
    y: int
    width: int


class EntropyModel(nn.Module):
    """The models of lf, h, vector (if any) and y, and the nets between them."""

    def __init__(self, models: Mapping[str, FourPassNet], h_side: nn.Conv2d, y_side: tuple[nn.Conv2d, nn.Conv2d],
                 focus: tuple[nn.Conv2d, nn.Conv2d] | None = None) -> None:  # fmt: skip
        super().__init__()
        self.models = nn.ModuleDict(models)
        self.h_side, self.y_side = h_side, nn.Sequential(*y_side)
        self.focus = nn.Sequential(*focus) if focus else None

    @classmethod
    def untrained(cls, sizes: EntropySizes) -> EntropyModel:
        """With random weights."""
        hyper, half = sizes.lf + sizes.h, sizes.width // 2
        models = {"lf": FourPassNet(sizes.lf, 0, half, (0.5, 8))}
        h_side = nn.Conv2d(sizes.lf, half, 3, 1, 1)
        models["h"] = FourPassNet(sizes.h, half, half, (0.5, 8))
        if sizes.vector:
            models["vector"] = FourPassNet(sizes.vector, hyper, half, (2, 4))
        y_side = nn.Conv2d(hyper, sizes.width, 3, 1, 1), nn.Conv2d(sizes.width, 4 * sizes.width, 1)
        models["y"] = FourPassNet(sizes.y, sizes.width, sizes.width, (0.5, 10))
        return cls(models, h_side, y_side)

    # --- What lies between the tensors (see `wiring.SideNets`) ----------------------------------------------------

    @property
    def names(self) -> list[str]:
        return list(self.models)

    def side_of_h(self, lf: torch.Tensor) -> torch.Tensor:
        return clipped_relu(self.h_side(lf))

    def join(self, lf: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return torch.cat([lf, h], 1)

    def pool(self, hyper: torch.Tensor) -> torch.Tensor:
        return hyper.mean((2, 3), keepdim=True)

    def side_of_y(self, hyper: torch.Tensor) -> torch.Tensor:
        return clipped_relu(F.pixel_shuffle(self.y_side[1](clipped_relu(self.y_side[0](hyper))), 2))

    @torch.no_grad()
    def qualities(self, side: torch.Tensor, q: torch.Tensor, focus: bool = False) -> torch.Tensor | None:
        """Qualities (B, h, w) of y, multiples of 1/255, as `Stream.qualities` has them."""
        if self.focus is None:
            return None
        face = self.focus[1](clipped_relu(self.focus[0](side)))[:, 0].clamp(0, 1)
        return (q[:, None, None] + ((FOCUS if focus else MILD) * (2 * face - 1)).round() / 255).clamp(0, 1)

    # --- Ways through all tensors ---------------------------------------------------------------------------------

    def model(self, name: str) -> FourPassNet:
        """The model of one tensor."""
        return cast("FourPassNet", self.models[name])

    def forward(
        self,
        c: Coded,
        q: torch.Tensor,
        rounding: Round = straight_through,
        qualities: torch.Tensor | None = None,
        focus: bool = False,
    ) -> tuple[Coded, dict[str, torch.Tensor]]:
        """Tensors through `rounding`: (what the decoder would see, bits (B,) of every section; none of what there is not).

        `qualities` (B, H/16, W/16): what y's steps go by, in place of what is read out of its side features, with or without
        a `focus`.
        """
        bits: dict[str, torch.Tensor] = {}

        def code(name: str, side: torch.Tensor | None) -> torch.Tensor:
            local = None
            if name == "y" and side is not None:
                local = self.qualities(side, q, focus) if qualities is None else qualities
            known: torch.Tensor
            known, bits[name] = self.model(name)(getattr(c, name), side, q, rounding, local)
            return known

        known = wiring.run(self, code)
        return Coded(**{"vector": c.vector} | known), {"vector": torch.zeros_like(bits["h"])} | bits

    @torch.no_grad()
    def side_features_of_y(self, c: Coded, q: torch.Tensor) -> torch.Tensor:
        """What is known of y (B, width, H/16, W/16) before it is coded, at qualities q (B,)."""
        lf, _ = self.model("lf")(c.lf, None, q)
        h, _ = self.model("h")(c.h, self.side_of_h(lf), q)
        return self.side_of_y(self.join(lf, h))
