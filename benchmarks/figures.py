"""The timings of a round, and their statistics over rounds."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """One round: seconds from the start until each request was `done`, and until each could show
    its first preview (`shown`); and the number of `pictures`."""

    done: tuple[float, ...]
    shown: tuple[float, ...]
    pictures: int

    @property
    def total(self) -> float:
        return max(self.done)

    @property
    def mean(self) -> float:
        return statistics.mean(self.done)

    @property
    def p95(self) -> float:
        """The 95th percentile of the latencies."""
        return sorted(self.done)[math.ceil(0.95 * len(self.done)) - 1]

    @property
    def preview(self) -> float:
        return statistics.mean(self.shown)

    @property
    def rate(self) -> float:
        return self.pictures / self.total


def median(rounds: Sequence[Timing], read: Callable[[Timing], float]) -> float:
    return statistics.median(read(one) for one in rounds)
