"""The fleet event by event: jobs come, are claimed for free engines, drawn and stored."""

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.simulation.demand import SimulatedJob, all_at_once
from benchmarks.simulation.engines import KnownCosts, SimulatedEngine
from benchmarks.simulation.line import WaitingLine
from diffusion.engine.cost_model import CostModel


@dataclass(frozen=True, slots=True)
class Fleet:
    """`engines` engines that are all alike, each with `jobs_at_once` places."""

    costs: CostModel
    engines: int = 1
    jobs_at_once: int = 4
    before_s: float = 0.0
    """Seconds from the claim of a job until its request can make a step."""
    after_s: float = 0.0
    """Seconds from its last pixel until it is stored, and its place is free."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of the jobs, oldest first. `busy` is the share of the time that engines worked,
    `mean_in_system` how many jobs waited or ran on average, counted while time went on."""

    jobs: tuple[SimulatedJob, ...]
    seconds: float
    busy: float
    mean_in_system: float

    @property
    def rate(self) -> float:
        """Jobs a second."""
        return len(self.jobs) / self.seconds


class _Run:
    """One simulation. Events of one moment happen in the order in which they were planned."""

    def __init__(self, fleet: Fleet, jobs: Sequence[SimulatedJob]) -> None:
        costs = KnownCosts(fleet.costs)
        self._fleet = fleet
        self._engines = [SimulatedEngine(costs, fleet.jobs_at_once) for _ in range(fleet.engines)]
        self._plans = [0] * fleet.engines
        self._line = WaitingLine()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._jobs = jobs
        self._now = 0.0
        self._in_system = 0
        self._area = 0.0

    def play(self) -> Played:
        for job in self._jobs:
            self._at(job.arrived, lambda job=job: self._arrive(job))  # type: ignore[misc]
        while self._events:
            then, _, happen = heapq.heappop(self._events)
            self._area += self._in_system * (then - self._now)
            self._now = then
            happen()
        busy = sum(engine.busy_s for engine in self._engines) / len(self._engines)
        return Played(tuple(self._jobs), self._now, busy / self._now, self._area / self._now)

    def _at(self, then: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (then, next(self._order), happen))

    def _arrive(self, job: SimulatedJob) -> None:
        self._in_system += 1
        self._line.add(job)
        self._claim()

    def _claim(self) -> None:
        """Claim for free engines, the least loaded first, as the queue worker does."""
        while free := [n for n, engine in enumerate(self._engines) if engine.is_free]:
            job = self._line.claim()
            if job is None:
                return
            number = min(free, key=lambda n: self._engines[n].load)
            job.claimed = self._now
            self._engines[number].running += 1
            self._at(
                self._now + self._fleet.before_s,
                lambda job=job, number=number: self._send(job, number),  # type: ignore[misc]
            )

    def _send(self, job: SimulatedJob, number: int) -> None:
        self._bring_up(number)
        self._engines[number].add(job)
        self._plan(number)

    def _plan(self, number: int) -> None:
        """Plan the next event of an engine; what was planned before counts no more."""
        self._plans[number] += 1
        plan, then = self._plans[number], self._engines[number].next_event()
        if then is not None:
            self._at(then, lambda: self._work(number, plan))

    def _work(self, number: int, plan: int) -> None:
        if plan == self._plans[number]:
            self._bring_up(number)
            self._plan(number)

    def _bring_up(self, number: int) -> None:
        for job in self._engines[number].advance(self._now):
            self._at(
                self._now + self._fleet.after_s,
                lambda job=job: self._end(job, number),  # type: ignore[misc]
            )

    def _end(self, job: SimulatedJob, number: int) -> None:
        job.done = self._now
        self._in_system -= 1
        self._engines[number].running -= 1
        self._line.end(job)
        self._claim()


def simulate(fleet: Fleet, jobs: Sequence[SimulatedJob]) -> Played:
    """Play the jobs through to the last; they are told what became of them."""
    return _Run(fleet, jobs).play()


def capacity(fleet: Fleet, jobs: Sequence[SimulatedJob]) -> float:
    """Jobs a second of a fleet for which there is always one more."""
    return simulate(fleet, all_at_once(jobs)).rate


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of them, above 0, does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]
