"""What a run leaves behind can be gone on from, also after a kill in the middle of a line."""

from pathlib import Path

import numpy as np

from intaglio.bench import coded_files
from intaglio.bench.results import FILE, Results


def filled(folder: Path) -> Results:
    results = Results(folder)
    results.add("run", {"pictures": ["a", "b"], "codecs": {"x": [2.0, 1.0], "y": [1.0]}})
    for setting in (1.0, 2.0):
        for name in "ab":
            row = {"codec": "x", "setting": setting, "picture": name, "counted": 100 * setting, "pixels": 64}
            results.add("row", row | {"lpips": 0.5 / setting, "identity": None if name == "b" else 0.3})
    return results


def test_rows_come_back(tmp_path: Path) -> None:
    filled(tmp_path).add("set", {"codec": "x", "setting": 1.0, "kd": 7.0})
    curves = Results(tmp_path).curves()
    assert list(curves) == ["x"]  # y lacks its pictures
    first, second = curves["x"]
    assert (first.setting, second.setting) == (1.0, 2.0)
    assert first.mean("lpips") == 0.5 and first.mean("kd") == 7.0 and second.mean("kd") is None
    assert first.mean("identity") == 0.3  # of the one picture that has it
    assert first.bpp == 8 * 200 / 128


def test_a_torn_last_line_is_passed_over(tmp_path: Path) -> None:
    filled(tmp_path)
    file = tmp_path / FILE
    file.write_text(file.read_text() + '{"kind": "row", "codec": "x", "sett')
    assert len(Results(tmp_path).rows) == 4


def test_the_last_of_equal_rows_holds(tmp_path: Path) -> None:
    results = filled(tmp_path)
    results.add("row", results.rows["x", 1.0, "a"] | {"lpips": 0.1})
    assert Results(tmp_path).rows["x", 1.0, "a"]["lpips"] == 0.1


def test_a_picture_counts_as_coded_when_both_files_are_there(tmp_path: Path) -> None:
    path = coded_files.place(tmp_path, "avif/2", 30, "folder/a")
    assert path.relative_to(tmp_path).as_posix() == "coded/avif-2/30/folder%2Fa"
    rgb = np.full((8, 8, 3), 9, np.uint8)
    coded_files.store(path, b"12345", rgb)
    assert coded_files.done(path)
    size, decoded = coded_files.read(path)
    assert size == 5 and np.array_equal(decoded, rgb)
    path.with_name(path.name + ".bin").unlink()
    assert not coded_files.done(path)
