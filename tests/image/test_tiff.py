"""TIFFs of every depth and photometry, written by hand: each is the same picture, or refused."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from intaglio.errors import PictureError
from intaglio.image import as_picture, open_picture, to_rgb

SHORT, LONG = 3, 4
GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
RGB = np.stack([GREY, GREY[::-1], GREY.T], -1)
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
DEFLATE = 8


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> None:
    warnings.simplefilter("error")


def tiff(
    samples: np.ndarray,
    photometric: int,
    order: str = "<",
    planar: bool = False,
    extra: int | None = None,
    compressed: bool = False,
    orientation: int = 1,
) -> bytes:
    """One page of one strip (planar: of one a channel) of (H, W) or (H, W, C), after TIFF 6.0."""
    h, w, channels = np.atleast_3d(samples).shape
    planes = [samples[..., i] for i in range(channels)] if planar else [samples]
    strips = [np.ascontiguousarray(plane).astype(plane.dtype.newbyteorder(order)).tobytes() for plane in planes]
    if compressed:
        strips = [zlib.compress(strip) for strip in strips]
    kind = {"u": UNSIGNED, "i": SIGNED, "f": FLOAT}[samples.dtype.kind]
    offsets = [8 + sum(map(len, strips[:i])) for i in range(len(strips))]
    tags: dict[int, tuple[int, list[int]]] = {
        256: (SHORT, [w]),
        257: (SHORT, [h]),
        258: (SHORT, [8 * samples.itemsize] * channels),
        259: (SHORT, [DEFLATE if compressed else 1]),
        262: (SHORT, [photometric]),
        273: (LONG, offsets),
        274: (SHORT, [orientation]),
        277: (SHORT, [channels]),
        278: (SHORT, [h]),
        279: (LONG, list(map(len, strips))),
        284: (SHORT, [2 if planar else 1]),
        339: (SHORT, [kind] * channels),
    }
    if extra is not None:
        tags[338] = (SHORT, [extra])
    pixels = b"".join(strips)
    pixels += bytes(len(pixels) % 2)
    directory, beyond = b"", b""
    after = 8 + len(pixels) + 2 + 12 * len(tags) + 4
    for tag, (form, values) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}{'H' if form == SHORT else 'I'}", *values)
        if len(packed) > 4:
            packed, beyond = struct.pack(f"{order}I", after + len(beyond)), beyond + packed
        directory += struct.pack(f"{order}HHI", tag, form, len(values)) + packed.ljust(4, b"\0")
    start = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8 + len(pixels))
    return start + pixels + struct.pack(f"{order}H", len(tags)) + directory + bytes(4) + beyond


def read(data: bytes) -> np.ndarray:
    return to_rgb(open_picture(io.BytesIO(data)))[0]


CASES = {
    "white is zero, 8": (255 - GREY, 0, GREY),
    "white is zero, 16": (65535 - GREY * np.uint16(257), 0, GREY),
    "white is zero, float": ((1 - GREY / 255).astype(np.float32), 0, GREY),
    "grey, 16": (GREY * np.uint16(257), 1, GREY),
    "grey, unsigned 32": (GREY * np.uint32(0x1010101), 1, GREY),
    "grey, unsigned 32 of 16": (GREY * np.uint32(257), 1, GREY),
    "grey, signed 16": ((GREY * np.uint32(32767) // 255).astype(np.int16), 1, GREY),
    "grey, signed 32": (GREY * np.int32(257), 1, GREY),
    "grey, half floats": ((GREY / 255).astype(np.float16), 1, GREY),
    "grey, floats": ((GREY / 255).astype(np.float32), 1, GREY),
    "grey, doubles": (GREY / 255, 1, GREY),
    "RGB, 8": (RGB, 2, RGB),
    "RGB, 16": (RGB * np.uint16(257), 2, RGB),
    "RGB, 32": (RGB * np.uint32(0x1010101), 2, RGB),
    "RGB, floats": ((RGB / 255).astype(np.float32), 2, RGB),
    "RGB, floats to 255": (RGB.astype(np.float32), 2, RGB),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compressed", [False, True])
def test_every_depth_is_the_same_picture(name: str, order: str, compressed: bool) -> None:
    samples, photometric, right = CASES[name]
    rgb = read(tiff(samples, photometric, order, compressed=compressed))
    assert np.abs(rgb.astype(int) - np.broadcast_to(np.atleast_3d(right), rgb.shape)).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("order", ["<", ">"])
def test_planes(dtype: type, order: str) -> None:
    scale = np.iinfo(dtype).max // 255
    assert np.array_equal(read(tiff((RGB * dtype(scale)).astype(dtype), 2, order, planar=True)), RGB)


@pytest.mark.parametrize(("extra", "top"), [(0, "colour"), (1, "half"), (2, "half")])
def test_what_the_fourth_channel_is(extra: int, top: str) -> None:
    """Unspecified is left aside, 1 is alpha that colours are multiplied by, 2 is alpha."""
    alpha = np.full(GREY.shape, 65535, np.uint16)
    alpha[:8] = 32768
    colours = RGB * np.uint16(257)
    if extra == 1:
        colours = np.rint(colours * (alpha / 65535)[..., None]).astype(np.uint16)
    rgb = read(tiff(np.dstack([colours, alpha]), 2, extra=extra))
    expected = RGB.astype(float)
    if top == "half":
        expected[:8] = (expected[:8] + 255) / 2
    assert np.abs(rgb - expected).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_deep_pictures(orientation: int) -> None:
    tagged = Image.fromarray(RGB)
    tagged.getexif()[0x0112] = orientation
    deep = tiff(RGB * np.uint16(257), 2, orientation=orientation)
    assert np.array_equal(read(deep), to_rgb(tagged)[0])


def test_sixteen_bits_of_ink() -> None:
    inks = np.array(Image.fromarray(RGB).convert("CMYK"))
    assert np.abs(read(tiff(inks * np.uint16(257), 5)).astype(int) - RGB).max() <= 1


def test_a_bright_infinity_changes_one_pixel() -> None:
    values = (GREY / 255).astype(np.float32)
    values[5, 5] = np.inf
    with pytest.warns(UserWarning, match="1 are no finite numbers"):
        rgb = read(tiff(values, 1))
    expected = GREY.copy()
    expected[5, 5] = 255
    assert np.array_equal(rgb[..., 0], expected)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (tiff((GREY.astype(np.int16) - 99), 1), "signed, from -99 to 156.*unsigned"),
        (tiff(RGB * np.uint16(257), 8), "CIELAB.*save it as RGB"),
        (tiff(GREY * np.uint16(257), 32803), "not read"),
        (tiff(RGB * np.uint16(257), 2)[:-60], "broken"),
        (tiff(RGB * np.uint16(257), 2)[:700], "broken"),
    ],
)
def test_what_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(PictureError, match=says) as caught:
        read(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["RGB", "I;16", "F"])
def test_what_pillow_compresses(mode: str) -> None:
    samples = {"RGB": RGB, "I;16": GREY * np.uint16(257), "F": GREY / np.float32(255)}
    image = Image.fromarray(samples[mode])
    for compression in ("tiff_lzw", "packbits", "tiff_adobe_deflate"):
        file = io.BytesIO()
        image.save(file, "TIFF", compression=compression)
        assert np.array_equal(
            read(file.getvalue()), np.broadcast_to(np.atleast_3d(RGB if mode == "RGB" else GREY), RGB.shape)
        )


def test_a_compression_that_is_not_read_is_named() -> None:
    lzw = tiff(65535 - GREY * np.uint16(257), 0).replace(
        struct.pack("<HHIHH", 259, 3, 1, 1, 0), struct.pack("<HHIHH", 259, 3, 1, 5, 0)
    )
    with pytest.raises(PictureError, match=r"16 bits a sample with compression LZW.*with deflate"):
        read(lzw)


def test_what_pillow_opened_and_did_not_read_is_read_rightly() -> None:
    file = io.BytesIO(tiff(65535 - GREY * np.uint16(257), 0))
    assert np.array_equal(to_rgb(as_picture(Image.open(file)))[0][..., 0], GREY)
    plain = Image.open(io.BytesIO(tiff(RGB, 2)))
    assert as_picture(plain) is plain
    assert np.array_equal(to_rgb(plain)[0], RGB)


def test_a_size_that_is_declared_and_not_there() -> None:
    bomb = tiff(GREY * np.uint16(257), 1).replace(
        struct.pack("<HHIHH", 256, SHORT, 1, 16, 0), b"\0\1\4\0\1\0\0\0\0\0\1\0"
    )
    bomb = bomb.replace(struct.pack("<HHIHH", 257, SHORT, 1, 16, 0), b"\1\1\4\0\1\0\0\0\0\0\1\0")
    with pytest.raises(PictureError, match="declares more than"):
        read(bomb)
