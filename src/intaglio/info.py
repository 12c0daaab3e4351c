"""What a file says of itself, without drawing it. Needs no torch."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio import format
from intaglio.codecs import CODECS
from intaglio.errors import MissingModel
from intaglio.files import FileSource, read_bytes
from intaglio.format import Header
from intaglio.format.faces import Faces
from intaglio.format.streams import CUSTOM, WITHOUT_MODEL
from intaglio.format.streams import name as stream_name
from intaglio.weights import codec_file

if TYPE_CHECKING:
    from intaglio.entropy.stream import Stream
    from intaglio.weights.codec_file import Weights


@dataclass(frozen=True)
class Info:
    """What a file says of itself."""

    codec: str
    stream: int
    model: str  # digest of the stream's tables, hexadecimal; empty where there is none
    width: int
    height: int
    quality: int  # index 0..255
    scale: int  # coded at 1 / 2**scale of the size
    grey: bool
    version: int
    bare: bool
    header_bytes: int
    payload_bytes: int
    fields: list[tuple[str, int, str]]  # of the header, in its order: name, bits, value for people
    sections: dict[str, float]  # bytes of information in each part of the payload, where they were asked for
    chunks: list[str]
    decoder: str  # id of the installed decoder that would draw it
    licence: str  # of its weights
    checkpoint: str = ""  # name and identity of what they are an adapter for, which drawing needs

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return asdict(self)


@functools.cache
def _installed(codec: str, path: Path) -> tuple[Weights, Stream]:
    from intaglio.entropy.stream import Stream

    weights = codec_file.read(codec, path)
    return weights, Stream.of(weights)


def codec_of(data: bytes, *, bare: bool = False) -> str:
    """The codec that a file needs: by its stream, or for a custom one by the installed models.

    Raises:
        FormatError: as `decompress`. MissingModel: no installed codec can read it.
    """
    return _codec_of(format.peek(data, bare=bare))


def _codec_of(header: Header) -> str:
    first = next(iter(CODECS))
    if header.stream != CUSTOM:
        return stream_name(header.stream) if stream_name(header.stream) in CODECS else first
    for codec in CODECS:
        path = codec_file.default(codec)
        if path.exists():
            weights, stream = _installed(codec, path)
            if weights.stream == CUSTOM and stream.digest == header.digest:
                return codec
    return first


def fits(header: Header, stream: int, digest: bytes) -> bool:
    """Whether a model of a stream, and of a digest where that is a custom one, is the one that the header names."""
    return header.stream == stream and (stream != CUSTOM or header.digest == digest)


def check(header: Header, stream: int, digest: bytes, seed: int) -> int:
    """The seed of the checksum, if the installed model is the one that the header names.

    Raises:
        MissingModel: it is not.
    """
    if not fits(header, stream, digest):
        if header.stream == CUSTOM:
            wanted = f"the custom model {(header.digest or b'').hex()}: ask whoever made the file for its weights"
        else:
            wanted = (
                f"stream {header.stream} ({stream_name(header.stream)}): `pip install --upgrade intaglio` may bring it"
            )
        raise MissingModel(f"the file needs {wanted}")
    return seed


def seed_of(header: Header) -> int:
    """The seed of the checksum of a file with this header, by the installed models.

    Raises:
        MissingModel: the one that it names is not installed.
    """
    if header.stream in WITHOUT_MODEL:
        return 0
    codec = _codec_of(header)
    weights, stream = _installed(codec, codec_file.default(codec))
    return check(header, weights.stream, stream.digest, stream.seed) ^ _seed_of_faces(header, weights, stream)


def inspect(
    data: FileSource,
    *,
    sections: bool = False,
    bare: bool = False,
    length: int | None = None,
    max_pixels: int = format.MAX_PIXELS,
) -> Info:
    """Everything in a file's header, its checksum verified. Draws nothing and needs no torch.

    Args:
        data: the bytes of a file, its path, or an open file.
        sections: the bytes of each section too, for which the payload is decoded: that takes the longer the larger the
            picture. bare, length, max_pixels: as in `DecompressOptions`.

    Raises:
        IntaglioError: as `decompress`.
    """
    data = read_bytes(data, format.MAX_BYTES + 1)
    header = format.peek(data, bare=bare)
    modelless = header.stream in WITHOUT_MODEL
    codec = stream_name(header.stream) if modelless else _codec_of(header)
    weights, stream = (None, None) if modelless else _installed(codec, codec_file.default(codec))
    header, payload = format.read(data, seed_of=seed_of, bare=bare, length=length, max_pixels=max_pixels)
    return Info(
        codec=codec, stream=header.stream, model=stream.digest.hex() if stream else "",
        width=header.width, height=header.height,
        quality=header.quality, scale=header.halvings, grey=header.grey, version=header.version, bare=bare,
        header_bytes=len(data if length is None else data[:length]) - len(payload), payload_bytes=len(payload),
        fields=format.describe(header, bare=bare),
        sections=_sections(stream, header, payload) if sections else {},
        chunks=[chunk.name for chunk in header.chunks], decoder=weights.decoder if weights else codec,
        licence=weights.licence if weights else "",
        checkpoint=str(weights.base) if weights and weights.base else "",
    )  # fmt: skip


def _seed_of_faces(header: Header, weights: Weights, stream: Stream) -> int:
    """What the tables of a file's faces add to its seed; they are the ground's own, or another installed codec's."""
    if header.faces is None:
        return 0
    if header.faces.stream == weights.stream:
        return stream.seed
    name = codec_of_faces(header.faces)
    return _installed(name, codec_file.default(name))[1].seed


def codec_of_faces(faces: Faces) -> str:
    """The codec of faces that are coded apart.

    Raises:
        MissingModel: there is none here.
    """
    name = stream_name(faces.stream)
    if name not in CODECS:
        raise MissingModel(
            f"the file's faces need stream {faces.stream}: `pip install --upgrade intaglio` may bring it"
        )
    return name


def _sections(stream: Stream | None, header: Header, payload: bytes) -> dict[str, float]:
    if stream is None:
        return {"pixels": float(len(payload))}
    from intaglio.entropy.stream import grid

    size = grid(header.height, header.width, header.halvings)
    ground, faces = header.faces.split(payload) if header.faces else (payload, [])
    patches = {"faces": float(sum(map(len, faces)))} if faces else {}
    return stream.sections(ground, header.quality, *size, header.focus) | patches
