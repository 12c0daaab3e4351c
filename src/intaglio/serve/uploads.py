"""Bodies of requests, raw or multipart, in memory alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from intaglio.serve.limits import Refusal

DRAINED = 4  # times the limit that is read, and not kept, so that who sends too much can read why it is refused


async def upload(request: Request, most: int, seconds: float) -> bytes:
    """The body of a request: its first file where it is multipart.

    Raises:
        Refusal: it is longer than `most` bytes (413), takes over so many seconds to come (408), is empty, or has no file (422).
    """
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                size += len(piece)
                if size <= most:
                    body += piece
                elif size > DRAINED * most:
                    break
    except TimeoutError:
        raise Refusal(408, f"the body did not come within {seconds:g} seconds: send it faster") from None
    if size > most:
        raise Refusal(
            413, f"the body is over {most:,} bytes: send a smaller picture, or start the server with --max-body"
        )
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return _there(bytes(body))
    return _there(await _part(request, bytes(body), most))


async def _part(request: Request, body: bytes, most: int) -> bytes:
    async def whole() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    parser = MultiPartParser(request.headers, whole(), max_files=1, max_fields=16)
    parser.spool_max_size = most + 1  # beyond that a part would go to a file
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Refusal(422, f"the multipart body cannot be read ({error.message})") from None
    for part in form.values():
        if not isinstance(part, str):
            return await part.read()
    raise Refusal(422, "the multipart body has no file: send one, or the bytes alone")


def _there(body: bytes) -> bytes:
    if not body:
        raise Refusal(422, "the body is empty: send a picture or an .itg file")
    return body
