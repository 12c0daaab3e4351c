"""Lengths of few bytes: LEB128, 7 bits a byte, least significant group first, in the shortest form, at most four bytes."""

from intaglio.errors import Corrupt


def varint(value: int) -> bytes:
    """The bytes of a number below 2**28."""
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that starts at byte `at`, and the byte after it. Corrupt where it does not end, or is not the shortest."""
    value = 0
    for shift in (0, 7, 14, 21):
        if at >= len(data):
            raise Corrupt(f"the file ends after {len(data)} bytes, within its extension chunks")
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte <= 0x7F:
            if shift and not byte:
                raise Corrupt("an extension chunk's length is padded with a zero byte")
            return value, at
    raise Corrupt("an extension chunk's length takes more than four bytes")
