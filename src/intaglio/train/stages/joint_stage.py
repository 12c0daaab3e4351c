"""Stage `joint`: few-step drawing unrolled, judged through the lean decoder by perceptual losses.

Gradient goes through every drawn step. One, two and four steps take turns. Perceptual losses are LPIPS with
VGG16 and (`features`) distances in MobileNetV2's features; a critic of those can be added (`adversarial`). Identity is
a recogniser's cosine on crops that hold a whole face. The lean decoder is frozen, or (`lean`) trained along: it learns
to draw what coding leaves of latents. The compressor is frozen, or (`end_to_end`) trained along by

    (bits / pixels + lambda(q) * (errors of base latent and picture + what the drawn picture is judged by)) / sqrt(lambda(q))

while for all that draws every quality weighs the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
import torch

from intaglio.compressor.objective import lam
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.stream import FOCUS, MILD
from intaglio.faces.recogniser import readable
from intaglio.networks import packets
from intaglio.priors.sampler import LADDERS
from intaglio.train import focus_fit
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.critic import Critic, opinions
from intaglio.train.resources import Resources
from intaglio.train.stages.drawing import encode, recompute, validate_drawn
from intaglio.train.stages.rate_distortion import lagrangian, objective
from intaglio.train.stages.stage import Judgement, Losses, StageConfig

Tensors = TypeVar("Tensors", Coded, Prompt)

PERCEPTUAL, PICTURE, LATENT = 1.0, 6.0, 0.05  # weights of LPIPS, squared pixel error and squared latent error
FACES = 4  # identity is looked at in so many crops of a batch at most


@dataclass(frozen=True, kw_only=True)
class JointStageConfig(StageConfig):
    """What a recipe says of stage `joint`."""

    low: float = 0.0  # share of the crops whose quality is of the lower two thirds alone
    recompute: bool = False  # a checkpoint's activations anew for gradients: far less memory, a third more work
    pixels: int = 256 * 256  # of the pictures to come: what the bits of the vector, sent once, are spread over
    end_to_end: bool = False  # the compressor is trained along
    lean: bool = False  # the lean decoder is trained along
    focus: float = 0.0  # y is finer where a face is, in this share of steps as under focus
    identity: float = 0.25  # weight of a recogniser's cosine
    features: float = 0.0  # weight of MobileNetV2's features beside LPIPS
    adversarial: float = 0.0  # weight of a critic's opinion of what is drawn

    def part(self, chain: Chain) -> Chain:
        return chain

    def build(self, chain: Chain, resources: Resources) -> JointStage:
        return JointStage(self, chain, resources)


class JudgedChain(Chain):
    """A chain and the critic of what it draws, if there is one: what the stage trains, averages and stores."""

    def __init__(self, chain: Chain, critic: Critic | None) -> None:
        super().__init__(chain.codec, chain.decoder)
        self.critic = critic


class JointStage:
    """Trains what steers the prior, and the prior, through the decoder."""

    name = "joint"

    def __init__(self, config: JointStageConfig, chain: Chain, resources: Resources) -> None:
        chain.codec.compressor.train(config.end_to_end).requires_grad_(config.end_to_end)
        chain.decoder.requires_grad_(config.lean)
        recompute(chain, config.recompute)
        self.model = JudgedChain(chain, Critic().to(resources.device) if config.adversarial else None)
        self.config, self.source = config, config.source(resources, config.low)
        self.validation, self.lpips, self.recogniser = resources.validation, resources.lpips, resources.recogniser
        self.mobilenet = resources.mobilenet if config.features or config.adversarial else None

    def sample(self, rng: np.random.Generator) -> Crops:
        batch = self.source(rng)
        batch.steps = int(rng.choice(list(LADDERS)))
        return batch

    def validate(self, model: JudgedChain) -> Judgement:
        return validate_drawn(model, self.validation, self.lpips)

    def loss(self, batch: Crops) -> Losses:
        coded, prompt, loss, figures = self._coded(batch)
        codec = self.model.codec
        control = codec.control(coded, prompt, batch.q)
        drawn = codec.draw(control, batch.q, batch.steps, torch.randn_like(batch.z))
        picture = codec.hold(self.model.decoder(drawn).float(), prompt)
        latent = (drawn - batch.z).square().mean()
        loss = loss + LATENT * latent + self._identity(batch, picture, figures) + self._seen(batch, picture, figures)
        return loss, figures | {"drawn": float(latent.detach())}

    def _coded(self, batch: Crops) -> tuple[Coded, Prompt, torch.Tensor, dict[str, float]]:
        """What a decoder sees; what coding costs and misses, if the compressor is trained, and figures of that."""
        local, share = None, self.config.focus
        if share > 0:
            strength = FOCUS if float(torch.rand(())) < share else MILD
            local = focus_fit.qualities(batch.landmarks, batch.x.shape[3], batch.q, strength)
        if not self.config.end_to_end:
            coded, prompt, _ = encode(self.model, batch.x, batch.z, batch.q, local)
            return coded, prompt, torch.zeros(()), {}
        p = packets.analyse(batch.x - 0.5)
        coded, prompt, bits = self.model.codec.compressor(batch.z, p, batch.q, local)
        rate, error, figures = objective(bits, prompt, batch, p, self.config.pixels)
        loss, tone = lagrangian(rate, error, batch.q), lam(batch.q).sqrt()
        means = {k: float(v.mean().detach()) for k, v in figures.items()}
        return toned(coded, tone), toned(prompt, tone), loss, means

    def _identity(self, batch: Crops, picture: torch.Tensor, figures: dict[str, float]) -> torch.Tensor:
        faces = readable(batch.landmarks, batch.x.shape[3], FACES)
        if not len(faces):
            return torch.zeros(())
        vectors = self.recogniser.embed(picture[faces].clamp(0, 1), batch.landmarks[faces])
        distance = 1 - (vectors * batch.people[faces]).sum(1).mean()
        figures["identity"] = float(distance.detach())
        return self.config.identity * distance

    def _seen(self, batch: Crops, picture: torch.Tensor, figures: dict[str, float]) -> torch.Tensor:
        """What the drawn picture looks like: to LPIPS, pixel by pixel, to MobileNetV2 and to the critic."""
        picture, x = shifted(batch.judged(picture), batch.judged(batch.x))
        with torch.no_grad():
            wanted = self.lpips.features(x)
        perceptual = self.lpips.distance(self.lpips.features(picture), wanted).mean()
        squared = (picture - x).square().mean()
        figures |= {"lpips": float(perceptual.detach()), "squared": float(squared.detach())}
        loss = PERCEPTUAL * perceptual + PICTURE * squared
        if self.mobilenet is not None:
            ours, theirs = self.mobilenet.features(picture), self.mobilenet.features(x)
            distance = self.mobilenet.distance(ours, theirs).mean()
            loss = loss + self.config.features * distance
            figures["features"] = float(distance.detach())
            if self.model.critic is not None:
                drawing, critic = opinions(self.model.critic, ours, theirs)
                loss = loss + self.config.adversarial * drawing + critic
                figures |= {"drawing": float(drawing.detach()), "critic": float(critic.detach())}
        return loss


def shifted(*same: torch.Tensor) -> list[torch.Tensor]:
    """Pictures (B, 3, H, W) minus eight of their rows and columns (B, 3, H - 8, W - 8), all at the same random place.

    Networks with strides see what is drawn at one phase alone where the picture's corner never moves, and are pleased by
    weaves that lie on that phase. (One size always: convolutions are prepared anew for every size.)
    """
    top, left = torch.randint(9, (2,)).tolist()
    return [x[..., top : x.shape[2] - 8 + top, left : x.shape[3] - 8 + left].contiguous() for x in same]


def toned(tensors: Tensors, by: torch.Tensor) -> Tensors:
    """A dataclass of tensors (B, ...), their gradient to be multiplied `by` (B,)."""

    def tone(t: torch.Tensor) -> torch.Tensor:
        return t.detach() + (t - t.detach()) * by.view(-1, *[1] * (t.dim() - 1)).to(t.dtype)

    return replace(tensors, **{f.name: tone(getattr(tensors, f.name)) for f in fields(tensors)})
