"""What a server takes on, and how it refuses the rest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of one server.

    Args:
        body: bytes of an upload. pixels: of a picture, and that a file may declare. seconds: from a request to its answer.
        workers: pictures that are worked on at once. queue: requests that wait for them.
        client: requests of one address at once. upload: seconds that a body may take to come.
    """

    body: int = 16_000_000
    pixels: int = 16_000_000
    seconds: float = 60.0
    workers: int = 1
    queue: int = 32
    client: int = 16
    upload: float = 15.0


class Refusal(Exception):
    """An answer other than 200: a status and one sentence that says what to do."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence
