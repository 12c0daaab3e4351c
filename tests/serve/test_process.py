"""A real server: told to stop while it works it still answers; slow and cut uploads cost it nothing."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("starlette")
pytest.importorskip("multipart")

from intaglio.testing import TinyModel

HEAD = b"POST /decompress HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process of a tiny model, and its port."""
    monkeypatch.setenv("INTAGLIO_CGDM", str(TinyModel("cgdm").write(tmp_path / "tiny.safetensors")))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "intaglio", "serve", "--port", str(port), "--client", "64"])
    try:
        for _ in range(300):
            try:
                if asked(port, "GET", "/healthz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield process, port
    finally:
        process.kill()
        process.wait()


def asked(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_what_is_worked_on_is_answered_when_it_is_told_to_stop(server: tuple[subprocess.Popen[bytes], int]) -> None:
    process, port = server
    data = TinyModel("cgdm").codec().compress(np.full((700, 700, 3), 90, np.uint8), quality=30)
    answers = list[tuple[int, bytes]]()
    client = threading.Thread(target=lambda: answers.append(asked(port, "POST", "/decompress?steps=4", data)))
    client.start()
    while b"intaglio_inside 1" not in asked(port, "GET", "/metrics")[1] and client.is_alive():
        time.sleep(0.01)
    assert client.is_alive(), "the picture was drawn before the server could be stopped"
    process.send_signal(signal.SIGTERM)
    client.join(60)
    assert [(status, body[:4]) for status, body in answers] == [(200, b"\x89PNG")]
    process.wait(30)
    with pytest.raises(ConnectionRefusedError):
        asked(port, "GET", "/healthz")


def test_slow_and_cut_uploads_do_not_keep_others_waiting(server: tuple[subprocess.Popen[bytes], int]) -> None:
    _, port = server
    data = TinyModel("cgdm").codec().compress(np.full((64, 64, 3), 90, np.uint8), quality=30)
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    try:
        for one in slow:
            one.sendall(HEAD + b"\x90")
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port)) as cut:
                cut.sendall(HEAD + data)
        assert asked(port, "POST", "/decompress?steps=1", data)[0] == 200
    finally:
        for one in slow:
            one.close()
    for _ in range(100):
        if b"intaglio_inside 0" in (counts := asked(port, "GET", "/metrics")[1]):
            break
        time.sleep(0.1)
    assert b"intaglio_inside 0" in counts
    assert b'path="/decompress",status="499"} 28' in counts
