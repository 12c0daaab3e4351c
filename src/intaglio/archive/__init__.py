"""Archives of any size: every picture of a folder, a bucket or tars into an .itg file, and back, with a list of what is done.

`listing` finds pictures as they come, `manifest` knows which are done, `picture_work` does one, an engine (`local_engine`,
`ray_engine`) does many at once, and `archiving` puts these together. Nothing holds the whole listing. Programs call
`archive` and `restore`, which are imported when they are first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intaglio.archive.archiving import Report
    from intaglio.archive.interface import Workers, archive, restore

__all__ = ["Report", "Workers", "archive", "restore"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'intaglio.archive' has no attribute {name!r}")
    from intaglio.archive import interface

    return getattr(interface, name)
