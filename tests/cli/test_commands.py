"""The command, against a codec of a few lines: names, reports, failures, streams."""

import io
import json
import sys
import types
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from intaglio.cli import main as cli
from intaglio.errors import BudgetError, NotIntaglio
from intaglio.image import from_rgb, to_rgb
from intaglio.options import CompressOptions, DecompressOptions

MAGIC = b"fake"


@dataclass
class FakeInfo:
    width: int
    height: int
    quality: float = 50.0
    codec: str = "fasdiff"
    scale: int = 1
    model: str = "0123"
    decoder: str = "4567"
    licence: str = "for play"
    header_bytes: int = 10
    payload_bytes: int = 3
    fields: list[tuple[str, int, str]] = field(default_factory=lambda: [("version", 4, "1")])
    sections: dict[str, float] = field(default_factory=lambda: {"low": 3.5, "y": 4.5})
    chunks: list[str] = field(default_factory=list)
    checkpoint: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class FakeCodec:
    """A file is the magic, the size and one colour; `calls` are the options that the command passed on."""

    calls: list[dict[str, Any]]

    def __init__(
        self, name: str = "fasdiff", *, decoder: str = "lean", device: str | None = None, features: Path | None = None
    ) -> None:
        self.calls.append({"name": name, "decoder": decoder})

    def compress(
        self, image: Image.Image, options: CompressOptions, *, progress: Callable[[float], object] = abs
    ) -> bytes:
        progress(0.5)
        self.calls.append(asdict(options))
        if options.max_bytes is not None and options.max_bytes < 13:
            raise BudgetError(f"{options.max_bytes} bytes are too few: 13 would do", 13)
        rgb, _ = to_rgb(image)
        return MAGIC + image.width.to_bytes(3, "big") + image.height.to_bytes(3, "big") + rgb[0, 0].tobytes()

    def decompress(
        self, data: bytes, options: DecompressOptions, *, progress: Callable[[float], object] = abs
    ) -> Image.Image:
        progress(1.0)
        self.calls.append(asdict(options))
        info = inspect(data)
        return from_rgb(np.full((info.height, info.width, 3), list(data[10:13]), np.uint8), False, "fake")


def inspect(
    data: bytes, *, sections: bool = False, bare: bool = False, length: int | None = None, max_pixels: int = 0
) -> FakeInfo:
    if not data.startswith(MAGIC):
        raise NotIntaglio("this is no .itg file")
    return FakeInfo(int.from_bytes(data[4:7], "big"), int.from_bytes(data[7:10], "big"))


def codec_of(data: bytes, *, bare: bool = False) -> str:
    inspect(data)
    return "cgdm" if bare else "fasdiff"


@pytest.fixture(autouse=True)
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """In an empty folder, with fakes in place of intaglio.codec and intaglio.info."""
    fakes = {"codec": {"Codec": FakeCodec}, "info": {"inspect": inspect, "codec_of": codec_of}}
    for name, contents in fakes.items():
        module = types.ModuleType(f"intaglio.{name}")
        vars(module).update(contents)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.delitem(sys.modules, "intaglio.cli.demo", raising=False)
    FakeCodec.calls = []
    monkeypatch.chdir(tmp_path)
    return FakeCodec.calls


def run(line: str) -> int:
    return cli.main(line.split())


def picture(path: str, colour: tuple[int, int, int] = (200, 10, 30), size: tuple[int, int] = (8, 4)) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return Path(path)


def colour(path: str) -> tuple[int, ...]:
    return tuple(np.asarray(Image.open(path))[0, 0].tolist())


def files() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(data)))


def test_there_and_back() -> None:
    picture("a.png")
    assert run("compress a.png") == 0
    assert run("decompress a.itg back.png") == 0
    assert files() == ["a.itg", "a.png", "back.png"]
    assert colour("back.png") == (200, 10, 30)
    assert "DigitalSourceType" in Image.open("back.png").info["xmp"].decode()


