"""The server: answers, refusals of one sentence each, and counts."""

import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette")
pytest.importorskip("multipart")
pytest.importorskip("httpx")

from starlette.testclient import TestClient

from intaglio import inspect
from intaglio.serve.limits import Limits
from intaglio.serve.site import application


@pytest.fixture(scope="module")
def client():
    with TestClient(application(Limits(body=200_000, pixels=40_000))) as client:
        yield client


@pytest.fixture(scope="module")
def picture() -> bytes:
    file = io.BytesIO()
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8))
    small.resize((96, 64), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def test_there_and_back(client, picture: bytes) -> None:
    answer = client.post("/compress?bytes=300", content=picture)
    assert answer.status_code == 200
    assert len(answer.content) <= 300
    assert inspect(answer.content).width == 96
    for body in ({"content": answer.content}, {"files": {"file": answer.content}}):
        drawn = client.post("/decompress?steps=1&realism=0.5", **body)
        assert Image.open(io.BytesIO(drawn.content)).size == (96, 64)
    assert client.post("/inspect", content=answer.content).json()["height"] == 64


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/decompress", b"", 422, "empty"),
        ("/decompress", b"\x90I\x10", 422, "ends after 3 bytes"),
        ("/decompress?steps=3", b"x", 422, "allowed are 1, 2 and 4"),
        ("/decompress?steps=many", b"x", 422, "wanted is a whole number"),
        ("/decompress?effort=9", b"x", 422, "there is no option effort"),
        ("/decompress?bare=maybe", b"x", 422, "true and false"),
        ("/compress", b"no picture", 422, "picture"),
        ("/compress", bytes(200_001), 413, "over 200,000 bytes"),
        ("/decompress", bytes.fromhex("90491001003fffffff80") + bytes(8), 413, "over the limit"),
    ],
)
def test_refusals(client, path: str, body: bytes, status: int, sentence: str) -> None:
    answer = client.post(path, content=body)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_picture_of_too_many_pixels(client) -> None:
    file = io.BytesIO()
    Image.new("L", (400, 200)).save(file, "PNG")
    answer = client.post("/compress", content=file.getvalue())
    assert answer.status_code == 413
    assert "40,000 pixels" in answer.json()["error"]


def test_a_client_may_have_so_many_requests() -> None:
    for limits, status in ((Limits(client=0), 429), (Limits(workers=1, queue=-1), 503)):
        with TestClient(application(limits)) as client:
            answer = client.post("/inspect", content=b"x")
            assert answer.status_code == status
            assert answer.headers["retry-after"] == "5"


def test_health_counts_and_description(client) -> None:
    assert client.get("/healthz").text == "ok\n"
    client.post("/inspect", content=b"x")
    text = client.get("/metrics").text
    assert 'intaglio_requests_total{path="/inspect",status="422"}' in text
    assert "intaglio_inside 0" in text
    page = client.get("/docs").text
    assert "POST /compress" in page and "max_side" in page and "<script" not in page
    assert set(client.get("/openapi.json").json()["paths"]) == {"/compress", "/decompress", "/inspect"}
