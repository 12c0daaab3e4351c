"""Names to jobs."""

import os
from pathlib import Path

import pytest

from intaglio.atomic import write
from intaglio.files import Job, NamesError, plan

PICTURES = frozenset({".png", ".jpg"})


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """photos/{a.png, B.JPG, notes.txt, deep/er/c.png} and a.png, as the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("photos/a.png", "photos/B.JPG", "photos/notes.txt", "photos/deep/er/c.png", "a.png"):
        write(Path(name), b"picture")
    return tmp_path


def jobs(names: str, out: str | None = None) -> list[tuple[str, str]]:
    return [
        (str(job), str(job.target or "standard output"))
        for job in plan(names.split(), out, reads=PICTURES, writes=".itg")
    ]


@pytest.mark.parametrize(
    ("names", "target"),
    [
        ("a.png", "a.itg"),
        ("a.png b.itg", "b.itg"),
        ("a.png B.ITG", "B.ITG"),
        ("a.png photos", "photos/a.itg"),
        ("a.png photos/", "photos/a.itg"),
        ("a.png new", "new/a.itg"),
        ("a.png new.folder/", "new.folder/a.itg"),
        ("a.png -", "standard output"),
        ("absent.png", "absent.itg"),
    ],
)
def test_one_file(tree: Path, names: str, target: str) -> None:
    source = names.split()[0]
    assert jobs(names) == [(source, target)]


def test_standard_input(tree: Path) -> None:
    assert jobs("-") == [("standard input", "standard output")]
    assert jobs("- b.itg") == [("standard input", "b.itg")]


def test_the_last_name_is_out(tree: Path) -> None:
    assert jobs("a.png photos/a.png out") == [("a.png", "out/a.itg"), ("photos/a.png", "out/a.itg")]


def test_out_given_by_itself_leaves_all_names_to_read(tree: Path) -> None:
    assert jobs("a.png photos/B.JPG", out="out") == [("a.png", "out/a.itg"), ("photos/B.JPG", "out/B.itg")]


@pytest.mark.filterwarnings("ignore:in photos files are left out")
def test_folders_keep_their_tree(tree: Path) -> None:
    sources = ["photos/B.JPG", "photos/a.png", "photos/deep/er/c.png"]
    assert jobs("photos") == list(zip(sources, ["photos/B.itg", "photos/a.itg", "photos/deep/er/c.itg"], strict=True))
    assert jobs("photos out") == list(zip(sources, ["out/B.itg", "out/a.itg", "out/deep/er/c.itg"], strict=True))


def test_what_a_folder_has_beside_pictures(tree: Path, recwarn: pytest.WarningsRecorder) -> None:
    """Hidden files and folders are passed over; whatever else is left out is said."""
    folder = tree / "mixed"
    for name in ("a.jpg", "._a.jpg", ".git/b.jpg", "deep/c.png", "d.heic", "e.heic", "README", "deep/f.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "linked").symlink_to(tree / "photos")
    jobs = plan([str(folder)], None, reads={".jpg", ".png"}, writes=".itg")
    assert [str(job.source.relative_to(folder)) for job in jobs if job.source] == ["a.jpg", "deep/c.png"]
    said = [str(warning.message) for warning in recwarn]
    assert any("linked is left out: it is a link to a folder" in message for message in said)
    assert any(message.endswith("for their endings are not read: 2 .heic, 1 .txt, 1 no ending") for message in said)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_folders_that_cannot_be_read_are_said(tree: Path) -> None:
    (tree / "photos" / "closed").mkdir(mode=0)
    with pytest.warns(UserWarning, match="closed is left out: Permission denied"):
        plan([str(tree / "photos")], None, reads={".jpg", ".png"}, writes=".itg")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (
            "a.png photos/a.png",
            "photos/a.png, the last of several names, cannot be OUT",
        ),  # a forgotten OUT overwrites nothing
        ("a.png b.png", "a new folder: b.png/"),
        ("a.png photos/a.png b.itg", "one file"),
        ("photos b.itg", "one file"),
        ("photos -", "one file"),
        ("- out", "no name"),
        ("photos/deep/er out photos/empty out2", ".jpg, .png"),
    ],
)
def test_names_that_make_no_sense(tree: Path, names: str, says: str) -> None:
    (tree / "out").mkdir()
    (tree / "photos" / "empty").mkdir()
    with pytest.raises(NamesError, match=says):
        jobs(names)


@pytest.mark.filterwarnings("ignore:in photos files are left out")
def test_endings_are_kept_where_that_is_wanted(tree: Path) -> None:
    out = plan(["photos", "a.png"], "out", reads=PICTURES, writes=".itg", keep_ending=True)
    assert [str(job.target) for job in out] == [
        "out/B.JPG.itg", "out/a.png.itg", "out/deep/er/c.png.itg", "out/a.png.itg",
    ]  # fmt: skip


def test_jobs_are_named_in_messages() -> None:
    assert str(Job(Path("a.png"), None)) == "a.png"
    assert str(Job(None, None)) == "standard input"
