"""`intaglio decompress`: .itg files into PNG, or another kind by the ending of OUT."""

from __future__ import annotations

import argparse
from typing import Any

from intaglio.cli import arguments, batch
from intaglio.cli.arguments import between
from intaglio.cli.jobs import Facts, Work
from intaglio.cli.terminal import Show
from intaglio.endings import WRITES
from intaglio.files import Job, plan, read
from intaglio.format import MAX_BYTES, MAX_PIXELS
from intaglio.options import STEPS, DecompressOptions


def add(commands: Any) -> None:
    parser = arguments.command(
        commands, "decompress", decompress, "Draw .itg files as pictures.", "IN... [OUT] [options]"
    )
    arguments.names(parser, ".png")
    parser.add_argument(
        "--format",
        choices=[ending[1:] for ending in WRITES],
        default="png",
        help="of what is written, default png; a file given as OUT says it by its ending",
    )
    drawing(parser)
    parser.add_argument("--decoder", choices=["lean", "reference"], default="lean", help="fast (default) or as trained")
    arguments.bare(parser)
    parser.add_argument(
        "--length", type=between(int, 1), metavar="N", help="the file is the first N bytes of a padded slot"
    )
    parser.add_argument(
        "--box",
        type=arguments.box,
        metavar="L,T,R,B",
        help="left, top, right, bottom: this part of the picture alone",
    )
    parser.add_argument("--salvage", action="store_true", help="draw what is left of a file that was cut or damaged")
    parser.add_argument(
        "--max-seconds", type=between(float, 0), metavar="S", help="give up a file that takes longer to draw"
    )
    parser.add_argument(
        "--max-pixels", type=between(int, 1), default=MAX_PIXELS, metavar="N", help="size that is accepted"
    )


def drawing(parser: Any) -> None:
    """How files are drawn."""
    parser.add_argument("--steps", type=int, choices=STEPS, default=4, help="of the diffusion, default 4")
    parser.add_argument(
        "--realism", type=between(float, 0, 1), default=1.0, help="0 plain and true, 1 detailed (default)"
    )
    parser.add_argument("--seed", type=between(int, 0), default=0, help="of the noise of the diffusion, default 0")


def decompress(args: argparse.Namespace) -> int:
    _options(args)  # refused before anything is loaded
    jobs = plan(args.names, args.out, reads={".itg"}, writes=f".{args.format}", takes=WRITES)
    return batch.run(jobs, prepare, args)


def prepare(args: argparse.Namespace) -> Work:
    from intaglio.codec import Codec
    from intaglio.image import encoded
    from intaglio.info import codec_of

    options = _options(args)
    codecs: dict[str, Codec] = {}

    def work(job: Job, advance: Show) -> tuple[bytes, Facts]:
        data = read(job.source, MAX_BYTES + 1)
        name = codec_of(data, bare=args.bare)
        if name not in codecs:
            codecs[name] = Codec(name, decoder=args.decoder, device=args.device)
        image = codecs[name].decompress(data, options, progress=advance)
        ending = job.target.suffix.lower() if job.target else f".{args.format}"
        return encoded(image, WRITES[ending]), {"width": image.width, "height": image.height}

    return work


def _options(args: argparse.Namespace) -> DecompressOptions:
    return DecompressOptions(
        args.steps, args.realism, args.seed, args.box, args.bare, args.length,
        salvage=args.salvage, max_pixels=args.max_pixels, max_seconds=args.max_seconds,
    )  # fmt: skip
