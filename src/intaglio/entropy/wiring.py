"""In which order a picture's tensors are coded, and what each is predicted from: once, for both twins.

    lf ──► h ──► lf and h together ──┬── pooled ─────────► vector (where a stream has one)
                                     └── side features ──► y

`Stream` runs it on integers (C, H, W) in files, `EntropyModel` on floats (B, C, H, W) in training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")

SECTIONS = ("lf", "h", "vector", "y")
"""All tensors, in the order of a payload."""


class SideNets(Protocol[T]):
    """What a twin computes between the tensors."""

    @property
    def names(self) -> Sequence[str]:
        """The tensors that the stream has, of SECTIONS."""

    def side_of_h(self, lf: T) -> T:
        """Side features of h."""

    def join(self, lf: T, h: T) -> T:
        """Both, channel after channel: the hyperprior."""

    def pool(self, hyper: T) -> T:
        """Its means over positions, the side features of the vector."""

    def side_of_y(self, hyper: T) -> T:
        """Side features of y, at twice the size."""


def run(nets: SideNets[T], code: Callable[[str, T | None], T]) -> dict[str, T]:
    """All tensors, each as `code(name, side features)` gives it back: what a decoder knows of it."""
    lf = code("lf", None)
    h = code("h", nets.side_of_h(lf))
    hyper, known = nets.join(lf, h), {"lf": lf, "h": h}
    if "vector" in nets.names:
        known["vector"] = code("vector", nets.pool(hyper))
    return known | {"y": code("y", nets.side_of_y(hyper))}
