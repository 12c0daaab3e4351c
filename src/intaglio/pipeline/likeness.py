"""How far what a decoder draws of coded tensors is from the picture, with gradients to the tensors.

    tensors -> synthesis, one step of the prior, lean decoder -> drawn picture -> what training judged it by:

    errors of base latent and base picture + PIXELS * squared error + TEXTURE * difference of local energies
    + the distance that a sight sees + IDENTITY * (1 - cosine of who is pictured), where there is a face

A network that looks at one place alone is soon pleased by what only it sees there. So a picture is looked at in several
views, shifted and mirrored a little: a search takes turns, a verdict is their mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.objective import errors
from intaglio.entropy.learned.coded import Coded
from intaglio.faces.recogniser import align
from intaglio.measures.sight import Sight
from intaglio.networks import packets

PIXELS, LOOK, TEXTURE, IDENTITY = 6.0, 1.0, 1.0, 0.5  # weights
PORTRAIT = 5.0  # side of the square whose likeness a face decides, over the distance from eyes to mouth
RIM = 8  # pixels that a view leaves out on two sides
SHIFTS = ((0, 0), (5, 3), (8, 8), (3, 6))  # pixels that views begin below and right of the corner
LEAN = 0.02  # how far views move a face in its crop, of the distance from eyes to mouth


@dataclass(frozen=True)
class Drawing:
    """Networks from decoded tensors to a picture that gradients pass."""

    codec: DiffusionCodec
    decoder: Callable[[torch.Tensor], torch.Tensor]


def energies(p: torch.Tensor) -> torch.Tensor:
    """Root mean squares (B, 9, h, w) of packets (B, 192, h, w) in three ranges of bands and each colour, over 3x3 places."""
    bands = p.unflatten(1, (packets.BANDS, 3)).square()
    ranges = [bands[:, a:b].mean(1) for a, b in ((1, 6), (6, 21), (21, 64))]
    return (F.avg_pool2d(torch.cat(ranges, 1), 3, 1, 1) + 1e-5).sqrt()


class View:
    """One way of looking at a picture x (1, 3, H, W) with faces (N, 5, 2), and at drawings of it."""

    def __init__(self, sight: Sight, x: torch.Tensor, faces: torch.Tensor, number: int) -> None:
        self.sight, (self.top, self.left), self.mirrored = sight, SHIFTS[number], number % 2 == 1
        span = (faces[:, :2].mean(1) - faces[:, 3:].mean(1)).norm(dim=1)
        shift = torch.tensor(((0, 0), (1, 1), (-1, 1), (1, -1))[number], device=x.device)
        self.faces = faces + LEAN * span[:, None, None] * shift
        self.share = ((PORTRAIT * span).square() / (x.shape[2] * x.shape[3])).clamp(max=1)  # of the picture: a portrait
        with torch.no_grad():
            self.features = sight.look.features(self._part(x))
            self.people = self._people(x) if len(faces) else None

    def terms(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """What a drawing x in 0..1 misses."""
        out = {"look": LOOK * self.sight.look.distance(self.sight.look.features(self._part(x)), self.features).sum()}
        if self.people is not None:
            out["identity"] = IDENTITY * (self.share * (1 - (self._people(x) * self.people).sum(1))).sum()
        return out

    def _part(self, x: torch.Tensor) -> torch.Tensor:
        height, width = (side - RIM for side in x.shape[2:])
        return x[..., self.top : self.top + height, self.left : self.left + width]

    def _people(self, x: torch.Tensor) -> torch.Tensor:
        crops = align(x.expand(len(self.faces), -1, -1, -1), self.faces)
        return self.sight.person(crops.flip(3) if self.mirrored else crops)


class Likeness:
    """Judges drawings of one picture (or a tile of one) at a quality.

    Args:
        x, z, p: the picture (1, 3, H, W) in 0..1, its latent and packets. q: quality (1,).
        faces: (N, 5, 2) where eyes, nose and mouth of each face are, in pixels; none of faces outside.
    """

    def __init__(
        self,
        drawing: Drawing,
        sight: Sight,
        x: torch.Tensor,
        z: torch.Tensor,
        p: torch.Tensor,
        q: torch.Tensor,
        faces: torch.Tensor,
    ) -> None:
        self.drawing, self.x, self.z, self.p, self.q = drawing, x, z, p, q
        self.energies = energies(p)
        self.views = [View(sight, x, faces, number) for number in range(len(SHIFTS))]

    def draw(self, c: Coded, q: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(drawn picture (1, 3, H, W) as a decoder shows it, errors (1,) of the base latent and the base picture)."""
        codec = self.drawing.codec
        prompt = codec.compressor.synthesis(c, q)
        drawn = codec.draw(codec.control(c, prompt, q), q, 1, torch.zeros_like(prompt.latent))
        x = codec.hold(self.drawing.decoder(drawn.float()).float(), prompt)
        return x, errors(prompt, self.z, self.p)

    def terms(self, c: Coded, q: torch.Tensor, views: list[View]) -> dict[str, torch.Tensor]:
        """Parts of the error of tensors coded at quality q, each weighted, scalars; what views see is their mean."""
        x, base = self.draw(c, q)
        out = {"base": base.sum(), "pixels": PIXELS * (x - self.x).square().mean()}
        out["texture"] = TEXTURE * (energies(packets.analyse(x - 0.5)) - self.energies).abs().mean()
        for view in views:
            for name, term in view.terms(x.clamp(0, 1)).items():
                out[name] = out.get(name, 0) + term / len(views)
        return out

    def error(self, c: Coded, turn: int) -> torch.Tensor:
        """What a search goes by: a scalar that is worth as much as a compressor's error. The views take turns."""
        view = self.views[turn % len(self.views)]
        return torch.stack(list(self.terms(c, self.q, [view]).values())).sum()

    @torch.no_grad()
    def verdict(self, c: Coded, q: torch.Tensor) -> float:
        """The error of tensors decoded at quality q, as all views see it."""
        return float(torch.stack(list(self.terms(c, q, self.views).values())).sum())
