"""Measures in feature networks against the packages they were published with. The weights are not in the repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from intaglio.measures.dists import Dists
from intaglio.measures.eld import Eld
from intaglio.measures.kernel_distance import kernel_distance, pooled
from intaglio.measures.lpips import LpipsVgg
from intaglio.measures.lpips_alex import LpipsAlex
from intaglio.measures.measure import Measure
from intaglio.measures.niqe import CUBIC, Niqe, halve
from intaglio.measures.optional import Unavailable
from intaglio.measures.ssimulacra2 import Ssimulacra2
from intaglio.measures.vmaf import Vmaf

Rgb = NDArray[np.uint8]


def have(make: Callable[..., Any], *arguments: Path | None) -> Any:
    """The measure, or the test is skipped with the sentence that says what is missing."""
    try:
        return make(*arguments)
    except Unavailable as e:
        pytest.skip(str(e))


def measure(m: Measure, a: Rgb, b: Rgb) -> float | None:
    return m.compare(m.describe(a), m.describe(b))


# lpips 0.1.4 and DISTS-pytorch 0.1, both with convolutions stored as halves (float32 ones differ by 2e-5).
@pytest.mark.parametrize(("make", "expected"), [(LpipsAlex, 0.126117), (LpipsVgg, 0.415878), (Dists, 0.273989)])
def test_as_published(make: Callable[[Path | None], Measure], expected: float, original: Rgb, decoded: Rgb) -> None:
    m = have(make, None)
    assert measure(m, original, decoded) == pytest.approx(expected, abs=5e-5)
    assert measure(m, original, original) == pytest.approx(0, abs=1e-6)


def test_too_small_for_the_network(original: Rgb) -> None:
    m = have(LpipsAlex, None)
    assert measure(m, original[:30], original[:30]) is None and measure(m, original[:31], original[:31]) == 0


def test_eld(original: Rgb, decoded: Rgb) -> None:
    m = have(Eld)
    # By an independent implementation of the definition on the same packages' network.
    assert measure(m, original, decoded) == pytest.approx(0.554259, abs=1e-5)
    assert measure(m, original[:31], decoded[:31]) is None


def test_rows_of_the_kernel_distance(original: Rgb) -> None:
    m = have(Eld)
    wide = np.concatenate([original, original[:, :32]], 1)  # 192 x 256: two whole patches, side by side
    patches = pooled(m, wide, faces=False)
    assert patches.shape == (2, 320) and pooled(m, wide, faces=True).shape == (1, 320)
    np.testing.assert_allclose(patches[1], m.describe(wide[:128, 128:]).pooled[0], atol=1e-5)
    assert pooled(m, wide[:100], faces=False).shape == (1, 320)  # no patch fits: the picture is one
    assert pooled(m, wide[:20], faces=False).shape == (0, 320)  # nor does the network
    assert kernel_distance(patches, patches) == 0


def test_niqe(original: Rgb, decoded: Rgb) -> None:
    m = have(Niqe, None)
    # basicsr 1.4.2, niqe() on its luma as float64; it halves pictures in float32
    assert m.describe(original) == pytest.approx(15.5435, rel=2e-4)
    assert m.describe(decoded) == pytest.approx(14.0611, rel=2e-4)
    assert m.compare(m.describe(original), m.describe(decoded)) == m.describe(decoded)
    assert m.describe(original[:, :150]) == pytest.approx(m.describe(original[:, :96]))  # whole blocks alone
    assert m.describe(original[:191, :150]) is None  # one block has no covariance
    assert m.describe(np.zeros_like(original)) is None


def test_halving_keeps_ramps() -> None:
    assert CUBIC.sum() == pytest.approx(2)
    ramp = np.add.outer(3.0 * np.arange(24), np.arange(20.0))
    inner = halve(ramp)[2:-2, 2:-2]
    np.testing.assert_allclose(inner, (ramp[::2, ::2] + ramp[1::2, 1::2])[2:-2, 2:-2] / 2)


def test_vmaf(original: Rgb, decoded: Rgb) -> None:
    m = have(Vmaf)
    # ffmpeg 9.0.2 of imageio-ffmpeg 0.8.1; another one may scale in other roundings.
    assert measure(m, original, decoded) == pytest.approx(73.66, abs=0.5)
    assert measure(m, decoded, original) == pytest.approx(64.51, abs=0.5)  # the original is the reference
    equal = measure(m, original, original)
    assert equal is not None and 95 < equal <= 100
    assert measure(m, original[:31], original[:31]) is None
    assert measure(m, original[:33, :35], original[:33, :35]) is not None


def test_ssimulacra2(original: Rgb, decoded: Rgb) -> None:
    m = have(Ssimulacra2)
    # ssimulacra2 0.3.0 on PNG files of the two, by its command; equal pictures have 100 by definition
    assert measure(m, original, decoded) == pytest.approx(34.604192, abs=1e-4)
    assert measure(m, original, original) == 100
    assert measure(m, original[:7], original[:7]) is None
