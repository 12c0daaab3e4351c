"""Work on pictures: so many at once, so many that wait, and none for longer than is allowed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from intaglio.serve.limits import Limits, Refusal

T = TypeVar("T")


class Desk:
    """One for a server. Its methods run in the event loop; work runs in threads that share one model."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inside = 0  # requests that wait or are worked on
        self._clients = Counter[str]()
        self._threads = ThreadPoolExecutor(limits.workers, thread_name_prefix="picture")

    @asynccontextmanager
    async def seat(self, client: str) -> AsyncIterator[None]:
        """A place for a request, from before its body is read, so that what waits takes bounded memory.

        Raises:
            Refusal: there is none (503), or this client has enough (429), or the time is over (503, 408).
        """
        if self._clients[client] >= self.limits.client:
            raise Refusal(429, f"this client has {self.limits.client} requests here already: wait for their answers")
        if self.inside >= self.limits.workers + self.limits.queue:
            raise Refusal(503, f"{self.inside} requests are waiting already: try again in some seconds")
        self.inside += 1
        self._clients[client] += 1
        try:
            async with asyncio.timeout(self.limits.seconds):
                yield
        except TimeoutError:
            raise Refusal(503, f"the answer takes over {self.limits.seconds:g} seconds: ask for less") from None
        finally:
            self.inside -= 1
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]

    async def do(self, work: Callable[[], T]) -> T:
        """What the work gives, done in a thread when one is free."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Waits for what is being worked on; what waits is dropped."""
        self._threads.shutdown(cancel_futures=True)
