"""A compressor with more coded channels out of one with fewer, so that training need not begin anew.

Channels of y are coded in four groups, which differ in what they know of the others: old channels stay in their groups, the
new ones come after them in each. What they carry is random, fine enough to be sent at high qualities alone, and the synthesis
does not listen to it yet.
"""

from __future__ import annotations

import torch

State = dict[str, torch.Tensor]
LOUDNESS = 1.0  # weights of new rows of the analysis, in those that old rows have


def widened(given: State, own: State) -> State:
    """`given`, a compressor's state, in the shapes of `own`, the fresh state of one with as many or more channels of y.

    Keys may have a prefix; those that have nothing to do with y's channels are passed on as they are.
    """
    out = dict(given)
    prefix = next((k.removesuffix("analysis.y.weight") for k in given if k.endswith("analysis.y.weight")), None)
    if prefix is None or f"{prefix}analysis.y.weight" not in own:
        return out
    old, new = (len(state[f"{prefix}analysis.y.weight"]) for state in (given, own))
    if old == new:
        return out
    places = torch.cat([torch.arange(old // 4) + group * (new // 4) for group in range(4)])

    def put(name: str, fresh: torch.Tensor, where: torch.Tensor, axis: int) -> None:
        out[prefix + name] = fresh.index_copy(axis, where, given[prefix + name])

    rows, known = own[f"{prefix}analysis.y.weight"], given[f"{prefix}analysis.y.weight"]
    put("analysis.y.weight", rows * (LOUDNESS * known.std() / rows.std()), places, 0)
    put("analysis.y.bias", torch.zeros(new), places, 0)
    put("synthesis.y.weight", torch.zeros_like(own[f"{prefix}synthesis.y.weight"]), places, 1)
    for name in ("y_model.gain.base", "y_model.gain.rise"):
        typical = given[prefix + name].median(-1, keepdim=True).values
        put(name, typical.expand_as(own[prefix + name]).contiguous(), places, -1)
    for p in range(3):
        put(f"y_model.context.{p}.weight", torch.zeros_like(own[f"{prefix}y_model.context.{p}.weight"]), places, 1)
    both = torch.cat([places, new + places])  # means, then scales
    for p in range(4):
        for part in ("weight", "bias"):
            put(f"y_model.out.{p}.{part}", torch.zeros_like(own[f"{prefix}y_model.out.{p}.{part}"]), both, 0)
    return out
