"""`intaglio compress`: pictures into .itg files."""

from __future__ import annotations

import argparse
import io
import warnings
from pathlib import Path
from typing import Any

from intaglio.cli import arguments, batch
from intaglio.cli.arguments import between
from intaglio.cli.jobs import Facts, Work
from intaglio.cli.terminal import Show
from intaglio.codecs import CODECS
from intaglio.endings import SUFFIXES
from intaglio.errors import OptionError, PictureError
from intaglio.files import Job, plan, read
from intaglio.format.fields import MAX_SIDE
from intaglio.options import FOCUS, FRAMES, WHITE, CompressOptions

MAX_INPUT = 1 << 30  # bytes of a picture on standard input, which has to be kept in memory


def add(commands: Any) -> None:
    parser = arguments.command(
        commands, "compress", compress, "Compress pictures into .itg files.", "IN... [OUT] [options]"
    )
    arguments.names(parser, ".itg")
    coding(parser)
    arguments.bare(parser)
    parser.add_argument(
        "--features",
        type=Path,
        metavar="DIR",
        help="folder of training's feature networks, for effort to see by in place of its own",
    )
    parser.add_argument("--keep-ending", action="store_true", help="a.jpg becomes a.jpg.itg in place of a.itg")
    parser.add_argument(
        "--page", type=between(int, 1), metavar="N", help="of an animation or a file of several pictures, from 1"
    )


def coding(parser: Any) -> None:
    """How pictures are coded."""
    purposes = ", ".join(f"{codec.name}: {codec.purpose}" for codec in CODECS.values())
    parser.add_argument(
        "--codec",
        choices=[*CODECS, "auto"],
        default="auto",
        help=f"{purposes}, auto: what suits the picture (default)",
    )
    rate = parser.add_mutually_exclusive_group()
    rate.add_argument(
        "-q",
        "--quality",
        type=between(float, 1, 100),
        default=50,
        help="1 to 100, default 50; past 60 bytes buy little, and AVIF or JPEG XL more",
    )
    rate.add_argument("-b", "--bytes", type=between(int, 1), metavar="N", help="the best picture in at most N bytes")
    parser.add_argument(
        "--effort",
        type=int,
        choices=range(10),
        default=0,
        metavar="0..9",
        help="time spent on a nearer picture in the same bytes",
    )
    parser.add_argument(
        "--focus",
        choices=FOCUS,
        default="auto",
        help="faces coded apart where that pays (auto), still more of the bytes for them (face, fasdiff), or not (off)",
    )
    parser.add_argument("--frame", choices=FRAMES, help="cut to the face first, as `intaglio frame` does")
    parser.add_argument(
        "--background",
        default=WHITE,
        metavar="COLOUR",
        help="under transparent parts, a name or #rrggbb, default white",
    )
    parser.add_argument(
        "--max-side", type=between(int, 1, MAX_SIDE), metavar="N", help="shrink larger pictures to it first"
    )
    parser.epilog = f"Endings of pictures that are read: {', '.join(sorted(SUFFIXES))}."


def compress(args: argparse.Namespace) -> int:
    jobs = plan(args.names, args.out, reads=SUFFIXES, writes=".itg", keep_ending=args.keep_ending)
    if args.focus == "face" and args.codec == "cgdm":
        raise OptionError("cgdm has no focus: leave --codec out, or take fasdiff")
    options(args)  # refused before anything is loaded
    return batch.run(jobs, prepare, args)


def prepare(args: argparse.Namespace) -> Work:
    from intaglio.codec import Codec
    from intaglio.format.fields import fraction
    from intaglio.image import open_picture
    from intaglio.info import inspect
    from intaglio.pipeline.coding import plenty

    asked = options(args)
    codec = Codec("fasdiff" if args.focus == "face" else args.codec, device=args.device, features=args.features)

    def work(job: Job, advance: Show) -> tuple[bytes, Facts]:
        image = open_picture(job.source or io.BytesIO(standard_input()), args.page)
        data = codec.compress(image, asked, progress=advance)
        info = inspect(data, bare=args.bare)
        if info.codec in CODECS and (advice := plenty(info.quality)):
            warnings.warn(advice, stacklevel=2)
        return data, {
            "codec": info.codec,
            "bytes": len(data),
            "bits_per_pixel": round(8 * len(data) / (info.width * info.height), 4),
            "scale": fraction(info.scale),
            "quality": info.quality,
        }

    return work


def options(args: argparse.Namespace) -> CompressOptions:
    """What the flags of `coding` ask for."""
    return CompressOptions(
        args.quality, args.bytes, args.effort, args.focus, args.bare,
        background=args.background, max_side=args.max_side, frame=args.frame,
    )  # fmt: skip


def standard_input() -> bytes:
    """A picture on standard input. Raises PictureError: it is over `MAX_INPUT` bytes long."""
    data = read(None, MAX_INPUT + 1)
    if len(data) > MAX_INPUT:
        raise PictureError(f"standard input has over {MAX_INPUT:,} bytes: give the picture as a file")
    return data
