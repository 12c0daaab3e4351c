"""The critic learns to tell drawn from real; its opinion reaches pictures, and the pictures alone."""

import torch

from intaglio.measures.mobilenet import MobileNet
from intaglio.train.critic import Critic, opinions


def test_who_gets_which_gradient() -> None:
    torch.manual_seed(0)
    mobile, critic = MobileNet(None), Critic()
    drawn, real = torch.rand(1, 3, 64, 64, requires_grad=True), torch.rand(1, 3, 64, 64)
    drawing, telling = opinions(critic, mobile.features(drawn), mobile.features(real))
    drawing.backward(retain_graph=True)
    assert drawn.grad is not None and drawn.grad.any()
    assert all(p.grad is None for p in critic.parameters())
    drawn.grad = None
    telling.backward()
    assert drawn.grad is None
    assert all(p.grad is not None and p.grad.any() for p in critic.parameters() if p.ndim > 1)


def test_it_learns_to_tell_blurred_pictures() -> None:
    torch.manual_seed(0)
    mobile, critic = MobileNet(None), Critic()
    real = torch.rand(4, 3, 64, 64)
    blurred = torch.nn.functional.avg_pool2d(real, 5, 1, 2)
    with torch.no_grad():
        features = mobile.features(blurred), mobile.features(real)
    losses = []
    optimiser = torch.optim.Adam(critic.parameters(), 1e-3)
    for _ in range(60):
        drawing, telling = opinions(critic, *features)
        optimiser.zero_grad()
        telling.backward()
        optimiser.step()
        losses.append(telling.item())
    assert losses[-1] < 0.2 < 1.5 < losses[0]
    assert drawing.item() > 0.8  # it scores the blurred below zero
