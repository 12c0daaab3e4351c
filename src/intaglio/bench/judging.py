"""Second part of a run: every decoded picture against its original, by every measure at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio.bench import coded_files
from intaglio.bench.results import BenchError, Record, Results
from intaglio.measures.measure import Measure, Rgb

if TYPE_CHECKING:
    from intaglio.bench.peers.peer import Peer


def judge(
    pictures: dict[str, Rgb],
    codecs: dict[str, list[float]],
    peers: dict[str, Peer],
    measures: Sequence[Measure],
    faces: bool,
    results: Results,
    out: Path,
    advance: Callable[[], object],
) -> None:
    """Add a row for every coded picture that has none with all of these measures, and the measures of whole sets."""
    names = {m.name for m in measures}
    originals: dict[str, dict[str, Any]] = {}

    def described(name: str) -> dict[str, Any]:
        if name not in originals:
            originals[name] = {m.name: m.describe(pictures[name]) for m in measures}
        return originals[name]

    for name in pictures:  # pictures outside, so that one original's features are held at a time
        for codec, settings in codecs.items():
            for setting in settings:
                path = coded_files.place(out, codec, setting, name)
                row = results.rows.get((codec, setting, name))
                if not (row and names <= row.keys()) and coded_files.done(path):
                    size, decoded = coded_files.read(path)
                    values = _values(described(name), decoded, pictures[name], measures)
                    counted = _counted(size, peers.get(codec), pictures[name], setting)
                    results.add(
                        "row",
                        {"codec": codec, "setting": setting, "picture": name, "bytes": size, "counted": counted}
                        | {"pixels": decoded.shape[0] * decoded.shape[1]}
                        | values,
                    )
                advance()
        originals.clear()
    network = next((m for m in measures if m.name == "eld"), None)
    if network is not None:
        _sets(pictures, codecs, network, faces, results, out)


def _values(original: dict[str, Any], decoded: Rgb, rgb: Rgb, measures: Sequence[Measure]) -> Record:
    if decoded.shape != rgb.shape:
        raise BenchError(f"a codec drew a picture of {decoded.shape} for one of {rgb.shape}")
    values: Record = {}
    for measure in measures:
        value = measure.compare(original[measure.name], measure.describe(decoded))
        values[measure.name] = None if value is None else float(value)
    return values


def _counted(size: int, peer: Peer | None, rgb: Rgb, setting: float) -> int:
    """Ours in whole bytes; of a peer the payload, so that headers that a bare format would strip win nothing for us."""
    from intaglio.bench import peers

    return size if peer is None else max(1, size - peers.overhead(peer, *rgb.shape[:2], setting))


def _sets(
    pictures: dict[str, Rgb], codecs: dict[str, list[float]], network: Any, faces: bool, results: Results, out: Path
) -> None:
    """Kernel distance of the decoded pictures to the originals, by pooled features of pictures or of their patches."""
    from intaglio.measures.kernel_distance import interval, kernel_distance, pooled

    originals: Any = None
    for codec, settings in codecs.items():
        for setting in settings:
            paths = [coded_files.place(out, codec, setting, name) for name in pictures]
            if (codec, setting) in results.sets or not all(map(coded_files.done, paths)):
                continue
            if originals is None:
                each = [pooled(network, rgb, faces) for rgb in pictures.values()]
                originals = np.concatenate(each)
                owners = np.repeat(np.arange(len(each)), [len(rows) for rows in each])
            decoded = np.concatenate([pooled(network, coded_files.read(path)[1], faces) for path in paths])
            distance = kernel_distance(originals, decoded)
            if distance is not None:
                figure = interval(originals, decoded, owners)
                ends = {} if figure is None else {"kd_low": figure.low, "kd_high": figure.high}
                results.add("set", {"codec": codec, "setting": setting, "kd": distance} | ends)
