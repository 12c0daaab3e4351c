"""Files written whole or not at all, and never over another one without being told so.

The bytes go into a file beside the target, which takes the target's name at the end: by a link, which fails where the
name is taken, or by a rename, which replaces. A full disk, an error, a power cut or two processes with one target leave
an old file, a whole new one, or none. To an address go all bytes in one put, at the end.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from intaglio.places import Place, is_local, put

_MACHINE = zlib.crc32(socket.gethostname().encode())
_PART = re.compile(r"\.intaglio-([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.part")  # machine, process, what tells two apart


def write(target: Place | None, data: bytes, *, replace: bool = True) -> None:
    """Writes a file, and the folders that it lies in; or to standard output.

    A link is followed, and what is replaced leaves its permissions to the new file.

    Raises:
        FileExistsError: `replace` is False and the name is taken, at whatever moment that came about.
        OSError: it cannot be written, or what is there is no ordinary file. The error names the target.
    """
    if target is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    if not is_local(target):
        put(target, data, replace=replace)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    place = _place(target) if replace else target
    if replace and place.exists() and not place.is_file():
        raise OSError(
            f"{target} is no ordinary file, and only those are replaced: name another, or - for standard output"
        )
    part = place.with_name(f".intaglio-{_MACHINE:08x}-{os.getpid()}-{os.urandom(8).hex()}.part")
    try:
        with part.open("xb") as file:
            if replace and place.exists():
                _like(place, part)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            part.replace(place)
        else:
            _take(part, place)
    except OSError as error:  # of the target, not of the file beside it, which nobody knows
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        part.unlink(missing_ok=True)


def tidy(targets: Iterable[Place]) -> None:
    """Removes what runs that were killed have left beside these targets: only ours, of processes that live no more."""
    for folder in {_place(target).parent for target in targets if is_local(target)}:
        with suppress(OSError):
            for name in os.listdir(folder):
                part = _PART.fullmatch(name)
                if part and int(part[1], 16) == _MACHINE and not _alive(int(part[2])):
                    (folder / name).unlink(missing_ok=True)


def _place(target: Path) -> Path:
    """Where the bytes of a target lie: behind a link, if it is one."""
    return Path(os.path.realpath(target)) if target.is_symlink() else target


def _like(old: Path, new: Path) -> None:
    """Owner, where the system lets us, and permissions."""
    with suppress(OSError, AttributeError):
        os.chown(new, (status := old.stat()).st_uid, status.st_gid)
    shutil.copymode(old, new)


def _take(part: Path, target: Path) -> None:
    """Gives a file a name that is free, in one step."""
    if os.name == "nt":
        part.rename(target)  # fails there where the name is taken
        return
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the name is taken first, empty for a moment
        target.open("xb").close()
        part.replace(target)


def _alive(process: int) -> bool:
    if os.name == "nt":
        return False  # there a file that is open cannot be removed
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True
