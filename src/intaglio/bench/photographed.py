"""`intaglio bench photographed`: how often printed symbols are read from photographs, by a simulated print and camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from intaglio.barcode import finding
from intaglio.barcode.budget import MODULE
from intaglio.barcode.symbols import KINDS, Modules, encode, level_of
from intaglio.bench import camera, markdown, workers
from intaglio.bench.circumstances import facts
from intaglio.bench.results import Record
from intaglio.errors import OptionError

CONTENT = 472  # bytes: 400 of portrait, 72 of signature and what it needs
SYMBOLS = ("qr/L", "qr/M", "qr/Q", "aztec/23", "datamatrix", "pdf417/5")
MODULES_MM = (MODULE, 0.25)
PIXELS = (14.0, 8.0, 5.0, 3.0)
SEED = 38
PRINTS = 8  # of each symbol, of which each photograph takes one

Outcome = tuple[bool, dict[str, float]]


def measure(
    out: Path,
    symbols: Sequence[str],
    pixels: Sequence[float],
    draws: int,
    tilt: float,
    blur: float,
    say: Callable[[str], None],
) -> None:
    """Prints and photographs, writes OUT/photographed.md, and says it.

    Args:
        symbols: "qr/M": kind and level. pixels: of a module. draws: photographs of each condition.
        tilt: degrees, at most. blur: pixels of defocus, at most; motion is up to three times as far.

    Raises:
        OptionError: there is no such symbol or level.
    """
    from rich.progress import track

    shown = [(name, *_symbol(name)) for name in symbols]
    jobs = [
        (kind, modules, mm, px, draws, tilt, blur) for _, kind, modules in shown for mm in MODULES_MM for px in pixels
    ]
    with workers.pool(1) as pool:
        results = [future.result() for future in track([pool.submit(_rate, *job) for job in jobs], transient=True)]
    outcomes = dict(zip([(name, mm, px) for name, _, _ in shown for mm in MODULES_MM for px in pixels], results))
    reads, failing = list[Record](), list[Record]()
    for name, _, modules in shown:
        height, width = modules.shape
        for mm in MODULES_MM:
            row: Record = {
                "symbol": name,
                "modules": f"{width}x{height}",
                "module mm": mm,
                "width mm": f"{width * mm:.0f}",
            }
            rates = {f"{px:g} px": 100 * float(np.mean([read for read, _ in outcomes[name, mm, px]])) for px in pixels}
            reads.append(row | {key: f"{rate:.1f}" for key, rate in rates.items()})
        failing.append({"symbol": name} | _halves([o for mm in MODULES_MM for o in outcomes[name, mm, min(pixels)]]))
    tables = {
        "Read, % of photographs": reads,
        f"At {min(pixels):g} px: % read in the lower and upper half of each": failing,
    }
    title = f"Photographed: {CONTENT} bytes, {draws} photographs each, tilt to {tilt:g} degrees, defocus to {blur:g} px"
    text = markdown.document(title, facts([]), (), tables)
    out.mkdir(parents=True, exist_ok=True)
    (out / "photographed.md").write_text(text)
    say(text)


def _symbol(name: str) -> tuple[str, Modules]:
    kind, _, level = name.partition("/")
    if kind not in KINDS:
        raise OptionError(f"symbol is {kind!r}, allowed are {', '.join(KINDS)}")
    return kind, encode(kind, np.random.default_rng(SEED).bytes(CONTENT), level_of(kind, level or None))


def _rate(kind: str, modules: Modules, mm: float, pixels: float, draws: int, tilt: float, blur: float) -> list[Outcome]:
    """In a worker: whether each photograph was read, every byte, and what was against it."""
    rng = np.random.default_rng([SEED, int(100 * mm), int(10 * pixels)])
    content = np.random.default_rng(SEED).bytes(CONTENT)
    prints = [camera.printed(modules, KINDS[kind].quiet, mm, rng) for _ in range(min(PRINTS, draws))]
    outcomes = []
    for draw in range(draws):
        shot = camera.Shot.draw(pixels, tilt, blur, rng)
        picture = camera.photograph(prints[draw % len(prints)], mm, shot, rng)
        read = any(content == found.content for look in finding.looks(picture) for found in look.whole)
        outcomes.append((read, shot.factors()))
    return outcomes


def _halves(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """By factor, the share that was read where it is below its median, and where it is above."""
    read = np.array([outcome[0] for outcome in outcomes], dtype=float)
    table = {}
    for factor in outcomes[0][1]:
        values = np.array([outcome[1][factor] for outcome in outcomes])
        low = values <= np.median(values)
        table[factor] = f"{100 * read[low].mean():.0f} / {100 * read[~low].mean():.0f}"
    return table
