"""The .itg file: header, extension chunks, checksum and payload, as docs/format.md describes them.

Bytes only; what the payload means is the codecs' business. Standard library only.
"""

from intaglio.format import streams
from intaglio.format.chunks import Chunk
from intaglio.format.file import MAX_BYTES, MAX_PIXELS, peek, read, write
from intaglio.format.header import Header, describe

__all__ = ["MAX_BYTES", "MAX_PIXELS", "Chunk", "Header", "describe", "peek", "read", "streams", "write"]
