"""Jobs that members ask for: when they come, of which size and mode, and whose they are."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from diffusion.engine.scheduler import Shape
from storage.models import JobMode

Kind = TypeVar("Kind")

FAST_ONLY: Mapping[JobMode, float] = {JobMode.FAST: 1.0}


@dataclass(frozen=True, slots=True)
class Work:
    """What a job is to an engine: `rows` of a shape in each of `steps`, then decoding."""

    name: str
    shape: Shape
    rows: int
    steps: int
    decode_s: float = 0.0
    """Seconds in which an idle engine decodes all its pictures."""


@dataclass(slots=True, eq=False)
class SimulatedJob:
    """A job, and when what became of it. All times are in seconds from the start."""

    number: int
    member_id: int
    mode: JobMode
    work: Work
    arrived: float
    at_a_time: int | None = None
    claimed: float = 0.0
    begun: float = 0.0
    """When its first step began."""
    stepped: float = 0.0
    """When its first step was made."""
    done: float = 0.0
    steps_made: int = field(default=0, repr=False)

    @property
    def wait(self) -> float:
        return self.begun - self.arrived

    @property
    def latency(self) -> float:
        return self.done - self.arrived


@dataclass(frozen=True, slots=True)
class Demand:
    """Jobs that come by chance (a Poisson process), `rate` a second.

    `work` and `modes` have the shares of each kind, which sum up to 1. The member of each is one of
    `members`, all alike. `at_a_time` is how many jobs of a member may run at once.
    """

    rate: float
    work: Mapping[Work, float]
    modes: Mapping[JobMode, float] = field(default_factory=lambda: FAST_ONLY)
    members: int = 1000
    at_a_time: int | None = None

    def jobs(self, count: int, seed: int) -> list[SimulatedJob]:
        """The first `count` jobs, oldest first."""
        chance, now, jobs = random.Random(seed), 0.0, []
        for number in range(count):
            now += chance.expovariate(self.rate)
            jobs.append(
                SimulatedJob(
                    number,
                    chance.randrange(self.members),
                    _one_of(self.modes, chance),
                    _one_of(self.work, chance),
                    now,
                    self.at_a_time,
                )
            )
        return jobs


def all_at_once(jobs: Sequence[SimulatedJob]) -> list[SimulatedJob]:
    """The same jobs, but all wait from the start: what a fleet can do at most."""
    return [
        SimulatedJob(one.number, one.member_id, one.mode, one.work, 0.0, one.at_a_time)
        for one in jobs
    ]


def _one_of(shares: Mapping[Kind, float], chance: random.Random) -> Kind:
    return chance.choices(list(shares), list(shares.values()))[0]
