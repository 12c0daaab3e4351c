"""Portraits by a classic codec, without the parts of its file that a reader can put back: for few bytes beside ours.

    webp    VP8, RFC 6386, without RIFF, chunk header, start code and size: 27 bytes less
    avif    AV1 at 4:2:0, without the boxes and the first OBU: 277 less
    jp2     a JPEG 2000 codestream at 9/7 of four resolutions, without its main header, tile header and end: some 140 less

The payload is a picture of the frame's own proportions, of as many pixels' width as the header's quality says.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from intaglio import format
from intaglio.errors import BudgetError, Corrupt
from intaglio.format import Header
from intaglio.format.streams import AVIF, JP2, WEBP
from intaglio.image import Rgb, enlarge

WIDTHS = (192, 160, 128, 96, 72, 48, 36)  # pixels that are tried
STEPS = 100  # of each codec's own quality

_VP8_START = 20  # bytes of RIFF and chunk headers
_VP8_HEADER = 10  # of frame tag (3), start code (3), width and height (2 each)
_AVIF_HEAD = bytes.fromhex(
    "00000020667479706176696600000000617669666d6966316d6961664d413142000000eb6d6574610000000000000021"
    "68646c72000000000000000070696374000000000000000000000000000000000e7069746d0000000000010000001e69"
    "6c6f630000000044000001000100000001000001130000000000000028"
    "69696e660000000000010000001a696e6665020000000001000061763031436f6c6f72000000006a697072700000004b"
    "6970636f0000001469737065000000000000000000000000000000107069786900000000030808080000000c61763143"
    "81000c0000000013636f6c726e636c780001000d0006800000001769706d61000000000000000100010401028304"
    "000000006d646174"
    "1200"
)  # ftyp and meta as libavif writes them for one 8-bit picture of 4:2:0, the head of mdat, and a temporal delimiter
_ILOC, _ISPE = _AVIF_HEAD.index(b"iloc") + 22, _AVIF_HEAD.index(b"ispe") + 8  # where a length and a size belong
_MDAT = _AVIF_HEAD.index(b"mdat") - 4
_JP2_SIZES = "000000{w}000000{h}"
_JP2_HEAD = (
    bytes.fromhex("ff4fff51002f0000"),  # SOC and SIZ, then the size, an offset, the tile's size, its offset
    bytes.fromhex(
        "0003070101070101070101ff52000c00000001010304040000ff5c001742673867506750676850055005504757d357d35762"
    ),
    bytes.fromhex("ff90000a0000"),  # SOT, then the length of the tile
    bytes.fromhex("0001ff93"),  # and SOD
)
_EOC = bytes.fromhex("ffd9")


@dataclass(frozen=True)
class Classic:
    """A codec: its stream, its file at one of `STEPS` from coarse to fine, and what of that file is no header."""

    stream: int
    kind: str
    save: Callable[[Image.Image, int], dict[str, object]]
    strip: Callable[[bytes], bytes]
    restore: Callable[[bytes, int, int], bytes]


def encode(rgb: Rgb, name: str, most: int, *, bare: bool = True) -> bytes:
    """The file of a picture (H, W, 3) in at most so many bytes: of the widths tried, the nearest by squared errors.

    Raises:
        BudgetError: not even the coarsest fits. OptionError: this Pillow's encoder writes other headers than are known.
    """
    codec, (height, width) = CLASSICS[name], rgb.shape[:2]
    headers = [Header(width, height, w, codec.stream) for w in sorted({min(w, width) for w in WIDTHS})]
    least, best = 1 << 20, (float("inf"), b"")
    for header in headers:
        room = most - len(format.write(header, b"", seed=0, bare=bare))
        small = Image.fromarray(rgb).resize(_coded(header), Image.Resampling.LANCZOS)
        payloads: dict[int, bytes] = {}
        under, over = 0, STEPS + 1
        while over - under > 1:
            step = (under + over) // 2
            payloads[step] = codec.strip(_saved(small, codec, step))
            under, over = (step, over) if len(payloads[step]) <= room else (under, step)
        if not under:
            least = min(least, most - room + len(payloads[1]))
            continue
        drawn = decode(payloads[under], header)
        error = float(np.square(drawn.astype(np.float32) - rgb).mean())
        best = min(best, (error, format.write(header, payloads[under], seed=0, bare=bare)))
    if not best[1]:
        raise BudgetError(f"{most} bytes are too few for {name}: {least} is the least", least)
    return best[1]


def decode(payload: bytes, header: Header) -> Rgb:
    """The picture (H, W, 3) of a payload.

    Raises:
        Corrupt: it is none.
    """
    codec = next(codec for codec in CLASSICS.values() if codec.stream == header.stream)
    if header.halvings or header.focus or not 1 <= header.quality <= header.width:
        raise Corrupt(
            "the header is damaged: a classic picture has no scale and no focus, and is coded at most as wide as it is"
        )
    size = _coded(header)
    try:
        with Image.open(io.BytesIO(codec.restore(payload, *size)), formats=[codec.kind]) as image:
            if image.size != size:
                raise Corrupt("the file's payload is of another size than its header says: it is damaged")
            small = np.array(image.convert("RGB"))
    except Corrupt:
        raise
    except Exception as error:  # Pillow has several for a damaged file
        raise Corrupt("the file's payload does not decode: it is damaged") from error
    return enlarge(small, (header.height, header.width))


def _coded(header: Header) -> tuple[int, int]:
    """(w, h) at which a picture is coded."""
    return header.quality, max(1, round(header.quality * header.height / header.width))


def _saved(image: Image.Image, codec: Classic, step: int) -> bytes:
    file = io.BytesIO()
    image.save(file, codec.kind, **codec.save(image, step))
    return file.getvalue()


def _webp_payload(data: bytes) -> bytes:
    size = int.from_bytes(data[_VP8_START - 4 : _VP8_START], "little")
    frame = data[_VP8_START : _VP8_START + size]
    return frame[:3] + frame[_VP8_HEADER:]


def _webp_file(payload: bytes, width: int, height: int) -> bytes:
    sizes = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    frame = payload[:3] + b"\x9d\x01\x2a" + sizes + payload[3:]
    chunk = b"WEBPVP8 " + len(frame).to_bytes(4, "little") + frame + bytes(len(frame) % 2)
    return b"RIFF" + len(chunk).to_bytes(4, "little") + chunk


def _avif_payload(data: bytes) -> bytes:
    return data[len(_AVIF_HEAD) :]


def _avif_file(payload: bytes, width: int, height: int) -> bytes:
    head = bytearray(_AVIF_HEAD)
    head[_ISPE : _ISPE + 8] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    head[_ILOC : _ILOC + 4] = (len(payload) + 2).to_bytes(4, "big")
    head[_MDAT : _MDAT + 4] = (len(payload) + 10).to_bytes(4, "big")
    return bytes(head) + payload


def _jp2_payload(data: bytes) -> bytes:
    return data[data.index(_JP2_HEAD[3]) + len(_JP2_HEAD[3]) : -len(_EOC)]


def _jp2_file(payload: bytes, width: int, height: int) -> bytes:
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    tile = len(payload) + len(_JP2_HEAD[2]) + 4 + len(_JP2_HEAD[3])
    first, second, third, fourth = _JP2_HEAD
    return b"".join(
        (first, size, bytes(8), size, bytes(8), second, third, tile.to_bytes(4, "big"), fourth, payload, _EOC)
    )


CLASSICS = {
    "webp": Classic(WEBP, "WEBP", lambda _, step: {"quality": step - 1, "method": 6}, _webp_payload, _webp_file),
    "avif": Classic(
        AVIF, "AVIF", lambda _, step: {"quality": step - 1, "speed": 4, "subsampling": "4:2:0"}, _avif_payload, _avif_file
    ),
    "jp2": Classic(
        JP2,
        "JPEG2000",
        lambda image, step: {
            "no_jp2": True, "irreversible": True, "mct": 1, "num_resolutions": 4, "quality_mode": "rates",
            "quality_layers": [3 * image.width * image.height / (130 + 12 * step)],
        },
        _jp2_payload,
        _jp2_file,
    ),
}  # fmt: skip
