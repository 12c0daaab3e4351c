"""Loads a server that it starts itself on loopback, and says what came of it.

    PYTHONPATH=src python scripts/load_test.py --clients 32 --seconds 60

First within its limits: every answer must be 200. Then with room for four: what is over that must be refused with 503, at
once. Then what strangers send: an upload that never ends, one that is cut off, a body and a picture over the limits.
"""

from __future__ import annotations

import argparse
import http.client
import io
import socket
import statistics
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import intaglio

PORT = 8790


@contextmanager
def server(*options: str) -> Iterator[int]:
    """A server's process id; it is told to end afterwards, and must."""
    process = subprocess.Popen([sys.executable, "-m", "intaglio", "serve", "--port", str(PORT), *options])
    try:
        for _ in range(150):
            time.sleep(0.2)
            try:
                if ask("GET", "/healthz")[0] == 200:
                    break
            except OSError:
                continue
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def ask(method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def load(pid: int, data: bytes, clients: int, seconds: float) -> None:
    """So many clients that ask again as soon as they are answered."""
    answers, times, end = Counter[str](), list[float](), time.monotonic() + seconds

    def client() -> None:
        while time.monotonic() < end:
            start = time.monotonic()
            try:
                status = str(ask("POST", "/decompress?steps=1", data)[0])
            except OSError as error:
                status = type(error).__name__
            answers[status] += 1
            if status == "200":
                times.append(time.monotonic() - start)
            else:
                time.sleep(0.1)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    most = 0.0
    while any(thread.is_alive() for thread in threads):
        most = max(most, megabytes(pid))
        time.sleep(0.5)
    middle = statistics.median(times) if times else float("nan")
    print(
        f"{clients} clients, {seconds:g} s: {dict(answers)}, median {middle:.2f} s, at most {most:.0f} MB", flush=True
    )


def bomb() -> bytes:
    """A PNG of few bytes that says it has 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    side = (60_000).to_bytes(4, "big")
    head = chunk(b"IHDR", side + side + bytes([8, 2, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def strangers(pid: int, data: bytes) -> None:
    head = b"POST /decompress HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(8)]
    for one in slow:
        one.sendall(head + b"\x90")
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", PORT)) as cut:
            cut.sendall(head + data[:50])
    start = time.monotonic()
    print(f"beside 8 slow uploads and 20 cut ones: {ask('POST', '/decompress?steps=1', data)[0]}", flush=True)
    print(f"a slow one: {slow[0].recv(100).split(b' ')[1].decode()} after {time.monotonic() - start:.0f} s")
    for one in slow:
        one.close()
    print("too long a body:", *ask("POST", "/compress", bytes(17_000_000)))
    print("a bomb:", *ask("POST", "/compress?bytes=400", bomb()))
    print(f"{megabytes(pid):.0f} MB; {ask('POST', '/decompress?steps=1', data)[0]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    portrait = io.BytesIO((Path(intaglio.__file__).parent / "data/astronaut.png").read_bytes())
    data = intaglio.compress(portrait, codec="fasdiff", max_bytes=400, max_side=256)
    with server("--client", str(args.clients), "--queue", str(args.clients)) as pid:
        load(pid, data, args.clients, args.seconds)
        strangers(pid, data)
    with server("--client", str(args.clients), "--queue", "3") as pid:
        load(pid, data, args.clients, args.seconds / 4)


if __name__ == "__main__":
    main()
