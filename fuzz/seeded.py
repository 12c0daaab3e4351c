"""What the fuzzers here have in common: seeded tries, each of which can be run again by its number, and a bound on memory."""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence

from intaglio.errors import IntaglioError

MEGABYTE = 1 << 20


def run(
    one: Callable[[random.Random], None], argv: Sequence[str] | None, *, tries: int, megabytes: int, about: str | None
) -> int:
    """Calls `one(random)` so many times: it may end well or in an IntaglioError, all else is a fault and is printed.

    Returns:
        0 if there was no fault, and the peak of memory is at most `megabytes` over what was there before.
    """
    top = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--tries", type=int, default=tries, metavar="N", help=f"default {tries}")
    top.add_argument("--seed", type=int, default=0, metavar="N", help="number of the first try, default 0")
    args = top.parse_args(argv)
    refused = faults = 0
    before, start = peak(), time.perf_counter()
    for number in range(args.seed, args.seed + args.tries):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                one(random.Random(number))
        except IntaglioError:
            refused += 1
        except Exception:
            faults += 1
            print(f"--seed {number} --tries 1", file=sys.stderr)
            traceback.print_exc(limit=-4)
    grown = peak() - before
    print(
        f"{args.tries} tries: {refused} refused, {faults} faults; {time.perf_counter() - start:.0f} s, "
        f"{grown} MB more than before (at most {megabytes})"
    )
    return 1 if faults or grown > megabytes else 0


def peak() -> int:
    """The most memory that this process has had, in megabytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (MEGABYTE if sys.platform == "darwin" else 1024)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Damaged in one to four places: bits flipped, numbers put in, parts cut out, doubled or made noise, the end cut off."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(out) + 1), rng.choice((1, 2, 4, 8, 64))
        match rng.randrange(6):
            case 0 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                out[at : at + length] = rng.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * length
            case 2:
                del out[at : at + length]
            case 3:
                out[at:at] = out[at : at + length]
            case 4:
                out[at : at + length] = rng.randbytes(length)
            case _:
                if rng.random() < 0.3:
                    del out[at:]
    return bytes(out)
