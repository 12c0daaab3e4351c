"""Bodies of requests, raw or multipart, in memory alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from intaglio.serve.limits import Refusal


async def upload(request: Request, most: int) -> bytes:
    """The body of a request: its first file where it is multipart.

    Raises:
        Refusal: it is longer than `most` bytes (413), empty, or has no file (422).
    """
    too_long = Refusal(
        413, f"the body is over {most:,} bytes: send a smaller picture, or start the server with --max-body"
    )
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > most:
        raise too_long
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise too_long
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return _there(bytes(body))
    return _there(await _part(request, bytes(body), most))


async def _part(request: Request, body: bytes, most: int) -> bytes:
    async def whole() -> AsyncIterator[bytes]:
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
