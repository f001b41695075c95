"""The tables of docs/scale.md: what is simulated, and how it is reported."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from benchmarks.report import table
from benchmarks.simulation.cards import H100, SD15, SDXL, DrawnModel
from benchmarks.simulation.demand import FAST_ONLY, Demand, SimulatedJob
from benchmarks.simulation.fleet import Fleet, Played, capacity, percentile, simulate
from bot.config import Settings
from storage.models import JobMode

CARD = H100
LOADS = (0.5, 0.7, 0.8, 0.9, 0.95)
ENGINES = (1, 4, 16)
DRAFTS = (0.0, 0.25, 0.5, 0.75)
MIXED_MODES: Mapping[JobMode, float] = {JobMode.FAST: 0.6, JobMode.RELAX: 0.3, JobMode.TURBO: 0.1}
DEFAULT_JOBS_AT_ONCE: int = Settings.model_fields["jobs_at_once"].default
MODE_CASES = ((0.9, DEFAULT_JOBS_AT_ONCE), (1.1, DEFAULT_JOBS_AT_ONCE), (1.1, 2))
"""Loads, and how many jobs an engine is sent at once."""

MEMBERS = 500
"""Members who ask; each may have `AT_A_TIME` jobs running."""

AT_A_TIME = 3
WARM_UP = 0.1
"""The share of jobs, the first ones, that find an empty fleet and are not counted."""

CAPACITY_JOBS = 400


@dataclass(frozen=True, slots=True)
class Scenario:
    """`load` is the jobs that come, times what a fleet that draws no drafts could draw."""

    load: float
    engines: int = 4
    drafts: float = 0.0
    modes: Mapping[JobMode, float] = field(default_factory=lambda: FAST_ONLY)
    model: DrawnModel = SDXL
    jobs_at_once: int = DEFAULT_JOBS_AT_ONCE
    jobs: int = 3000
    seed: int = 20

    @property
    def fleet(self) -> Fleet:
        return Fleet(CARD.costs(self.model), self.engines, self.jobs_at_once)

    def demand(self, rate: float, drafts: float) -> Demand:
        work = {CARD.work(self.model, draft=False): 1 - drafts}
        if drafts:
            work[CARD.work(self.model, draft=True)] = drafts
        return Demand(rate, work, self.modes, MEMBERS, AT_A_TIME)

    def play(self) -> Played:
        full = capacity(self.fleet, self.demand(1.0, 0.0).jobs(CAPACITY_JOBS, self.seed))
        demand = self.demand(self.load * full, self.drafts)
        return simulate(self.fleet, demand.jobs(self.jobs, self.seed))


def play(scenario: Scenario) -> Played:
    """Play one scenario, in a process of its own."""
    return scenario.play()


def counted(played: Played) -> Sequence[SimulatedJob]:
    """The jobs that did not find an empty fleet."""
    return played.jobs[int(WARM_UP * len(played.jobs)) :]


def waits(jobs: Sequence[SimulatedJob]) -> list[str]:
    """Median, 95th and 99th percentiles of the seconds until the first step and until the end."""
    cells = []
    for times in ([job.wait for job in jobs], [job.latency for job in jobs]):
        cells += [f"{percentile(times, share):.1f}" for share in (0.5, 0.95, 0.99)]
    return cells


HEAD = ("waits, median", "95 %", "99 %", "is done, median", "95 %", "99 %")


def by_load(play_all: Callable[[Sequence[Scenario]], Sequence[Played]], jobs: int) -> str:
    """Waits by load and number of engines."""
    scenarios = [Scenario(load, engines, jobs=jobs) for engines in ENGINES for load in LOADS]
    rows = [
        [str(one.engines), f"{one.load:.0%}", f"{60 * played.rate:.0f}", *waits(counted(played))]
        for one, played in zip(scenarios, play_all(scenarios), strict=True)
    ]
    return table(("GPUs", "load", "grids a minute", *HEAD), rows)


def by_drafts(play_all: Callable[[Sequence[Scenario]], Sequence[Played]], jobs: int) -> str:
    """Waits by the share of drafts, while the number of jobs a minute stays the same."""
    scenarios = [
        Scenario(0.9, drafts=drafts, model=model, jobs=jobs)
        for model in (SDXL, SD15)
        for drafts in DRAFTS
    ]
    rows = [
        [one.model.name, f"{one.drafts:.0%}", f"{played.busy:.0%}", *waits(counted(played))]
        for one, played in zip(scenarios, play_all(scenarios), strict=True)
    ]
    return table(("model", "drafts", "GPUs work", *HEAD), rows)


def by_mode(play_all: Callable[[Sequence[Scenario]], Sequence[Played]], jobs: int) -> str:
    """Waits of each mode where the load is high, and where it is too high."""
    scenarios = [
        Scenario(load, modes=MIXED_MODES, jobs_at_once=at_once, jobs=jobs)
        for load, at_once in MODE_CASES
    ]
    rows = []
    for one, played in zip(scenarios, play_all(scenarios), strict=True):
        for mode in JobMode:
            jobs_of = [job for job in counted(played) if job.mode is mode]
            share = f"{MIXED_MODES[mode]:.0%}"
            case = [f"{one.load:.0%}", str(one.jobs_at_once)]
            rows.append([mode.value, share, *case, *waits(jobs_of)])
    return table(("mode", "of all jobs", "load", "jobs at once", *HEAD), rows)


def report(jobs: int, processes: int = 2) -> Mapping[str, str]:
    """All tables, by their places in the document."""
    with ProcessPoolExecutor(processes) as pool:

        def play_all(scenarios: Sequence[Scenario]) -> Sequence[Played]:
            return list(pool.map(play, scenarios))

        return {
            "waits by load": by_load(play_all, jobs),
            "waits by drafts": by_drafts(play_all, jobs),
            "waits by mode": by_mode(play_all, jobs),
        }