def test_options_reach_the_codec(calls: list[dict[str, Any]]) -> None:
    pictures = {"page": None, "background": "white", "max_side": None}
    picture("a.png")
    assert run("compress a.png --quality 33.5 --effort 7 --bare") == 0
    assert run("compress a.png b.itg --codec auto --bytes 400 --focus face") == 0
    assert (
        run(
            "decompress a.itg x/ --steps 2 --realism .5 --seed 9 --decoder reference --length 99 --max-pixels 7 --box 1,2,3,4"
        )
        == 0
    )
    wanted = [
        {"name": "auto", "decoder": "lean"},
        {"quality": 33.5, "max_bytes": None, "effort": 7, "focus": "auto", "bare": True, **pictures},
        {"name": "fasdiff", "decoder": "lean"},
        {"quality": 50, "max_bytes": 400, "effort": 0, "focus": "face", "bare": False, **pictures},
        {"name": "fasdiff", "decoder": "reference"},
        {"steps": 2, "realism": 0.5, "seed": 9, "bare": False, "length": 99, "max_pixels": 7, "box": (1, 2, 3, 4)},
    ]
    assert len(calls) == len(wanted)
    assert all(call.items() >= options.items() for call, options in zip(calls, wanted))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "engrave a.png",
        "compress",
        "compress a.png --quality 0.5",
        "compress a.png --quality 101",
        "compress a.png --quality nan",
        "compress a.png --quality 50 --bytes 400",
        "compress a.png --bytes 0",
        "compress a.png --bytes 4.5",
        "compress a.png --effort 10",
        "decompress a.itg --box 1,2,3",
        "compress a.png --codec jpeg",
        "decompress a.itg --steps 3",
        "decompress a.itg --realism 1.1",
        "decompress a.itg --seed -1",
        "decompress a.itg --decoder fat",
    ],
)
def test_wrong_options(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    picture("a.png")
    with pytest.raises(SystemExit) as caught:
        run(line)
    assert caught.value.code == 2
    assert files() == ["a.png"]
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("compress absent.png", "absent.png cannot be read: No such file or directory"),
        ("compress text.png", "text.png is not a picture of a known kind"),
        ("compress a.png --bytes 5", "a.png: 5 bytes are too few: 13 would do"),
        (
            "compress a.png text.png",
            "text.png, the last of several names, cannot be OUT: it is neither a .itg file nor a folder",
        ),
        ("decompress absent.itg", "absent.itg: No such file or directory"),
        ("decompress text.png out.png", "text.png: this is no .itg file"),
        ("info absent.itg", "absent.itg: No such file or directory"),
        ("info text.png", "text.png: this is no .itg file"),
        ("demo absent.png", "absent.png cannot be read: No such file or directory"),
    ],
)
def test_a_failure_is_one_sentence(line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    picture("a.png")
    Path("text.png").write_text("no picture")
    assert run(line) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"intaglio: {says}")
    assert err.count("\n") == 1
    assert files() == ["a.png", "text.png"]


def test_good_files_of_a_folder_are_finished(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "deep/b", "z"):
        picture(f"photos/{name}.png")
    Path("photos/m.png").write_text("no picture")
    Path("photos/notes.txt").write_text("not looked at")
    assert run("compress photos out") == 2
    assert [name for name in files() if name.startswith("out")] == ["out/a.itg", "out/deep/b.itg", "out/z.itg"]
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3
    left_out, broken, count = err.splitlines()
    assert left_out == "intaglio: in photos files are left out, for their endings are not read: 1 .txt"
    assert broken.startswith("intaglio: photos/m.png is not a picture")
    assert count == "intaglio: 1 of 4 files failed"


def test_nothing_is_overwritten_without_force(capsys: pytest.CaptureFixture[str]) -> None:
    picture("a.png")
    Path("a.itg").write_bytes(b"old")
    assert run("compress a.png") == 2
    assert (
        capsys.readouterr().err
        == "intaglio: a.png: a.itg exists (--force overwrites it, --skip-existing passes it over)\n"
    )
    assert Path("a.itg").read_bytes() == b"old"
    assert run("compress a.png --force") == 0
    assert Path("a.itg").read_bytes().startswith(MAGIC)


def test_two_pictures_of_one_name(capsys: pytest.CaptureFixture[str]) -> None:
    picture("photos/a.bmp", (1, 2, 3))
    picture("photos/a.png", (4, 5, 6))
    assert run("compress photos --force") == 2
    assert Path("photos/a.itg").read_bytes()[-3:] == bytes([1, 2, 3])
    said = capsys.readouterr().err
    assert "photos/a.png: photos/a.itg is what photos/a.bmp becomes too: --keep-ending tells them apart" in said
    assert run("compress photos --keep-ending") == 0
    assert files() == ["photos/a.bmp", "photos/a.bmp.itg", "photos/a.itg", "photos/a.png", "photos/a.png.itg"]


def test_a_failure_writes_nothing_over_an_old_file() -> None:
    picture("a.png")
    Path("a.itg").write_bytes(b"old")
    assert run("compress a.png --bytes 5 --force") == 2
    assert Path("a.itg").read_bytes() == b"old"


