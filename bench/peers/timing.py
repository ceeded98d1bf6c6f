"""How a call from Python is timed, here and in the environment of the peers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any


def median_us(
    call: Callable[[Any], Any], blocks: Sequence[Any], rows: Sequence[int], seconds: float
) -> float:
    """CPU microseconds of the process a row: the median of calls with one block after the other,
    which have as many `rows`."""
    took: list[float] = []
    start = time.thread_time()
    while not took or (time.thread_time() - start < seconds and len(took) < 50_000):
        at = len(took) % len(blocks)
        began = time.process_time_ns()
        call(blocks[at])
        took.append((time.process_time_ns() - began) / 1e3 / rows[at])
    return statistics.median(took)
