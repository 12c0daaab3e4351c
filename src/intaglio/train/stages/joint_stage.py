"""Stage `joint`: few-step drawing unrolled, judged through the lean decoder by perceptual losses.

Gradient goes through every drawn step. One, two and four steps take turns. Perceptual losses are LPIPS with
VGG16 and (`features`) distances in MobileNetV2's features; a critic of those can be added (`adversarial`). Identity is
a recogniser's cosine on crops that hold a whole face. The lean decoder is frozen, or (`lean`) trained along: it learns
to draw what coding leaves of latents. The compressor is frozen, or (`end_to_end`) trained along by

    (bits / pixels + lambda(q) * (errors of base latent and picture + what the drawn picture is judged by)) / sqrt(lambda(q))

while for all that draws every quality weighs the same.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import nn

from intaglio.codecs.cgdm import CGDM
from intaglio.codecs.fasdiff import FaSDiff
from intaglio.compressor.objective import lam
from intaglio.compressor.synthesis import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.stream import FOCUS, MILD
from intaglio.faces.recogniser import Identity, readable
from intaglio.measures.lpips import LPIPS
from intaglio.measures.mobilenet import MobileNet
from intaglio.networks import packets
from intaglio.priors.sampler import LADDERS
from intaglio.train import focus_fit as focus
from intaglio.train.batches import Crops, Sampler, Validation
from intaglio.train.critic import Critic, opinions
from intaglio.train.stages.compressor_stage import objective
from intaglio.train.stages.control_stage import ControlStage, encode, validate_drawn
from intaglio.train.stages.lean_stage import judged

Tensors = TypeVar("Tensors", Coded, Prompt)

PERCEPTUAL, PICTURE, LATENT = 1.0, 6.0, 0.05  # weights of LPIPS, squared pixel error and squared latent error
FACES = 4  # identity is looked at in so many crops of a batch at most


class Whole(nn.Module):
    """What the stage trains, averages and stores: a codec, the decoder that its drawings pass, and their critic, if any."""

    def __init__(self, codec: FaSDiff | CGDM, decoder: nn.Module, critic: nn.Module | None) -> None:
        super().__init__()
        self.codec, self.decoder, self.critic = codec, decoder, critic


class JointStage(ControlStage):
    """Trains what steers the prior, and the prior, through the decoder."""

    name = "joint"

    def __init__(
        self,
        model: FaSDiff | CGDM,
        sampler: Sampler,
        validation: Validation,
        decoder: nn.Module,
        lpips: LPIPS,
        identity: Identity,
        mobile: MobileNet | None,
    ) -> None:
        super().__init__(model, sampler, validation, decoder, lpips)
        self.critic = Critic().to(sampler.device) if sampler.cfg.adversarial else None
        self.codec, self.model = model, Whole(model, decoder.requires_grad_(sampler.cfg.lean), self.critic)
        self.identity, self.mobile = identity, mobile
        self.end_to_end = sampler.cfg.end_to_end
        if self.end_to_end:
            model.compressor.train().requires_grad_(True)

    def sample(self, rng: np.random.Generator) -> Crops:
        batch = self.sampler(rng)
        batch.steps = int(rng.choice(list(LADDERS)))
        return batch

    def draw(self, batch: Crops, coded: Coded, prompt: Prompt) -> tuple[torch.Tensor, torch.Tensor]:
        """(drawn latents, pictures)."""
        model = self.codec
        control = model.control(coded, prompt, batch.q)
        drawn = model.draw(control, batch.q, batch.steps, torch.randn_like(batch.z))
        return drawn, model.hold(self.decoder(drawn).float(), prompt)

    def validate(self, model: Any) -> tuple[dict[str, float], Image.Image]:
        return validate_drawn(model.codec, model.decoder, self.validation, self.lpips)

    def loss(self, batch: Crops) -> tuple[torch.Tensor, dict[str, float]]:
        logs, base = {}, torch.zeros(())
        faces = readable(batch.landmarks, batch.x.shape[3], FACES)
        local, share = None, self.sampler.cfg.focus
        if share > 0:
            strength = FOCUS if float(torch.rand(())) < share else MILD
            local = focus.qualities(batch.landmarks, batch.x.shape[3], batch.q, strength)
        if self.end_to_end:
            p = packets.analyse(batch.x - 0.5)
            coded, prompt, bits = self.codec.compressor(batch.z, p, batch.q, local)
            rate, error, rows = objective(bits, prompt, batch, p, self.sampler.cfg.pixels)
            weight = lam(batch.q)
            base = ((rate + weight * error) * weight.rsqrt()).mean()
            logs = {k: float(v.mean().detach()) for k, v in rows.items()}
            coded, prompt = (toned(t, weight.sqrt()) for t in (coded, prompt))
        else:
            coded, prompt, _ = encode(self.codec, batch.x, batch.z, batch.q, local)
        drawn, picture = self.draw(batch, coded, prompt)
        latent = (drawn - batch.z).square().mean()
        loss = base + LATENT * latent
        if len(faces):
            found = self.identity.embed(picture[faces].clamp(0, 1), batch.landmarks[faces])
            identity = 1 - (found * batch.people[faces]).sum(1).mean()
            loss = loss + self.sampler.cfg.identity * identity
            logs["identity"] = float(identity.detach())
        picture, x = shifted(judged(picture, batch.whole), judged(batch.x, batch.whole))
        with torch.no_grad():
            wanted = self.lpips.features(x)
        perceptual = self.lpips.distance(self.lpips.features(picture), wanted).mean()
        squared = (picture - x).square().mean()
        loss = loss + PERCEPTUAL * perceptual + PICTURE * squared
        if self.mobile is not None:
            seen = self.mobile.features(picture), self.mobile.features(x)
            further = self.mobile.distance(*seen).mean()
            loss = loss + self.sampler.cfg.features * further
            logs["features"] = float(further.detach())
            if self.critic is not None:
                drawing, critic = opinions(self.critic, *seen)
                loss = loss + self.sampler.cfg.adversarial * drawing + critic
                logs |= {"drawing": float(drawing.detach()), "critic": float(critic.detach())}
        return loss, logs | {
            "lpips": float(perceptual.detach()),
            "squared": float(squared.detach()),
            "drawn": float(latent.detach()),
        }


def shifted(*same: torch.Tensor) -> list[torch.Tensor]:
    """Pictures (B, 3, H, W) less eight of their rows and columns (B, 3, H - 8, W - 8), all at the same random place.

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
