"""`archive` and `restore` for programs, as the command has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Literal, Unpack

from intaglio.archive import archiving, local_engine
from intaglio.archive.archiving import Report
from intaglio.archive.manifest import Known, Row
from intaglio.archive.picture_work import Settings
from intaglio.options import CompressKeywords, CompressOptions, DecompressKeywords, DecompressOptions
from intaglio.processes import share_of_cores

Show = Callable[[Report, Row], object]


@dataclass(frozen=True)
class Workers:
    """Who does the work: processes on this machine, or Ray's.

    Args:
        jobs: pictures at once; None: one a core.
        engine: "pool" or "ray".
        address: of a Ray cluster that runs, or "auto".
        gpus: of each of Ray's workers; .25: four share one.
    """

    jobs: int | None = None
    engine: Literal["pool", "ray"] = "pool"
    address: str | None = None
    gpus: float = 0.0

    def rows(self, settings: Settings, known: Known) -> Iterator[Row]:
        jobs = self.jobs or max(1, share_of_cores(1) // (settings.threads or 1))
        if self.engine == "pool":
            return local_engine.rows(settings, known, jobs)
        from intaglio.archive import ray_engine  # which lists on a machine of its own, and reads there what is known

        return ray_engine.rows(settings, jobs, address=self.address, gpus=self.gpus)


def archive(
    source: str | PathLike[str],
    target: str | PathLike[str],
    options: CompressOptions | None = None,
    *,
    codec: str = "auto",
    device: str | None = None,
    threads: int | None = None,
    workers: Workers = Workers(),
    show: Show = lambda report, row: None,
    **keywords: Unpack[CompressKeywords],
) -> Report:
    """Compresses all pictures of a folder, an address or a tar that are not done yet, or have changed.

    Processes are started: call it under `if __name__ == "__main__":`.

    Args:
        source: where pictures, or tars of pictures, are: a folder, an address, or a tar.
        target: a folder or an address; the list of what is done lies there too.
        options: a `CompressOptions`, or its fields as keywords.
        codec: as `Codec` has it.
        device: as `Codec` has it.
        threads: of each process, by default its share.
        workers: who does the work.
        show: is called after each picture with how far all is, and the picture's row of the list.

    Returns:
        how many are done and failed; a failed one is a row of the list and no exception.

    Raises:
        IntaglioError: there is no source, or the networks cannot be loaded.
    """
    options = CompressOptions.of(options, keywords)
    return archiving.run(Settings(fspath(source), fspath(target), options, codec, device, threads), workers.rows, show)


def restore(
    source: str | PathLike[str],
    target: str | PathLike[str],
    options: DecompressOptions | None = None,
    *,
    ending: str = ".png",
    device: str | None = None,
    threads: int | None = None,
    workers: Workers = Workers(),
    show: Show = lambda report, row: None,
    **keywords: Unpack[DecompressKeywords],
) -> Report:
    """Draws all .itg files of an archive that are not drawn yet, or have changed, as files of an ending; else as `archive`."""
    options = DecompressOptions.of(options, keywords)
    settings = Settings(fspath(source), fspath(target), options, device=device, threads=threads, ending=ending)
    return archiving.run(settings, workers.rows, show)
