"""Every distance once, for losses and judges alike.

| file | network | who may use it |
|---|---|---|
| `lpips` | VGG16 (LPIPS-VGG) | losses; the bench reports it, no headline |
| `mobilenet` | MobileNetV2 | losses |
| `faces.recogniser` | MobileFaceNet | losses |
| `dists` | VGG16 | judges, marked: it shares its network with a loss |
| `lpips_alex` | AlexNet | judges only |
| `eld`, `kernel_distance` | EfficientNet-Lite0 | judges only |
| `identity`, `detection`, `landmark_shift` | dlib's | judges only |
| `facenet` | FaceNet | judges only |
| `niqe`, `vmaf`, `ssimulacra2`, `ms_ssim`, `psnr` | none that is trained on pictures' features | judges |

A judge that a loss has seen says how well training went, not how good a picture is: nothing in `intaglio.train` imports
one (a test holds it). Nothing heavy is imported until a measure is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from intaglio.measures.measure import Measure
from intaglio.measures.optional import Unavailable

Maker = tuple[str, Callable[[], Measure]]


def _pictures(folder: Path | None) -> Iterator[Maker]:
    from intaglio.measures import dists, eld, lpips, lpips_alex, ms_ssim, niqe, psnr, ssimulacra2, vmaf

    yield "psnr", psnr.Psnr
    yield "ms_ssim", ms_ssim.MsSsim
    yield "lpips", lambda: lpips_alex.LpipsAlex(folder)
    yield "lpips_vgg", lambda: lpips.LpipsVgg(folder)
    yield "dists", lambda: dists.Dists(folder)
    yield "eld", eld.Eld
    yield "niqe", lambda: niqe.Niqe(folder)
    yield "vmaf", vmaf.Vmaf
    yield "ssimulacra2", ssimulacra2.Ssimulacra2


def _faces() -> Iterator[Maker]:
    from intaglio.measures import detection, dlib_faces, facenet, identity, landmark_shift

    yield "identity", lambda: identity.IdentityDistance(dlib_faces.album())
    yield "recogniser", lambda: facenet.FaceNetDistance(dlib_faces.album())
    yield "detected", lambda: detection.Detection(dlib_faces.album())
    yield "landmarks", lambda: landmark_shift.LandmarkShift(dlib_faces.album())


def available(folder: Path | None, faces: bool) -> tuple[list[Measure], dict[str, str]]:
    """The measures that can be had, in a fixed order, and of each that cannot its sentence, by name.

    `folder` holds the feature networks (None: the environment's or the cache's); `faces` adds the measures of faces.
    """
    measures: list[Measure] = []
    missing: dict[str, str] = {}
    for name, make in (*_pictures(folder), *(_faces() if faces else ())):
        try:
            measures.append(make())
        except Unavailable as e:
            missing[name] = str(e)
    return measures, missing
