"""Modules to files for print: PNG and PDF of whole pixels a module, SVG, all of a true size in millimetres."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from intaglio.barcode.symbols import Modules

PIXELS = 8  # of a module
INCH = 25.4  # mm


def raster(modules: Modules, quiet: int, pixels: int = PIXELS) -> Image.Image:
    """A picture of two colours, with so many modules of light around."""
    framed = np.pad(modules, quiet)
    return Image.fromarray(np.kron(~framed, np.ones((pixels, pixels), bool)))


def png(modules: Modules, quiet: int, module_mm: float) -> bytes:
    """A PNG whose dpi make a module so wide in print."""
    dpi = PIXELS * INCH / module_mm
    file = io.BytesIO()
    raster(modules, quiet).save(file, "PNG", dpi=(dpi, dpi), optimize=True)
    return file.getvalue()


def pdf(modules: Modules, quiet: int, module_mm: float) -> bytes:
    """A PDF of one page, as large as the symbol and its quiet zone."""
    file = io.BytesIO()
    raster(modules, quiet).save(file, "PDF", resolution=PIXELS * INCH / module_mm)
    return file.getvalue()


def svg(modules: Modules, quiet: int, module_mm: float) -> bytes:
    """An SVG in millimetres: one path, a stroke for each run of dark modules."""
    height, width = (side + 2 * quiet for side in modules.shape)
    strokes = []
    for y, row in enumerate(modules):
        edges = np.flatnonzero(np.diff(np.r_[0, row.astype(np.int8), 0]))
        strokes += [
            f"M{start + quiet} {y + quiet}h{end - start}v1h{start - end}z" for start, end in edges.reshape(-1, 2)
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * module_mm:g}mm" height="{height * module_mm:g}mm" '
        f'viewBox="0 0 {width} {height}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{width}v{height}H0z"/>'
        f'<path d="{"".join(strokes)}"/></svg>\n'
    ).encode()
