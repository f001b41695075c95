"""The simulation where theory knows the answer, and what it promises beside."""

import math
from collections import Counter
from statistics import mean

import pytest

from benchmarks.simulation.demand import Demand, SimulatedJob, Work
from benchmarks.simulation.fleet import Fleet, Played, capacity, simulate
from benchmarks.simulation.line import WaitingLine
from diffusion.engine.cost_model import CostModel
from diffusion.engine.scheduler import Shape
from storage.models import JobMode

SHAPE = Shape(16, 16)


def flat(seconds: float = 1.0) -> CostModel:
    """Each row costs the same, so sharing a pass gains nothing."""
    costs = CostModel()
    for rows in range(1, 17):
        costs.note(SHAPE, rows, rows * seconds)
    return costs


def work(steps: int = 1, decode_s: float = 0.0, rows: int = 1) -> Work:
    return Work(f"{steps} steps", SHAPE, rows, steps, decode_s)


def one_by_one(engines: int, rate: float, count: int, seed: int) -> Played:
    """Every job is one step of a second, and engines draw one at a time."""
    demand = Demand(rate, {work(): 1.0}, members=10**9)
    return simulate(Fleet(flat(), engines, jobs_at_once=1), demand.jobs(count, seed))


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
@pytest.mark.slow
def test_one_engine_with_equal_jobs_waits_as_in_an_m_d_1_queue(load: float) -> None:
    """Pollaczek and Khinchine: a wait of ρ/(2(1-ρ)) times the time of service."""
    played = one_by_one(1, load, 6_000, seed=11)
    assert mean(job.wait for job in played.jobs) == pytest.approx(load / (2 * (1 - load)), rel=0.1)
    assert played.busy == pytest.approx(load, rel=0.05)


def erlang_c(servers: int, offered: float) -> float:
    """The probability that a job has to wait in an M/M/c queue."""
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(offered**n / math.factorial(n) for n in range(servers)) + last)


@pytest.mark.parametrize(("engines", "load"), [(1, 0.7), (4, 0.8)])
@pytest.mark.slow
def test_jobs_of_any_length_wait_as_in_an_m_m_c_queue(engines: int, load: float) -> None:
    """The lengths are exponential: each job is one step of one of 200 shapes, by quantiles."""
    costs, kinds = CostModel(), {}
    for quantile in range(200):
        shape = Shape(1, 1 + quantile)
        costs.note(shape, 1, -math.log(1 - (quantile + 0.5) / 200))
        kinds[Work(str(quantile), shape, 1, 1)] = 1 / 200
    demand = Demand(load * engines, kinds, members=10**9)
    played = simulate(Fleet(costs, engines, jobs_at_once=1), demand.jobs(12_000, seed=2))
    served = mean(job.done - job.begun for job in played.jobs)
    offered = engines * played.busy
    expected = erlang_c(engines, offered) * served / (engines - offered)
    assert mean(job.wait for job in played.jobs) == pytest.approx(expected, rel=0.12)
    waited = mean(job.wait > 1e-6 for job in played.jobs)
    assert waited == pytest.approx(erlang_c(engines, offered), rel=0.05)


def test_engines_that_share_freely_let_nobody_wait() -> None:
    """A pass costs the same for any rows: then each job takes its own steps (M/D/∞)."""
    costs = CostModel()
    for rows in range(1, 17):
        costs.note(SHAPE, rows, 1.0)
    demand = Demand(0.2, {work(steps=20): 1.0}, members=10**9)
    played = simulate(Fleet(costs, jobs_at_once=40), demand.jobs(500, seed=4))
    # One that comes within a step waits for its end.
    assert all(0 <= job.wait <= 1.0 + 1e-9 for job in played.jobs)
    assert all(job.done - job.begun == pytest.approx(20) for job in played.jobs)


@pytest.mark.parametrize("seed", [5, 6])
def test_littles_law_holds_for_any_mix(seed: int) -> None:
    """Jobs in the system on average = jobs a second × seconds in the system."""
    demand = Demand(
        0.11,
        {work(20, 2.0, rows=2): 0.5, work(10, 1.0): 0.3, work(5): 0.2},
        {JobMode.FAST: 0.5, JobMode.RELAX: 0.3, JobMode.TURBO: 0.2},
        members=5,
        at_a_time=2,
    )
    fleet = Fleet(flat(0.5), engines=2, before_s=0.3, after_s=0.1)
    played = simulate(fleet, demand.jobs(1_000, seed))
    in_system = played.rate * mean(job.latency for job in played.jobs)
    assert played.mean_in_system == pytest.approx(in_system, rel=1e-9)
    for job in played.jobs:
        assert job.arrived <= job.claimed <= job.begun < job.stepped < job.done
        assert job.steps_made == job.work.steps


def test_a_device_does_no_more_than_its_work() -> None:
    """Decoding beside steps costs both their time: all is done after the sum of the seconds."""
    demand = Demand(1.0, {work(steps=4, decode_s=3.0): 1.0})
    assert capacity(Fleet(flat()), demand.jobs(50, seed=7)) == pytest.approx(1 / 7, rel=0.02)
    played = simulate(Fleet(flat()), demand.jobs(50, seed=7))
    assert played.busy * played.seconds == pytest.approx(50 * 7)


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    def times(seed: int) -> list[tuple[float, ...]]:
        demand = Demand(0.1, {work(20, 2.0): 0.7, work(10): 0.3}, members=7)
        played = simulate(Fleet(flat(0.3), 2), demand.jobs(200, seed))
        return [(job.claimed, job.begun, job.done) for job in played.jobs]

    assert times(1) == times(1)
    assert times(1) != times(2)


def test_a_clock_that_is_far_on_loses_no_event() -> None:
    """Behind 10⁶ seconds a float has steps of 1e-10: what is left of a step can be smaller."""
    demand = Demand(0.1, {work(20, 2.0): 1.0}, members=10**9)
    early, late = (demand.jobs(200, seed=8) for _ in range(2))
    for job in late:
        job.arrived += 1e6
    early, late = (list(simulate(Fleet(flat(0.3)), jobs).jobs) for jobs in (early, late))
    for one, other in zip(early, late, strict=True):
        assert one.latency == pytest.approx(other.latency, abs=1e-5)


def waiting(number: int, member: int, mode: JobMode) -> SimulatedJob:
    return SimulatedJob(number, member, mode, work(), 0.0)


def test_modes_take_their_turns_in_the_line() -> None:
    line = WaitingLine()
    for number in range(140):
        line.add(waiting(number, number % 20, tuple(JobMode)[number % len(JobMode)]))
    modes = Counter[JobMode]()
    for _ in range(70):
        job = line.claim()
        assert job is not None
        modes[job.mode] += 1
    assert modes == {JobMode.TURBO: 40, JobMode.FAST: 20, JobMode.RELAX: 10}


def test_one_member_with_many_jobs_does_not_delay_anothers_single_one() -> None:
    line = WaitingLine()
    for number in range(20):
        line.add(waiting(number, 1, JobMode.FAST))
    line.claim()
    line.add(waiting(20, 2, JobMode.FAST))
    job = line.claim()
    assert job is not None
    assert job.member_id == 2


def test_jobs_that_may_not_run_yet_wait_for_their_members_own() -> None:
    line = WaitingLine()
    first = SimulatedJob(0, 1, JobMode.FAST, work(), 0.0, at_a_time=1)
    line.add(first)
    line.add(SimulatedJob(1, 1, JobMode.FAST, work(), 0.0, at_a_time=1))
    assert line.claim() is first
    assert line.claim() is None
    line.end(first)
    assert line.claim() is not None
