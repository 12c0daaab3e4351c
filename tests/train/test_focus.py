"""The net behind `--focus`: fitted to where landmarks lie."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from intaglio.compressor.compressor import Compressor
from intaglio.compressor.config import CompressorConfig
from intaglio.entropy.learned.fourpass_net import FourPassNet
from intaglio.train import cached_faces as faces
from intaglio.train import focus_fit
from intaglio.train.latent_cache import LatentCache

SIZE = 128


def test_it_learns_where_faces_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    corners = rng.integers(0, SIZE - 48, (24, 2))
    points = np.stack([c + rng.uniform(8, 40, (68, 2)) for c in corners]).astype(np.float32)
    points[3] = np.nan  # a picture without a face
    points.tofile(tmp_path / faces.LANDMARKS)

    def crop(row: int, top: int, left: int, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.full((3, SIZE, SIZE), 0.2)
        x[:, corners[row, 1] : corners[row, 1] + 48, corners[row, 0] : corners[row, 0] + 48] = 0.9
        return x, torch.zeros(32, n, n)

    torch.manual_seed(0)
    sizes = CompressorConfig(fine=16, coarse=24, depth=1, y=16, h=8, lf=4, width=16, cond=16, encoder=16)
    compressor = Compressor(sizes, lean_encoder=True, trained=True).eval()
    cache = SimpleNamespace(folder=tmp_path, size=SIZE, side=SIZE // 8, crop=crop)
    net = focus_fit.fit(compressor, cache)  # type: ignore[arg-type]
    assert net is not None
    rows = [row for row in range(24) if row != 3]
    wanted = focus_fit.face_map(torch.from_numpy(points[rows]), SIZE)
    with torch.no_grad():
        answer = torch.cat([net(focus_fit.side_features(compressor, cache, row, 0.5)) for row in rows])  # type: ignore[arg-type]
    assert answer.shape == wanted.shape
    assert (answer - wanted).square().mean() < 0.7 * wanted.var()


def test_without_landmarks_there_is_none(cache: LatentCache) -> None:
    assert focus_fit.fit(None, cache) is None  # type: ignore[arg-type]


def test_in_training_faces_are_coded_finer_and_what_is_around_them_coarser() -> None:
    points = torch.full((2, 68, 2), float("nan"))
    points[0] = torch.tensor([40.0, 40.0]) + 16 * torch.rand(68, 2)
    q = torch.tensor([0.5, 0.3])
    local = focus_fit.qualities(points, SIZE, q, 24)
    assert local.shape == (2, SIZE // 16, SIZE // 16)
    assert (local[1] == q[1]).all()  # no face, no focus
    assert float(local[0].max()) > 0.55 and int(local[0].argmax()) in (18, 19, 26, 27)
    assert float(local[0, 7, 7]) == pytest.approx(0.5 - 24 / 255, abs=1e-3)

    torch.manual_seed(0)
    model = FourPassNet(64, 0, 8, (0.5, 10)).eval()
    y = 4 * torch.randn(2, 64, SIZE // 16, SIZE // 16)
    with torch.no_grad():
        plain, same = model(y, None, q), model(y, None, q, local=q[:, None, None].expand_as(local))
        moved = model(y, None, q, local=local)
    assert torch.equal(plain[0], same[0]) and torch.equal(plain[1], same[1])
    error = [(coded[0] - y).square().mean(1)[0] for coded in (plain, moved)]
    inside = local[0] > 0.52
    assert error[1][inside].mean() < error[0][inside].mean() and error[1][~inside].mean() > error[0][~inside].mean()
