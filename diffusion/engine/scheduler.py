"""The scheduler: which requests take part in the next step. Pure Python: no tensors, no clock.

Requests of one latent shape can share a forward pass. Addresses, and the users of one address, take
turns by the amount of work that they ask for; requests of one caller join in order of arrival.
Requests join a shape as long as sharing the pass is better for them than waiting; a small request
does not overtake a large one in front of it. All shapes get equal time, by deficit round robin over
the cost of their steps (Shreedhar & Varghese 1995), so large steps cannot starve small ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from diffusion.engine.shares import Caller, Shares
from diffusion.engine.shares import QueueFull as QueueFull
from diffusion.engine.turns import WorkTurns

NOBODY = Caller()


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of one pass have in common: the size of the latents in cells, the length of the
    texts in chunks, whether the picture tiles seamlessly, and whether torch runs the rows although
    OpenVINO runs others (`on_torch`)."""

    height: int
    width: int
    chunks: int = 1
    tile: bool = False
    on_torch: bool = False

    @property
    def cells(self) -> int:
        return self.height * self.width


@dataclass(frozen=True, slots=True)
class Entry:
    """A request as the scheduler sees it: it takes `rows` of the batch in each of `steps` steps."""

    key: int
    shape: Shape
    rows: int
    caller: Caller = NOBODY
    steps: int = 1

    @property
    def work(self) -> int:
        return self.shape.cells * self.rows * self.steps


class CostEstimates(Protocol):
    """The seconds of a step by its rows, and the most rows of a pass."""

    def seconds(self, shape: Shape, rows: int) -> float: ...

    def most(self, shape: Shape) -> int: ...


class Scheduler:
    """The waiting and the running requests. A request with more rows than a pass runs alone."""

    def __init__(self, costs: CostEstimates, max_waiting: int) -> None:
        self._costs = costs
        self._places = Shares(max_waiting)
        self._waiting: dict[int, Entry] = {}
        self._unready: set[int] = set()
        self._addresses = WorkTurns[str]()
        self._callers = WorkTurns[Caller]()
        # The first shape has the next turn. The credit is the seconds that it may still use.
        self._running: dict[Shape, dict[int, Entry]] = {}
        self._credit: dict[Shape, float] = {}

    def add(self, entry: Entry, ready: bool = True) -> int:
        """Queue a request; returns how many are in front of it. Raises QueueFull.

        A request that is not `ready` keeps its place, but others may pass it until it is.
        """
        self._places.take(entry.caller)
        caller, waiting = entry.caller, self._callers_waiting()
        if caller not in waiting:
            self._callers.join(caller)
        if caller.address not in {one.address for one in waiting}:
            self._addresses.join(caller.address)
        self._waiting[entry.key] = entry
        if not ready:
            self._unready.add(entry.key)
        return self.waiting().index(entry.key)

    def make_ready(self, key: int) -> None:
        """Mark a request as ready to join. Does nothing for an unknown key."""
        self._unready.discard(key)

    def remove(self, key: int) -> None:
        """Remove a waiting or running request. Does nothing for an unknown key."""
        if entry := self._waiting.pop(key, None):
            self._places.give_back(entry.caller)
        self._unready.discard(key)
        for shape, entries in list(self._running.items()):
            if entries.pop(key, None) and not entries:
                del self._running[shape], self._credit[shape]

    def next_step(self) -> tuple[Entry, ...]:
        """Admit requests, and return those of one shape for the next step; () if there are none."""
        self._admit()
        if not self._running:
            return ()
        costs = {
            shape: self._cost(tuple(entries.values())) for shape, entries in self._running.items()
        }
        while True:
            shape = next(iter(self._running))
            if self._credit[shape] >= costs[shape]:
                self._credit[shape] -= costs[shape]
                return tuple(self._running[shape].values())
            # Credit for the most expensive step, so that every shape can run in its next turn.
            self._credit[shape] += max(costs.values())
            self._running[shape] = self._running.pop(shape)

    def waiting(self) -> tuple[int, ...]:
        """The keys of the waiting requests in queue order."""
        return tuple(entry.key for entry in self._in_turn())

    def running(self) -> tuple[Entry, ...]:
        return tuple(entry for entries in self._running.values() for entry in entries.values())

    def rows_running(self) -> int:
        return sum(entry.rows for entry in self.running())

    def __len__(self) -> int:
        return len(self._waiting) + len(self.running())

    def _admit(self) -> None:
        full: set[Shape] = set()
        for entry in self._in_turn():
            if entry.key in self._unready:
                continue
            beside = tuple(self._running.get(entry.shape, {}).values())
            if entry.shape in full or (beside and not self._may_share((*beside, entry))):
                full.add(entry.shape)
                continue
            self._leave_queue(entry)
            self._running.setdefault(entry.shape, {})[entry.key] = entry
            if not beside:
                self._credit[entry.shape] = self._cost((entry,))

    def _in_turn(self) -> list[Entry]:
        entries = self._callers.order(self._waiting.values(), lambda entry: entry.caller)
        return self._addresses.order(entries, lambda entry: entry.caller.address)

    def _callers_waiting(self) -> set[Caller]:
        return {entry.caller for entry in self._waiting.values()}

    def _leave_queue(self, entry: Entry) -> None:
        """Take the request out of the queue because it starts now."""
        del self._waiting[entry.key]
        self._places.give_back(entry.caller)
        waiting, caller = self._callers_waiting(), entry.caller
        self._callers.begin(caller, entry.work, waiting)
        self._addresses.begin(caller.address, entry.work, {one.address for one in waiting})

    def _may_share(self, entries: Sequence[Entry]) -> bool:
        """Whether these are done sooner on average when they share steps.

        One after another, k requests are done after (k+1)/2 of them on average. When they share,
        all are done at the end, and every step takes as long as the shared step.
        """
        shape = entries[0].shape
        if sum(entry.rows for entry in entries) > self._costs.most(shape):
            return False
        alone = sum(self._costs.seconds(shape, entry.rows) for entry in entries) / len(entries)
        return self._cost(entries) <= alone * (len(entries) + 1) / 2

    def _cost(self, entries: Sequence[Entry]) -> float:
        rows = sum(entry.rows for entry in entries)
        return self._costs.seconds(entries[0].shape, rows)
