"""The application: its paths, and what each answers."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from intaglio.codec import Codec
from intaglio.errors import IntaglioError, LimitExceeded
from intaglio.image import as_picture, encoded
from intaglio.info import inspect
from intaglio.serve import openapi, queries
from intaglio.serve.desk import Desk
from intaglio.serve.isolation import Isolation
from intaglio.serve.limits import Limits, Refusal
from intaglio.serve.metrics import Metrics
from intaglio.serve.uploads import upload

CLOSED = 499  # in the counts: the client went away
Answer = Callable[[Request], Awaitable[Response]]


class Site:
    """The API over one codec, which all threads share."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.desk, self.metrics = limits, Desk(limits), Metrics()
        self.codec = Codec()

    async def compress(self, request: Request) -> Response:
        """A picture to .itg bytes."""
        options = queries.compress_options(request.query_params)
        body = await upload(request, self.limits.body, self.limits.upload)

        def work() -> bytes:
            picture = as_picture(body)
            if picture.width * picture.height > self.limits.pixels:
                raise LimitExceeded(f"the picture has over {self.limits.pixels:,} pixels: send a smaller one")
            return self.codec.compress(picture, options)

        return Response(await self.desk.do(work), media_type="application/octet-stream")

    async def decompress(self, request: Request) -> Response:
        """.itg bytes to a PNG."""
        options = queries.decompress_options(request.query_params, self.limits)
        body = await upload(request, self.limits.body, self.limits.upload)

        def work() -> bytes:
            return encoded(self.codec.decompress(body, options), "PNG")

        return Response(await self.desk.do(work), media_type="image/png")

    async def inspect(self, request: Request) -> Response:
        """What is in a file's header."""
        bare = queries.decompress_options(request.query_params, self.limits).bare
        body = await upload(request, self.limits.body, self.limits.upload)
        return JSONResponse(await self.desk.do(lambda: asdict(inspect(body, bare=bare, max_pixels=self.limits.pixels))))

    def guarded(self, answer: Answer) -> Answer:
        """The answer to a request that has a seat, or one sentence that says why there is none; counted."""

        async def guarded(request: Request) -> Response:
            start, client = time.monotonic(), request.client.host if request.client else ""
            status, response = 200, Response()
            try:
                async with self.desk.seat(client):
                    response = await answer(request)
            except Refusal as refusal:
                status, response = refusal.status, _sentence(refusal.status, refusal.sentence)
            except LimitExceeded as error:
                status, response = 413, _sentence(413, str(error))
            except IntaglioError as error:
                status, response = 422, _sentence(422, str(error))
            except ClientDisconnect:
                status = CLOSED
            self.metrics.count(request.url.path, status, time.monotonic() - start)
            return response

        return guarded

    async def healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def counts(self, request: Request) -> Response:
        return PlainTextResponse(self.metrics.text(self.desk.inside))

    async def description(self, request: Request) -> Response:
        return JSONResponse(openapi.description())

    async def docs(self, request: Request) -> Response:
        return HTMLResponse(openapi.page())


def _sentence(status: int, text: str) -> Response:
    headers = {"Retry-After": "5"} if status in (429, 503) else {}
    return Response(json.dumps({"error": text}), status, {**headers, "Connection": "close"}, "application/json")


def application(limits: Limits, page: Path | None = None) -> Starlette:
    """The whole server: the API and, where `page` is the folder of the web reader, that at /."""
    site = Site(limits)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        site.desk.close()

    routes: list[Route | Mount] = [
        Route(f"/{name}", site.guarded(getattr(site, name)), methods=["POST"])
        for name in ("compress", "decompress", "inspect")
    ]
    routes += [
        Route("/healthz", site.healthz),
        Route("/metrics", site.counts),
        Route("/openapi.json", site.description),
        Route("/docs", site.docs),
    ]
    if page is not None:
        routes.append(Mount("/", StaticFiles(directory=page, html=True)))
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(Isolation)])
