"""What a file is by its first bytes: kinds of plug-ins, and what is refused, in words that say why."""

from __future__ import annotations

from importlib import import_module

from intaglio.endings import KINDS, PLUGINS
from intaglio.image import jpeg_markers

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_JXL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL ")
_FOREIGN = {
    b"8BPS": "a Photoshop document",
    b"%PDF": "a PDF",
    b"%!PS": "PostScript",
    b"\xc5\xd0\xd3\xc6": "PostScript",
    b"<svg": "an SVG drawing",
    b"v/1\x01": "an OpenEXR picture",
    b"#?RADIANCE": "a Radiance HDR picture",
    b"\0\0\1\0": "an icon",
}
_OURS = {
    b"\x89PNG": "PNG",
    jpeg_markers.START: "JPEG",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
}


def allowed(data: bytes) -> list[str]:
    """Pillow's names of the kinds that a file may be opened as; a plug-in that it needs is loaded."""
    plugin = _plugin(data)
    if plugin is None or not PLUGINS[plugin].installed:
        return list(KINDS)
    module = import_module(PLUGINS[plugin].module)
    if plugin == "HEIF":
        module.register_heif_opener()
    return [*KINDS, plugin]


def _plugin(data: bytes) -> str | None:
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "HEIF"
    return "JXL" if data.startswith(_JXL_STARTS) else None


def why_not(data: bytes) -> str:
    """What a file is, whose kind Pillow does not know, and what to do about it."""
    plugin = _plugin(data)
    if plugin and not PLUGINS[plugin].installed:
        package = PLUGINS[plugin].package
        return f"is {plugin}, which needs {package}: pip install {package}"
    if data.startswith(jpeg_markers.START) and (coding := jpeg_markers.strange(data)):
        return f"is {coding}, which is not read: save it as a JPEG of 8 bits"
    if data[4:12] == b"ftypcrx ":
        return "is a camera's raw file, which is not read: save it as JPEG or TIFF"
    for start, kind in _FOREIGN.items():
        if data[:64].lstrip().startswith(start):
            return f"is {kind}, which is not read: save it as PNG"
    for start, kind in _OURS.items():
        if data.startswith(start):
            return f"is a {kind}, but broken or of a rare kind: open it in another program and save it anew"
    if not data:
        return "is empty"
    installed = [kind for kind, plugin in PLUGINS.items() if plugin.installed]
    return f"is not a picture of a known kind ({', '.join([*KINDS, *installed])})"
