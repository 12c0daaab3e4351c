"""A picture in so many bytes and no more: every way in which a codec may do its best to fit it.

People who put a portrait into a barcode do not take a codec as it comes: they shrink the picture, smooth it, drop its
colours, and turn the quality until the file fits. So does this search: each way to prepare a picture, at the finest
setting under the limit; of these, the one nearest to the original by the caller's distance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from intaglio.bench.peers import base, overhead
from intaglio.bench.peers.peer import Peer
from intaglio.bench.peers.variants import SCALES, WORDS, variant
from intaglio.measures.measure import Rgb

LIMITS = (1024, 700, 400, 250)
Count = Literal["bytes", "payload"]
"""What a limit is of: the whole file, or the file minus the bytes that a flat grey picture of that size takes."""
Distance = Callable[[Rgb, Rgb], float]
"""Original and decoded picture to a number, smaller for nearer: LPIPS, 1 - cosine of an identity, ..."""


@dataclass(frozen=True)
class Fit:
    """The best that a codec did under a limit."""

    bytes: int
    payload: int  # bytes minus `overhead`, at least 1
    variant: str  # "avif/2 grey"
    setting: float
    decoded: Rgb
    distance: float = float("nan")


@dataclass
class Trials:
    """One picture's files at every variant and setting tried, kept so that the next limit need not code them again."""

    rgb: Rgb
    files: dict[tuple[str, float], bytes] = field(default_factory=dict)
    decoded: dict[tuple[str, float], Rgb] = field(default_factory=dict)

    def file(self, peer: Peer, setting: float) -> bytes:
        key = peer.name, setting
        if key not in self.files:
            self.files[key] = peer.encode(self.rgb, setting)
        return self.files[key]

    def picture(self, peer: Peer, setting: float) -> Rgb:
        key = peer.name, setting
        if key not in self.decoded:
            self.decoded[key] = peer.decode(self.file(peer, setting), *self.rgb.shape[:2])
        return self.decoded[key]

    def payload(self, peer: Peer, setting: float) -> int:
        return max(1, len(self.file(peer, setting)) - overhead(peer, *self.rgb.shape[:2], setting))

    def size(self, peer: Peer, setting: float, count: Count) -> int:
        return len(self.file(peer, setting)) if count == "bytes" else self.payload(peer, setting)


def variants(peer: Peer, scales: Sequence[str] = tuple(SCALES)) -> Iterator[Peer]:
    """Every way to prepare a picture for a base peer: scales, with and without colours, with and without smoothing."""
    for scale in scales:
        for words in ((), *((word,) for word in WORDS), WORDS):
            yield variant(peer, scale, words)


def finest(peer: Peer, limit: int, trials: Trials, count: Count) -> float | None:
    """The finest setting of `peer.fine` under a limit, by bisection; None where even the coarsest is over it.

    Bytes grow with the setting but for a few bytes here and there: the setting is under the limit for certain, and the
    finest but for those few. Coarse settings are tried first, in steps that double: fine ones take VVC minutes.
    """
    scale = peer.fine or peer.settings
    if trials.size(peer, scale[0], count) > limit:
        return None
    under, over = 0, len(scale)
    while 2 * under + 1 < len(scale):
        if trials.size(peer, scale[2 * under + 1], count) > limit:
            over = 2 * under + 1
            break
        under = 2 * under + 1
    while over - under > 1:
        middle = (under + over) // 2
        if trials.size(peer, scale[middle], count) <= limit:
            under = middle
        else:
            over = middle
    return scale[under]


def best_under(
    peer: str | Peer,
    rgb: Rgb,
    limit: int,
    distance: Distance,
    count: Count = "bytes",
    trials: Trials | None = None,
    scales: Sequence[str] = tuple(SCALES),
) -> Fit | None:
    """The variant of a base peer, and its setting, nearest to a picture in at most `limit` bytes; None where none fits.

    `trials` shared between the limits of one picture saves most of the coding. Raises Unavailable where the peer's library
    is not installed.
    """
    chosen = base(peer) if isinstance(peer, str) else peer
    trials = trials if trials is not None else Trials(rgb)
    best: Fit | None = None
    for candidate in _remembered(chosen, tuple(scales)):
        setting = finest(candidate, limit, trials, count)
        if setting is None:
            continue
        decoded = trials.picture(candidate, setting)
        far = distance(rgb, decoded)
        if best is None or far < best.distance:
            size, payload = len(trials.file(candidate, setting)), trials.payload(candidate, setting)
            best = Fit(size, payload, candidate.name, setting, decoded, far)
    return best


@cache
def _remembered(peer: Peer, scales: tuple[str, ...]) -> list[Peer]:
    """The same objects at every call: `overhead` keeps its answers by them."""
    return list(variants(peer, scales))
