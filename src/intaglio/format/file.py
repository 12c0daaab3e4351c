"""Writing and reading whole .itg files, in the full profile and in the bare one.

Reading is total: any bytes end in a header and a payload or in an IntaglioError. Nothing is allocated by what a file
declares; the copies that are made are no larger than the file.
"""

import binascii
import zlib
from collections.abc import Callable

from intaglio.errors import Corrupt, LimitExceeded, NewerVersion, NotIntaglio
from intaglio.format import chunks as extension
from intaglio.format.fields import CHECKSUM, EXTENDED, FIXED, MAGIC, VERSION, Field
from intaglio.format.foreign import looks_like
from intaglio.format.header import Header

MAX_PIXELS = 64_000_000
MAX_BYTES = 64_000_000
"""Of a whole file: far more than the largest picture takes at the best quality. Nothing beyond is read."""

_UPDATE = "update with `pip install --upgrade intaglio`"


def write(header: Header, payload: bytes, *, seed: int, bare: bool = False) -> bytes:
    """The file of a header and a payload. `seed` is 32 bits of the digest of the stream's tables.

    ValueError when `bare` is wanted for a stream that has no bare form.
    """
    values = header.values()
    digits = ""
    for field in FIXED:
        if bits := field.bits(values, bare):
            value = values[field.name]
            digits += f"{field.to_bare(value) if bare else value:0{bits}b}"
    head = int(digits, 2).to_bytes(len(digits) // 8, "big")
    if header.chunks:
        head += extension.pack(header.chunks)
    return head + _checksum(head, payload, seed, bare) + payload


def read(
    data: bytes,
    *,
    seed_of: Callable[[Header], int],
    bare: bool = False,
    length: int | None = None,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
    salvage: bool = False,
) -> tuple[Header, bytes]:
    """The header and the payload of a file, checksum verified.

    seed_of     gives the seed that `write` was given, or raises MissingModel for a stream without weights
    bare        the file is of the bare profile
    length      only the first `length` bytes are the file, the rest pads a slot; without it the file ends with `data`
    max_pixels  the largest declared width times height that is accepted
    max_bytes   the longest file that is accepted
    salvage     the payload is given as far as it is there, whatever the checksum says

    NotIntaglio, NewerVersion, Corrupt or LimitExceeded as their names say; ValueError for a negative length.
    """
    if length is not None:
        data = _first(data, length)
    header, at = _parse(data, bare)
    if len(data) > max_bytes:
        raise LimitExceeded(
            f"the file has over {max_bytes:,} bytes, more than is accepted: raise it with max_bytes= if you trust the file"
        )
    if header.width * header.height > max_pixels:
        raise LimitExceeded(
            f"the file declares {header.width}x{header.height} pixels, {header.width * header.height:,} in all, over "
            f"the limit of {max_pixels:,}: raise it with max_pixels= or --max-pixels if you trust the file"
        )
    seed = seed_of(header)
    end = at + _checksum_bytes(bare)
    if end > len(data):
        raise _ended(data, CHECKSUM)
    payload = data[end:]
    if not salvage and data[at:end] != _checksum(data[:at], payload, seed, bare):
        raise Corrupt(_mismatch(data, bare))
    if chunk := header.foreign():
        raise NewerVersion(f'the file cannot be drawn without its chunk "{chunk.name}", not known here: {_UPDATE}')
    if header.faces and not salvage:
        header.faces.check(header.height, header.width)
        header.faces.split(payload)
    return header, payload


def peek(data: bytes, *, bare: bool = False) -> Header:
    """The header alone, of a file or of its first bytes; no checksum, no limit, any chunks. Errors as in `read`."""
    return _parse(data, bare)[0]


def _parse(data: bytes, bare: bool) -> tuple[Header, int]:
    """The header and the byte at which its checksum starts."""
    if not data:
        raise Corrupt("the file is empty") if bare else NotIntaglio("not an .itg file: it is empty")
    if not bare and not MAGIC.startswith(data[: len(MAGIC)]):
        raise NotIntaglio(_foreign(data))
    values: dict[str, int] = {}
    at = 0  # in bits
    for field in FIXED:
        if bits := field.bits(values, bare):
            end = at + bits
            if end > 8 * len(data):
                raise _ended(data, field)
            whole = int.from_bytes(data[at // 8 : -(-end // 8)], "big")
            raw = whole >> -end % 8 & (1 << bits) - 1
            values[field.name] = _accept(field, raw, bare)
            at = end
    at //= 8
    chunks: tuple[extension.Chunk, ...] = ()
    if EXTENDED.holds(values):
        chunks, at = extension.unpack(data, at)
    return Header.of(values, chunks), at


def _accept(field: Field, raw: int, bare: bool) -> int:
    """The value that a field's bits stand for, when it is within the field's range."""
    value = field.from_bare(raw) if bare else raw
    sentence = field.misfit(value)
    if sentence is None:
        return value
    if field.name == "version" and value > VERSION:
        raise NewerVersion(f"version {value} of the format, and this installation reads version {VERSION}: {_UPDATE}")
    if field.name == "stream" and bare:
        sentence += " (an empty slot, or a file of the full profile that is read as a bare one?)"
    raise Corrupt(f"the header is damaged: {sentence}")


def _checksum(head: bytes, payload: bytes, seed: int, bare: bool) -> bytes:
    """CRC-32 (zlib's), or CRC-16/CCITT for the bare profile, that starts from the seed or its low 16 bits."""
    if bare:
        crc = binascii.crc_hqx(payload, binascii.crc_hqx(head, seed & 0xFFFF))
    else:
        crc = zlib.crc32(payload, zlib.crc32(head, seed))
    return crc.to_bytes(_checksum_bytes(bare), "big")


def _checksum_bytes(bare: bool) -> int:
    return CHECKSUM.bits({}, bare) // 8


def _first(data: bytes, length: int) -> bytes:
    if length < 0:
        raise ValueError(f"length is {length}, it cannot be negative")
    if length > len(data):
        raise Corrupt(f"the file should have {length} bytes and only {len(data)} are there")
    return data[:length]


def _ended(data: bytes, field: Field) -> Corrupt:
    return Corrupt(f"the file ends after {len(data)} bytes, within the {field.name} of its header")


def _mismatch(data: bytes, bare: bool) -> str:
    sentence = (
        "the checksum does not match: the file was cut short or altered, has bytes behind its end "
        "(a padded slot is read with length=), or was written with other tables"
    )
    what = looks_like(data) if bare else None
    return f"{sentence}; it looks like {what}" if what else sentence


def _foreign(data: bytes) -> str:
    if what := looks_like(data):
        return f"not an .itg file: it looks like {what}"
    return (
        f"not an .itg file: it begins with {data[:2].hex(' ')}, such a file with {MAGIC.hex(' ')} "
        "(a bare file must be announced: bare=True or --bare)"
    )
