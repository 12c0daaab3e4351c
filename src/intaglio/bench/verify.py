"""`--protocol verification`: whether a face matcher still tells people apart when one or both pictures were coded.

DIR holds pictures and a pairs.csv (columns a, b, same: file names, 0 or 1), beside them or above. Every picture goes, in
its own size, through every codec at the byte targets of ours; a peer takes the finest setting under the target, counted
once by the whole file and once by the payload. A coded face is described where the original's is, so that a detector's
misses do not count as a matcher's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from intaglio.bench import coding, ours, summary
from intaglio.bench import picture_set as pictures
from intaglio.bench.fitting import Count, Trials, finest
from intaglio.bench.results import BenchError, Record
from intaglio.bench.run import facts
from intaglio.errors import BudgetError

if TYPE_CHECKING:
    from intaglio.bench.peers.peer import Peer, Rgb
    from intaglio.measures.verification import Pair

TARGETS = (400.0, 1024.0)
Describe = Callable[[str], Any]  # name of a picture to its descriptor; None where no face was found


def measure(
    folder: Path,
    out: Path,
    mine: Sequence[str],
    names: Sequence[str],
    targets: Sequence[float],
    limit: int | None,
    say: Callable[[str], None],
) -> None:
    """Codes what is not there yet, writes OUT/verification.md, and says the table. `limit`: pairs of each kind."""
    from rich.progress import track

    from intaglio.bench import peers
    from intaglio.measures.dlib_faces import Faces
    from intaglio.measures.verification import read_pairs

    file = next((p for p in (folder / "pairs.csv", folder.parent / "pairs.csv") if p.exists()), None)
    if file is None:
        raise BenchError(f"there is no pairs.csv in {folder} or above it (columns a, b, same)")
    pairs = _first(read_pairs(file), limit)
    everything = pictures.load(folder, None, None)
    wanted = {Path(name).stem for pair in pairs for name in (pair.a, pair.b)}
    found = {name: rgb for name, rgb in everything.items() if name in wanted}
    if lacking := wanted - found.keys():
        raise BenchError(f"{file} names {min(lacking)}, which is not in {folder}")
    others, missing = peers.available(names)
    faces, reader = Faces(), ours.Reader()
    boxes = {name: faces.find(rgb) for name, rgb in track(found.items(), "originals", transient=True)}
    originals = {name: faces.descriptor(found[name], box) for name, box in boxes.items() if box}
    pairs = [p for p in pairs if {Path(p.a).stem, Path(p.b).stem} <= originals.keys()]
    rows = [_row("none", 0, pairs, originals, originals)]
    codecs: list[tuple[str | Peer, Count]] = [(name, "bytes") for name in mine]
    codecs += [(peer, count) for peer in others for count in get_args(Count)]
    for codec, count in codecs:
        for target in targets:
            name = codec if isinstance(codec, str) else f"{codec.name}{', payload' * (count == 'payload')}"
            coded, sizes = {}, []
            for picture in track(originals, f"{name} @ {target:g}", transient=True):
                path, rgb = coding.place(out, name, target, picture), found[picture]
                if not coding.done(path) and not _code(codec, rgb, int(target), count, reader, path):
                    continue
                size, decoded = coding.read(path)
                coded[picture] = faces.descriptor(decoded, boxes[picture])  # type: ignore[arg-type]
                sizes.append(size)
            rows.append(_row(name, target, pairs, originals, coded) | {"bytes": float(np.mean(sizes or [0]))})
    lines = [f"## Verification: {folder.resolve().name}, {len(pairs)} pairs\n"]
    lines += [f"- {key}: {value}" for key, value in facts(mine).items()]
    lines += [f"- left out: {sentence}" for sentence in missing.values()]
    text = "\n".join([*lines, "", summary.table(rows), ""])
    out.mkdir(parents=True, exist_ok=True)
    (out / "verification.md").write_text(text)
    say(text)


def _first(pairs: Sequence[Pair], limit: int | None) -> list[Pair]:
    """So many pairs of the same person, and of different ones."""
    return [*[p for p in pairs if p.same][:limit], *[p for p in pairs if not p.same][:limit]]


def _code(codec: str | Peer, rgb: Rgb, limit: int, count: Count, reader: ours.Reader, path: Path) -> bool:
    """Whether the picture could be coded in so many bytes; then it is stored."""
    if isinstance(codec, str):
        try:
            data = ours.encode(codec, rgb, limit, 0)
        except BudgetError:
            return False
        coding.store(path, data, reader(codec, data, 4, 1.0))
        return True
    trials = Trials(rgb)
    setting = finest(codec, limit, trials, count)
    if setting is None:
        return False
    coding.store(path, trials.file(codec, setting), trials.picture(codec, setting))
    return True


def _row(codec: str, target: float, pairs: Sequence[Pair], originals: Any, coded: Any) -> Record:
    """All figures of one codec at one target; pairs of which a picture did not fit are left out, and counted."""
    from intaglio.measures import verification

    row: Record = {"codec": codec, "target": target}
    kept = [p for p in pairs if {Path(p.a).stem, Path(p.b).stem} <= coded.keys()]
    row["pairs"] = f"{len(kept)}/{len(pairs)}"
    same = [p.same for p in kept]
    if min(sum(same), len(same) - sum(same)) < 2:  # a threshold is chosen on some and tried on others
        return row

    def distances(first: Any, second: Any) -> list[float]:
        return [float(np.linalg.norm(first[Path(p.a).stem] - second[Path(p.b).stem])) for p in kept]

    plain = distances(originals, originals)
    threshold = verification.best_threshold(*verification.split(plain, same))
    for kind, found in (("both", distances(coded, coded)), ("one", distances(originals, coded))):
        row[f"accuracy, {kind}"] = shown(verification.accuracy(found, same))
        row[f"at the originals' threshold, {kind}"] = shown(verification.accuracy_at(threshold, found, same))
        row[f"EER, {kind}"] = shown(verification.equal_error_rate(found, same))
        row[f"TAR at FAR 1 %, {kind}"] = shown(verification.true_accepts(found, same))
        row[f"impostors' drift, {kind}"] = shown(verification.impostor_drift(plain, found, same))
    return row


def shown(figure: Any) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
