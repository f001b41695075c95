"""Whose turn it is, by the work that everyone has had. Pure.

Self-clocked fair queueing (Golestani 1994): each piece of work is due when its owner's earlier work
and its own would be done, on a clock that goes by the work that was begun. Who comes later starts
at the clock, so nobody has saved turns up, and nobody waits for ever behind those who come.
"""

from collections.abc import Callable, Collection, Hashable, Iterable
from typing import Generic, Protocol, TypeVar


class HasWork(Protocol):
    @property
    def work(self) -> int: ...


Owner = TypeVar("Owner", bound=Hashable)
Piece = TypeVar("Piece", bound=HasWork)


class WorkTurns(Generic[Owner]):
    """The clock, and how far each owner with work in the queue, or ahead of the clock, has come."""

    def __init__(self) -> None:
        self._clock = 0
        self._come: dict[Owner, int] = {}

    def __len__(self) -> int:
        return len(self._come)

    def join(self, owner: Owner) -> None:
        """The owner, who had nothing in the queue, has something now."""
        self._come[owner] = max(self._come.get(owner, 0), self._clock)

    def begin(self, owner: Owner, work: int, waiting: Collection[Owner]) -> None:
        """Work of this owner leaves the queue, in which the owners in `waiting` still have some."""
        self._come[owner] += work
        self._clock = max(self._clock, self._come[owner])
        self._come = {
            one: come for one, come in self._come.items() if come > self._clock or one in waiting
        }

    def order(self, pieces: Iterable[Piece], owner_of: Callable[[Piece], Owner]) -> list[Piece]:
        """The pieces in the order in which they are due; those of one owner stay in theirs."""
        come, due = dict(self._come), []
        for piece in pieces:
            owner = owner_of(piece)
            come[owner] += piece.work
            due.append((come[owner], piece))
        # Of equals the first one stays the first.
        return [piece for _, piece in sorted(due, key=lambda pair: pair[0])]
