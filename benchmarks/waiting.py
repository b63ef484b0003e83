"""What benchmarks of a running daemon share: waiting for something, and spans of time in figures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

LOOK = 0.02
LONGEST = 300.0


def until(what: Callable[[], bool], look: float = LOOK) -> None:
    """Wait for it. look: seconds between two looks. Raises AssertionError after five minutes."""
    end = time.monotonic() + LONGEST
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(look)


def shown(spans: Sequence[float], factor: float = 1.0) -> dict[str, float]:
    """Percentiles of spans in seconds. factor: 1000 for milliseconds."""
    cuts = statistics.quantiles(spans, n=100, method="inclusive")
    return {
        "number": len(spans),
        "p50": round(cuts[49] * factor, 3),
        "p95": round(cuts[94] * factor, 3),
        "max": round(max(spans) * factor, 3),
    }