def test_streams(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    feed(monkeypatch, picture("a.png").read_bytes())
    assert run("compress -") == 0
    data, report = capfdbinary.readouterr()
    assert data.startswith(MAGIC)
    assert len(data) == 13
    assert b"bytes 13" in report  # standard output is data alone

    feed(monkeypatch, data)
    assert run("decompress - back.png") == 0
    assert colour("back.png") == (200, 10, 30)

    feed(monkeypatch, data)
    assert run("info -") == 0
    Path("a.itg").write_bytes(data)
    capfdbinary.readouterr()
    assert run("decompress a.itg -") == 0
    assert Image.open(io.BytesIO(capfdbinary.readouterr().out)).size == (8, 4)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    picture("photos/a.png")
    Path("photos/b.png").write_text("no picture")
    assert run("compress photos --json") == 2
    good, bad = map(json.loads, capsys.readouterr().out.splitlines())
    assert good.pop("seconds") >= 0
    assert good == {
        "input": "photos/a.png",
        "output": "photos/a.itg",
        "bytes": 13,
        "codec": "fasdiff",
        "bits_per_pixel": 3.25,
        "scale": "1/2",
        "quality": 50.0,
        "warnings": [],
    }
    assert bad["input"] == "photos/b.png"
    assert "known kind" in bad["error"]

    assert run("decompress photos/a.itg x.png --json") == 0
    assert json.loads(capsys.readouterr().out).items() >= {"output": "x.png", "width": 8, "height": 4}.items()

    assert run("info photos/a.itg --json") == 0
    facts = inspect(Path("photos/a.itg").read_bytes()).as_dict()
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps({"file": "photos/a.itg"} | facts))


def test_the_report_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    picture("a.png")
    run("compress a.png")
    assert capsys.readouterr().out.startswith(
        "a.itg: codec fasdiff, bytes 13, bits per pixel 3.25, scale 1/2, quality 50.0, seconds 0."
    )
    run("info a.itg")
    lines = capsys.readouterr().out.splitlines()
    assert "width             8" in lines
    assert any(line.split() == ["y", "4.5", "bytes"] for line in lines)


def test_warnings_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (8, 4)).save("a.png", icc_profile=b"nonsense")
    assert run("compress a.png") == 0
    err = capsys.readouterr().err
    assert err.startswith("intaglio: a.png: the picture's colour profile is unusable")
    assert err.count("\n") == 1
    assert run("compress a.png --json --force") == 0
    assert "colour profile is unusable" in json.loads(capsys.readouterr().out)["warnings"][0]


def test_past_the_useful_quality_other_formats_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture("a.png")
    assert run("compress a.png") == 0 and not capsys.readouterr().err
    monkeypatch.setattr(sys.modules["intaglio.info"], "inspect", lambda data, bare: FakeInfo(8, 4, quality=200))
    assert run("compress a.png --force") == 0
    err = capsys.readouterr().err
    assert "this is 79" in err and "AVIF" in err and err.count("\n") == 1


def test_progress_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "ab":
        picture(f"photos/{name}.png")
    run("compress photos")
    assert capsys.readouterr().err == ""

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert run("compress photos --force") == 0
    out, err = capsys.readouterr()
    assert "2/2" in err
    assert len(out.splitlines()) == 2  # reports stay on standard output, which is none of the bar's


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: Any, **__: Any) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeCodec, "compress", interrupt)
    picture("a.png")
    assert run("compress a.png") == 130
    assert files() == ["a.png"]
    assert capsys.readouterr().err == "intaglio: stopped after 0 of 1 files\nintaglio: interrupted\n"


@pytest.mark.parametrize("argument", [[], ["mine.png"]])
def test_demo(argument: list[str], capsys: pytest.CaptureFixture[str], calls: list[dict[str, Any]]) -> None:
    picture("mine.png", size=(40, 30))
    assert cli.main(["demo", *argument]) == 0
    name, size = ("mine", (40, 30)) if argument else ("astronaut", (512, 512))
    assert calls[1]["max_bytes"] == 400
    for ending in (".itg", ".png", "-sheet.png"):
        assert Path(f"demo-out/{name}{ending}").exists()
    assert Image.open(f"demo-out/{name}.png").size == size
    sheet = Image.open(f"demo-out/{name}-sheet.png")
    assert sheet.width > 2 * size[0]
    assert sheet.height > size[1]
    assert "DigitalSourceType" in sheet.info["xmp"].decode()
    out = capsys.readouterr().out
    assert f"{size[0]} x {size[1]}" in out
    assert "13 bytes" in out
    assert "bits per pixel" in out
    assert "1/2" in out
    assert "seconds" in out
    assert cli.main(["demo", *argument]) == 0  # over its own files


def test_train_gets_the_rest_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    module = types.ModuleType("intaglio.cli.train")
    vars(module)["main"] = lambda argv: seen.extend(argv) or 0
    monkeypatch.setitem(sys.modules, "intaglio.cli.train", module)
    assert run("train configs/smoke.toml --data photos --help") == 0
    assert seen == ["configs/smoke.toml", "--data", "photos", "--help"]
