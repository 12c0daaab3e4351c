"""Stream ids: one byte that names all that the symbols of a file depend on, and all that its encoder relied on
(tables, entropy nets, synthesis with its heads). A released id is frozen; a change in any of these takes a new id.

Ids 1 to 14 have a short form of 4 bits in the bare profile, 15 there stands for a custom stream.
"""

CUSTOM = 255  # a model that its users trained: 8 bytes of digest in the header say which
BARE_CUSTOM = 15

WEBP, AVIF, JP2 = 11, 12, 13  # a classic codec's bitstream, without the headers that a reader can put back
PLAIN = 14  # pixels as they are
WITHOUT_MODEL = (WEBP, AVIF, JP2, PLAIN)  # see docs/format.md

STREAMS = {
    1: "fasdiff",
    2: "cgdm",
    WEBP: "webp",
    AVIF: "avif",
    JP2: "jp2",
    PLAIN: "plain",
    254: "reserved",
    CUSTOM: "custom",
}


def name(stream: int) -> str:
    """The name of a stream id for people, "unknown" when this version has none."""
    return STREAMS.get(stream, "unknown")


def to_bare(stream: int) -> int:
    """The 4 bits of a stream id in the bare profile. ValueError for ids that have none, 15 to 254."""
    if stream == CUSTOM:
        return BARE_CUSTOM
    if stream < BARE_CUSTOM:
        return stream
    raise ValueError(f"stream {stream} has no bare form: only streams 1 to 14 and custom ones (255) have")


def from_bare(nibble: int) -> int:
    """The stream id that the 4 bits of the bare profile stand for."""
    return CUSTOM if nibble == BARE_CUSTOM else nibble
