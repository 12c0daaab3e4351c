"""What an adapter says of the checkpoint that it was trained over. Needs no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

from intaglio.errors import WeightsError


@dataclass(frozen=True)
class Base:
    """A checkpoint, for whoever must find it."""

    name: str  # for people: of a folder, a file, or on the hub
    identity: str  # 16 hex digits, of its sizes, its noise schedule and some of its tensors (`checkpoint_identity`)

    def __str__(self) -> str:
        return f"{self.name} ({self.identity})"

    def dump(self) -> str:
        """As a weights file's metadata hold it."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, metadata: Mapping[str, str], source: str) -> Self | None:
        """What a weights file's metadata say; None where it is over no checkpoint.

        Raises:
            WeightsError: they say something else.
        """
        text = metadata.get("base")
        if text is None:
            return None
        try:
            fields = json.loads(text)
            return cls(name=str(fields["name"])[:200], identity=str(fields["identity"])[:16])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise WeightsError(f"{source} does not say which checkpoint it is over") from error
