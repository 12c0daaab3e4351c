"""Counts for Prometheus, in its text format."""

from __future__ import annotations

from collections import Counter

BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Seconds."""


class Metrics:
    """Of one server; used in the event loop alone."""

    def __init__(self) -> None:
        self._answers = Counter[tuple[str, int]]()
        self._seconds: dict[str, list[float]] = {}  # counts of buckets, then sum and number

    def count(self, path: str, status: int, seconds: float) -> None:
        """One answered request."""
        self._answers[path, status] += 1
        row = self._seconds.setdefault(path, [0.0] * (len(BUCKETS) + 2))
        for i, limit in enumerate(BUCKETS):
            row[i] += seconds <= limit
        row[-2] += seconds
        row[-1] += 1

    def text(self, inside: int) -> str:
        """All of it; `inside` requests wait or are worked on."""
        lines = ["# TYPE intaglio_requests_total counter"]
        for (path, status), n in sorted(self._answers.items()):
            lines.append(f'intaglio_requests_total{{path="{path}",status="{status}"}} {n}')
        lines.append("# TYPE intaglio_seconds histogram")
        for path, row in sorted(self._seconds.items()):
            for limit, below in zip((*BUCKETS, "+Inf"), (*row[:-2], row[-1])):
                lines.append(f'intaglio_seconds_bucket{{path="{path}",le="{limit}"}} {below:g}')
            lines.append(f'intaglio_seconds_sum{{path="{path}"}} {row[-2]:g}')
            lines.append(f'intaglio_seconds_count{{path="{path}"}} {row[-1]:g}')
        return "\n".join([*lines, "# TYPE intaglio_inside gauge", f"intaglio_inside {inside}", ""])
