"""`intaglio bench verify`: whether a face matcher still tells people apart when one or both pictures were coded.

DIR holds pictures and a pairs.csv (columns a, b, same: file names, 0 or 1), beside them or above. Every picture goes, in
its own size, through every codec at the byte targets of ours; a peer takes the finest setting under the target, counted
once by the whole file and once by the payload. A coded face is described where the original's is, so that a detector's
misses do not count as a matcher's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from intaglio.bench import coded_files, markdown, ours, peers, picture_set
from intaglio.bench.circumstances import facts
from intaglio.bench.fitting import Count, Trials, finest
from intaglio.bench.results import BenchError, Record
from intaglio.errors import BudgetError
from intaglio.measures import verification
from intaglio.measures.measure import Rgb
from intaglio.measures.verification import Pair

if TYPE_CHECKING:
    from intaglio.bench.peers.peer import Peer

Descriptors = Mapping[str, NDArray[np.float64]]
"""Of each picture's name, who is pictured."""


def measure(
    folder: Path,
    out: Path,
    mine: Sequence[str],
    names: Sequence[str],
    targets: Sequence[float],
    effort: int,
    limit: int | None,
    say: Callable[[str], None],
) -> None:
    """Codes what is not there yet, writes OUT/verification.md, and says the table. `limit`: pairs of each kind; `effort`: ours.

    Raises:
        BenchError: no pairs.csv, or it names a picture that is not there. Unavailable: dlib is not installed.
    """
    from rich.progress import track

    pairs, pictures = _load(folder, limit)
    from intaglio.measures.dlib_faces import Faces

    others, missing = peers.available(names)
    faces, reader = Faces(), ours.Reader()
    boxes = {name: faces.find(rgb) for name, rgb in track(pictures.items(), "originals", transient=True)}
    originals = {name: faces.descriptor(pictures[name], box) for name, box in boxes.items() if box}
    pairs = [p for p in pairs if {Path(p.a).stem, Path(p.b).stem} <= originals.keys()]
    table = [{"codec": "none", "target": None, "bytes": None} | row for row in rows(pairs, originals, originals)]
    codecs: list[tuple[str | Peer, Count]] = [(name, "bytes") for name in mine]
    codecs += [(peer, count) for peer in others for count in get_args(Count)]
    for codec, count in codecs:
        for target in targets:
            name = codec if isinstance(codec, str) else f"{codec.name}{', payload' * (count == 'payload')}"
            kept = out / f"effort {effort}" if effort and isinstance(codec, str) else out
            coded, sizes = {}, []
            for picture in track(originals, f"{name} @ {target:g}", transient=True):
                path, rgb = coded_files.place(kept, name, target, picture), pictures[picture]
                if not coded_files.done(path) and not code(codec, rgb, int(target), count, effort, reader, path):
                    continue
                size, decoded = coded_files.read(path)
                coded[picture] = faces.descriptor(decoded, boxes[picture])  # type: ignore[arg-type]
                sizes.append(size)
            head: Record = {
                "codec": name if kept == out else f"{name}, effort {effort}",
                "target": round(target),
                "bytes": round(float(np.mean(sizes))) if sizes else None,
            }
            table += [head | row for row in rows(pairs, originals, coded)]
    title = f"Verification: {folder.resolve().name}, {len(pairs)} pairs"
    text = markdown.document(title, facts(mine), missing.values(), {"": table})
    out.mkdir(parents=True, exist_ok=True)
    (out / "verification.md").write_text(text)
    say(text)


def _load(folder: Path, limit: int | None) -> tuple[list[Pair], dict[str, Rgb]]:
    """So many pairs of each kind, and the pictures that they name, by their names without ending."""
    file = next((p for p in (folder / "pairs.csv", folder.parent / "pairs.csv") if p.exists()), None)
    if file is None:
        raise BenchError(f"there is no pairs.csv in {folder} or above it (columns a, b, same)")
    pairs = verification.read_pairs(file)
    pairs = [*[p for p in pairs if p.same][:limit], *[p for p in pairs if not p.same][:limit]]
    wanted = {Path(name).stem for pair in pairs for name in (pair.a, pair.b)}
    pictures = {name: rgb for name, rgb in picture_set.load(folder, None, None).items() if name in wanted}
    if lacking := wanted - pictures.keys():
        raise BenchError(f"{file} names {min(lacking)}, which is not in {folder}")
    return pairs, pictures


def code(codec: str | Peer, rgb: Rgb, limit: int, count: Count, effort: int, reader: ours.Reader, path: Path) -> bool:
    """Whether the picture could be coded in so many bytes; then file and decoded picture are stored at `path`."""
    if isinstance(codec, str):
        try:
            data = ours.encode(codec, rgb, limit, effort)
        except BudgetError:
            return False
        coded_files.store(path, data, reader(codec, data))
        return True
    trials = Trials(rgb)
    setting = finest(codec, limit, trials, count)
    if setting is None:
        return False
    coded_files.store(path, trials.file(codec, setting), trials.picture(codec, setting))
    return True


def rows(pairs: Sequence[Pair], originals: Descriptors, coded: Descriptors) -> list[Record]:
    """The figures of faces as a codec leaves them, of pairs with one picture coded and with both.

    Pairs of which a picture did not fit are left out, and counted.
    """
    kept = [p for p in pairs if {Path(p.a).stem, Path(p.b).stem} <= coded.keys()]
    row: Record = {"pairs": f"{len(kept)}/{len(pairs)}"}
    same = [p.same for p in kept]
    if min(sum(same), len(same) - sum(same)) < 2:  # a threshold is chosen on some and tried on others
        return [row]

    def distances(first: Descriptors, second: Descriptors) -> list[float]:
        return [float(np.linalg.norm(first[Path(p.a).stem] - second[Path(p.b).stem])) for p in kept]

    plain = distances(originals, originals)
    threshold = verification.best_threshold(*verification.split(plain, same))
    table = []
    for which, apart in (("one", distances(originals, coded)), ("both", distances(coded, coded))):
        figures = {
            "accuracy": verification.accuracy(apart, same),
            "at the originals' threshold": verification.accuracy_at(threshold, apart, same),
            "EER": verification.equal_error_rate(apart, same),
            "TAR at FAR 1 %": verification.true_accepts(apart, same),
            "impostors' drift": verification.impostor_drift(plain, apart, same),
        }
        shown = {name: f"{f.value:.3f} [{f.low:.3f}…{f.high:.3f}]" for name, f in figures.items()}
        table.append(row | {"coded": which} | shown)
    return table
