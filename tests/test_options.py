"""Options are checked once, when they are made, and every function takes them as an object or as keywords."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
from PIL import Image

from intaglio import Codec, CompressOptions, DecompressOptions, IntaglioError, OptionError
from intaglio.options import CompressKeywords, DecompressKeywords

IMAGE = Image.new("RGB", (40, 24), "teal")


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"quality": 0.5}, "quality is 0.5, allowed are 1 to 100"),
        ({"quality": 101}, "quality is 101"),
        ({"quality": float("nan")}, "quality is nan"),
        ({"quality": "best"}, "quality is 'best', wanted is a number"),
        ({"quality": True}, "quality is True"),
        ({"max_bytes": 0}, "max_bytes is 0, allowed are 1 or more"),
        ({"max_bytes": 300.7}, "max_bytes is 300.7, wanted is a whole number"),
        ({"effort": 10}, "effort is 10, allowed are 0 to 9"),
        ({"effort": 1.5}, "effort is 1.5, wanted is a whole number"),
        ({"focus": "dog"}, "focus is 'dog', allowed are auto, face, off"),
        ({"bare": 1}, "bare is 1, wanted is True or False"),
        ({"qualty": 50}, "there is no option 'qualty': known are quality, max_bytes"),
    ],
)
def test_wrong_options_of_coding(tiny_codec: Codec, how: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        tiny_codec.compress(IMAGE, **how)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"steps": 3}, "steps is 3, allowed are 1, 2 and 4"),
        ({"steps": "4"}, "steps is '4', wanted is a whole number"),
        ({"realism": 1.5}, "realism is 1.5, allowed are 0 to 1"),
        ({"realism": None}, "realism is None"),
        ({"seed": -1}, "seed is -1, allowed are 0 to"),
        ({"seed": 1 << 64}, "seed is"),
        ({"box": (0, 0, 5)}, "box is .*, wanted are four whole numbers"),
        ({"box": (0, 0, 5, 2.5)}, "box is 2.5, wanted is a whole number"),
        ({"box": (5, 5, 5, 9)}, "box .* is empty"),
        ({"box": (-1, 0, 4, 4)}, "box .* is empty: .* none below 0"),
        ({"box": (0, 0, 41, 3)}, "box .* is not inside of 40x24 pixels"),
        ({"bare": None}, "bare is None"),
        ({"length": -3}, "length is -3, allowed are 0 or more"),
        ({"max_pixels": 0}, "max_pixels is 0"),
        ({"step": 4}, "there is no option 'step': known are steps"),
    ],
)
def test_wrong_options_of_drawing(tiny_codec: Codec, how: dict[str, Any], sentence: str) -> None:
    data = tiny_codec.compress(IMAGE)
    with pytest.raises(OptionError, match=sentence):
        tiny_codec.decompress(data, **how)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"name": "jpeg"}, "codec is 'jpeg', allowed are fasdiff, cgdm, auto"),
        ({"decoder": "x"}, "decoder is 'x', allowed are lean and reference"),
        ({"device": "gpu"}, "device is 'gpu'"),
        ({"name": "auto", "weights": Path("x")}, "name it in place of auto"),
    ],
)
def test_wrong_options_of_a_codec(tiny: Path, how: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        Codec(**{"name": "fasdiff", "weights": tiny} | how)


def test_an_option_error_is_both() -> None:
    assert issubclass(OptionError, IntaglioError) and issubclass(OptionError, ValueError)


def test_an_object_or_keywords(tiny_codec: Codec) -> None:
    data = tiny_codec.compress(IMAGE, CompressOptions(quality=70, bare=True))
    assert data == tiny_codec.compress(IMAGE, quality=70, bare=True)
    drawn = tiny_codec.decompress(data, DecompressOptions(steps=2, seed=3, bare=True))
    assert np.array_equal(drawn, tiny_codec.decompress(data, steps=2, seed=3, bare=True))
    with pytest.raises(OptionError, match="quality is given beside options"):
        tiny_codec.compress(IMAGE, CompressOptions(), quality=70)
    with pytest.raises(OptionError, match="wanted is a CompressOptions or keywords"):
        tiny_codec.compress(IMAGE, DecompressOptions())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "keywords"), [(CompressOptions, CompressKeywords), (DecompressOptions, DecompressKeywords)]
)
def test_keywords_are_the_fields(options: type, keywords: type) -> None:
    assert get_type_hints(keywords) == {f.name: get_type_hints(options)[f.name] for f in fields(options)}
    with pytest.raises(FrozenInstanceError):
        options().bare = True


def test_numbers_of_numpy_are_numbers() -> None:
    assert CompressOptions(quality=np.float32(50), max_bytes=np.int64(400)).max_bytes == 400
    assert DecompressOptions(steps=np.int8(2), realism=np.float64(0.5)).steps == 2
