"""What a file that is not ours looks like, so that the error can say it."""

import codecs

# (offset, bytes, what it is). First match wins.
_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyphei", "a HEIC picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"II*\x00", "a TIFF picture"),
    (0, b"MM\x00*", "a TIFF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
)


def looks_like(data: bytes) -> str | None:
    """What the first bytes show, as "a PNG picture" or "text", or None when they show nothing known."""
    for offset, signature, what in _SIGNATURES:
        if data.startswith(signature, offset):
            return what
    try:  # not final: a character cut at the end of the sample is no error
        text, _ = codecs.utf_8_decode(data[:64], "strict", False)
    except UnicodeDecodeError:
        return None
    return "text" if text and all(char.isprintable() or char.isspace() for char in text) else None
