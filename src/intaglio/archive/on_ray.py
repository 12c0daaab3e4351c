"""Items done on a Ray cluster: networks stay warm in actors, Ray Data streams items to them and rows back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from itertools import islice
from typing import Any

import numpy as np

from intaglio.archive.manifest import Row
from intaglio.archive.places import Item
from intaglio.archive.tasks import Worker
from intaglio.errors import OptionError

BLOCK = 20_000  # items of the listing that are given to Ray at once: it holds no more of it
BATCH = 8  # items that an actor is given at once

Columns = dict[str, Any]


class Actor:
    """A process of the cluster."""

    def __init__(self, worker: Worker) -> None:
        self.do = worker.ready()

    def __call__(self, batch: Columns) -> Columns:
        items = (Item(*(_plain(value) for value in row)) for row in zip(*(batch[f.name] for f in fields(Item))))
        rows = [asdict(self.do(item)) for item in items]
        return {f.name: np.array([row[f.name] for row in rows]) for f in fields(Row)}


def on_ray(worker: Worker, items: Iterator[Item], count: int, address: str | None, gpus: float) -> Iterator[Row]:
    """All items in `count` actors of a cluster, as they get done.

    Args:
        address: of the cluster, as `ray.init` takes it; None starts one on this machine, or takes the environment's.
        gpus: of each actor, a fraction for several on one.

    Raises:
        OptionError: Ray is not installed.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise OptionError("ray is not installed: `pip install 'intaglio[ray]'` brings it") from error
    while block := [asdict(item) for item in islice(items, BLOCK)]:
        if not ray.is_initialized():
            ray.init(address=address, log_to_driver=False, include_dashboard=False)
        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = ray.data.from_items(block, override_num_blocks=min(len(block), 4 * count)).map_batches(
            Actor,
            fn_constructor_args=(worker,),
            batch_size=BATCH,
            num_cpus=1,
            num_gpus=gpus,
            compute=ray.data.ActorPoolStrategy(size=count),
        )
        for row in rows.iter_rows():
            yield Row(**{name: _plain(value) for name, value in row.items()})


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
