"""`intaglio frame`: portraits cut as a standard wants them."""

from __future__ import annotations

import argparse
import io
from typing import Any

from intaglio.cli import arguments, batch
from intaglio.cli.arguments import between
from intaglio.cli.compress import standard_input
from intaglio.cli.jobs import Facts, Work
from intaglio.cli.terminal import Show
from intaglio.endings import SUFFIXES
from intaglio.files import Job, NamesError, plan
from intaglio.options import FRAMES

MAX_WIDTH = 4096


def add(commands: Any) -> None:
    parser = arguments.command(
        commands, "frame", frame, "Cut portraits as a standard wants them, the eyes level.", "IN... [OUT] --frame NAME"
    )
    arguments.names(parser, ".png")
    parser.add_argument("--frame", choices=FRAMES, required=True, help="where the eyes lie and what is around the head")
    parser.add_argument(
        "--size", type=between(int, 32, MAX_WIDTH), metavar="N", help="width in pixels; the height follows"
    )
    parser.add_argument("--face", type=between(int, 1), metavar="N", help="of several faces, 1 is the largest")


def frame(args: argparse.Namespace) -> int:
    jobs = plan(args.names, args.out, reads=SUFFIXES, writes=".png")
    if same := next((job for job in jobs if job.source and job.source == job.target), None):
        raise NamesError(f"{same.source} would be overwritten by its frame: give a folder or another file as OUT")
    return batch.run(jobs, prepare, args)


def prepare(args: argparse.Namespace) -> Work:
    from PIL import Image

    from intaglio.faces import frames
    from intaglio.image import open_picture, to_rgb
    from intaglio.image.writing import encoded

    def work(job: Job, _: Show) -> tuple[bytes, Facts]:
        rgb, grey = to_rgb(open_picture(job.source or io.BytesIO(standard_input())))
        image = Image.fromarray(frames.frame(rgb, args.frame, width=args.size, face=args.face))
        return encoded(image.convert("L") if grey else image), {"width": image.width, "height": image.height}

    return work
