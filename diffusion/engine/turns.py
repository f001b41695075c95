"""Fair queueing by the amount of work that every owner has had. Pure Python.

Self-clocked fair queueing (Golestani 1994): a piece of work is due when its owner's earlier work
and this piece would be done. The clock follows the work that was started. A new owner starts at the
clock, so idle owners cannot save up turns, and every owner gets a turn.
"""

from collections.abc import Callable, Collection, Hashable, Iterable
from typing import Generic, Protocol, TypeVar


class HasWork(Protocol):
    @property
    def work(self) -> int: ...


Owner = TypeVar("Owner", bound=Hashable)
Piece = TypeVar("Piece", bound=HasWork)


class WorkTurns(Generic[Owner]):
    """The clock, and the progress of each owner that has work in the queue or is ahead of it."""

    def __init__(self) -> None:
        self._clock = 0
        self._come: dict[Owner, int] = {}

    def __len__(self) -> int:
        return len(self._come)

    def join(self, owner: Owner) -> None:
        """Add an owner that had no work in the queue."""
        self._come[owner] = max(self._come.get(owner, 0), self._clock)

    def begin(self, owner: Owner, work: int, waiting: Collection[Owner]) -> None:
        """Start a piece of `work` of an owner; `waiting` are the owners with work in the queue."""
        self._come[owner] += work
        self._clock = max(self._clock, self._come[owner])
        self._come = {
            one: come for one, come in self._come.items() if come > self._clock or one in waiting
        }

    def order(self, pieces: Iterable[Piece], owner_of: Callable[[Piece], Owner]) -> list[Piece]:
        """The pieces in the order in which they are due; one owner's pieces keep their order."""
        come, due = dict(self._come), []
        for piece in pieces:
            owner = owner_of(piece)
            come[owner] += piece.work
            due.append((come[owner], piece))
        # The sort is stable: equal ones keep their order.
        return [piece for _, piece in sorted(due, key=lambda pair: pair[0])]
