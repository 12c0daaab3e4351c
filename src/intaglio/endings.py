"""Kinds of picture files by their endings: what is read, what an installed package adds, what is written.

Raster kinds alone: Pillow would hand EPS to Ghostscript, no thing to do with a stranger's file.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

KINDS = {
    "AVIF": (".avif",),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "JPEG2000": (".jp2", ".j2k", ".j2c", ".jpf", ".jpx"),
    "PNG": (".png", ".apng"),
    "PPM": (".pbm", ".pgm", ".ppm", ".pnm"),
    "TGA": (".tga",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
"""What is read everywhere, by Pillow's names."""


@dataclass(frozen=True)
class Plugin:
    """A package that teaches Pillow another kind; `module` is Python's name of it, `package` pip's."""

    package: str
    module: str
    endings: tuple[str, ...]

    @property
    def installed(self) -> bool:
        return find_spec(self.module) is not None


PLUGINS = {
    "HEIF": Plugin("pillow-heif", "pillow_heif", (".heic", ".heif", ".hif")),
    "JXL": Plugin("pillow-jxl-plugin", "pillow_jxl", (".jxl",)),
}

SUFFIXES = frozenset(suffix for suffixes in KINDS.values() for suffix in suffixes) | frozenset(
    suffix for plugin in PLUGINS.values() if plugin.installed for suffix in plugin.endings
)
"""The endings that are read here: those of packages that are not installed are not among them."""

WRITES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".avif": "AVIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".ppm": "PPM",
}
"""What is written, and Pillow's names of it."""
