"""`intaglio serve`: an HTTP server of the codec, and of the page that reads files in the browser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from intaglio.cli import arguments
from intaglio.cli.arguments import between
from intaglio.errors import OptionError


def add(commands: Any) -> None:
    parser = arguments.command(commands, "serve", serve, "Serve the codec over HTTP.", "[options]")
    whole = between(int, 1)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at, default 127.0.0.1")
    parser.add_argument("--port", type=between(int, 0, 65535), default=8765, help="default 8765")
    parser.add_argument("--page", type=Path, metavar="DIR", help="folder of the web reader, served at /")
    parser.add_argument("--max-body", type=whole, default=16_000_000, metavar="N", help="bytes of an upload")
    parser.add_argument("--max-pixels", type=whole, default=16_000_000, metavar="N", help="of a picture")
    parser.add_argument("--max-seconds", type=between(float, 0), default=60.0, metavar="S", help="of a request")
    parser.add_argument("--workers", type=whole, default=1, metavar="N", help="pictures at once, default 1")
    parser.add_argument("--queue", type=between(int, 0), default=32, metavar="N", help="requests that wait, default 32")
    parser.add_argument(
        "--client", type=whole, default=16, metavar="N", help="requests of one address at once, default 16"
    )


def serve(args: argparse.Namespace) -> int:
    try:
        import multipart  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise OptionError(f"serving needs {error.name}: `pip install 'intaglio[serve]'` brings all of it") from None
    from intaglio.serve.limits import Limits
    from intaglio.serve.site import application

    if args.page is not None and not (args.page / "index.html").is_file():
        raise OptionError(f"{args.page} has no index.html: name the folder of the web reader")
    limits = Limits(args.max_body, args.max_pixels, args.max_seconds, args.workers, args.queue, args.client)
    uvicorn.run(
        application(limits, args.page), host=args.host, port=args.port, log_level="warning", access_log=False,
        timeout_graceful_shutdown=10, timeout_keep_alive=5, limit_concurrency=4 * (args.workers + args.queue) + 32,
    )  # fmt: skip
    return 0
