"""The measures of the bench. Nothing heavy is imported until they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from intaglio.measures.measure import Metric, Unavailable

Maker = tuple[str, Callable[[], Metric]]


def _pictures(folder: Path | None) -> Iterator[Maker]:
    from intaglio.measures import dists, eld, lpips_alex, lpips_vgg, ms_ssim, niqe, psnr, ssimulacra2, vmaf

    yield "psnr", psnr.Psnr
    yield "ms_ssim", ms_ssim.MsSsim
    yield "lpips", lambda: lpips_alex.LpipsAlex(folder)
    yield "lpips_vgg", lambda: lpips_vgg.LpipsVgg(folder)
    yield "dists", lambda: dists.Dists(folder)
    yield "eld", eld.Eld
    yield "niqe", lambda: niqe.Niqe(folder)
    yield "vmaf", vmaf.Vmaf
    yield "ssimulacra2", ssimulacra2.Ssimulacra2


def _faces() -> Iterator[Maker]:
    from intaglio.measures import detection, identity
    from intaglio.measures import dlib_faces as faces
    from intaglio.measures import facenet as recogniser
    from intaglio.measures import landmarks_moved as landmarks

    yield "identity", lambda: identity.Identity(faces.album())
    yield "recogniser", lambda: recogniser.Recogniser(faces.album())
    yield "detected", lambda: detection.Detection(faces.album())
    yield "landmarks", lambda: landmarks.Landmarks(faces.album())


def available(folder: Path | None, faces: bool) -> tuple[list[Metric], dict[str, str]]:
    """The measures that can be had, in a fixed order, and of each that cannot its sentence, by name.

    `folder` holds the feature networks (None: the environment's or the cache's); `faces` adds the measures of faces.
    """
    found: list[Metric] = []
    missing: dict[str, str] = {}
    for name, make in (*_pictures(folder), *(_faces() if faces else ())):
        try:
            found.append(make())
        except Unavailable as e:
            missing[name] = str(e)
    return found, missing
