"""Archives of pictures, of any size: folders, buckets and tars to trees of .itg files, and back.

    archive("photos", "s3://bucket/archive", Compression(CompressOptions(quality=40)), workers=8)
    restore("s3://bucket/archive", "again", Restoration(".png"))

What was done stands in a manifest in the destination, so the same call goes on where it was stopped. The names are imported
when they are first asked for. Raises OptionError then, where `intaglio[archive]` is not installed.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from intaglio.errors import OptionError

if TYPE_CHECKING:
    from intaglio.archive.runs import Summary, archive, restore
    from intaglio.archive.tasks import Compression, Restoration

__all__ = ["Compression", "Restoration", "Summary", "archive", "restore"]

_LAZY = {
    "Compression": "tasks",
    "Restoration": "tasks",
    "Summary": "runs",
    "archive": "runs",
    "restore": "runs",
}
_NEEDED = ("fsspec", "pyarrow")


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'intaglio.archive' has no attribute {name!r}")
    if missing := [module for module in _NEEDED if find_spec(module) is None]:
        raise OptionError(f"archives need {', '.join(missing)}: `pip install 'intaglio[archive]'` brings all of it")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
