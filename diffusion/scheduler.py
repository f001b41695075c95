"""Who takes part in the next step. Pure: knows keys, shapes and rows, no tensors and no clock.

Requests of one latent shape can share a forward pass. Within a shape they join in the order they
came, as rows free up, and a small request does not overtake a large one; between shapes the steps
go round, so no shape waits for another's to finish.
"""

from collections.abc import Callable
from dataclasses import dataclass


class QueueFull(Exception):
    """No more requests can wait."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Height and width of latents, in cells."""

    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A request as the scheduler sees it: `rows` of the batch, in every step, until removed."""

    key: int
    shape: Shape
    rows: int


class Scheduler:
    """The waiting and the running. `capacity` says how many rows of a shape run at a time.

    A request of more rows than that runs on its own.
    """

    def __init__(self, capacity: Callable[[Shape], int], max_waiting: int) -> None:
        self._capacity = capacity
        self._max_waiting = max_waiting
        self._waiting: dict[int, Entry] = {}
        # The shape whose turn is next comes first.
        self._running: dict[Shape, dict[int, Entry]] = {}

    def add(self, entry: Entry) -> int:
        """Let the request wait; returns how many are before it. Raises QueueFull."""
        if len(self._waiting) >= self._max_waiting:
            raise QueueFull
        self._waiting[entry.key] = entry
        return len(self._waiting) - 1

    def remove(self, key: int) -> None:
        """Forget a request, wherever it is; one that is not here is no mistake."""
        self._waiting.pop(key, None)
        for shape, entries in list(self._running.items()):
            if entries.pop(key, None) and not entries:
                del self._running[shape]

    def next_step(self) -> tuple[Entry, ...]:
        """Let requests join, and choose those of one shape for the next step; () if none."""
        self._admit()
        if not self._running:
            return ()
        shape = next(iter(self._running))
        entries = self._running.pop(shape)
        self._running[shape] = entries
        return tuple(entries.values())

    def waiting(self) -> tuple[int, ...]:
        """Keys of the waiting requests in the order they came; the index is the position."""
        return tuple(self._waiting)

    def rows_running(self) -> int:
        return sum(entry.rows for entries in self._running.values() for entry in entries.values())

    def __len__(self) -> int:
        return len(self._waiting) + sum(map(len, self._running.values()))

    def _admit(self) -> None:
        full: set[Shape] = set()
        for entry in list(self._waiting.values()):
            beside = self._running.get(entry.shape, {})
            taken = sum(other.rows for other in beside.values())
            if entry.shape in full or (beside and taken + entry.rows > self._capacity(entry.shape)):
                full.add(entry.shape)
                continue
            del self._waiting[entry.key]
            self._running.setdefault(entry.shape, {})[entry.key] = entry
