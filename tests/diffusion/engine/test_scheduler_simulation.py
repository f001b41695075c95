"""The scheduler on curves that others published, played through with a clock of numbers.

Qwen-Image on an H200, compiled: 512 px serve 1.82, 2.77 and 3.14 times as many at 2, 4 and 8 in
a pass; 1024 px serve 1.02 times as many at 2. A request is one row of 30 steps, and a second is
what one step of 512 px takes alone.
"""

import random
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from diffusion.engine.cost_model import CostModel
from diffusion.engine.scheduler import Entry, Scheduler, Shape

SMALL, LARGE = Shape(64, 64), Shape(128, 128)
STEPS = 30
LARGE_STEP = 4.5
"""Seconds of a step of 1024 px; it has four times the cells."""


def published() -> CostModel:
    costs = CostModel()
    for rows, gain in ((1, 1.0), (2, 1.82), (4, 2.77), (8, 3.14), (16, 3.14)):
        costs.note(SMALL, rows, rows / gain)
    for rows, gain in ((1, 1.0), (2, 1.02), (16, 1.02)):
        costs.note(LARGE, rows, LARGE_STEP * rows / gain)
    return costs


@dataclass(slots=True)
class Job:
    arrival: float
    shape: Shape
    made: int = 0
    first_step: float = 0.0
    """Seconds from its arrival until its first step was made."""
    done: float = 0.0


def arrivals(shape: Shape, load: float, count: int, seed: int) -> list[Job]:
    """Requests that come by chance, with `load` times the work that one after another could do."""
    alone = STEPS * published().seconds(shape, 1)
    chance, now, jobs = random.Random(seed), 0.0, []
    for _ in range(count):
        now += chance.expovariate(load / alone)
        jobs.append(Job(now, shape))
    return jobs


def play(jobs: list[Job]) -> list[Job]:
    """Serve the jobs as the engine does; they are then told what became of them."""
    costs = published()
    scheduler = Scheduler(costs, max_waiting=len(jobs))
    coming = sorted(jobs, key=lambda job: job.arrival)
    now, known = 0.0, 0
    while known < len(coming) or len(scheduler):
        if not len(scheduler):
            now = max(now, coming[known].arrival)
        while known < len(coming) and coming[known].arrival <= now:
            scheduler.add(Entry(known, coming[known].shape, 1))
            known += 1
        step = scheduler.next_step()
        now += costs.seconds(step[0].shape, len(step))
        for entry in step:
            job = coming[entry.key]
            job.made += 1
            if job.made == 1:
                job.first_step = now - job.arrival
            if job.made == STEPS:
                job.done = now - job.arrival
                scheduler.remove(entry.key)
    assert all(job.made == STEPS for job in jobs)
    return jobs


def mean_done(jobs: Iterable[Job]) -> float:
    return statistics.mean(job.done for job in jobs)


def in_order(jobs: list[Job]) -> float:
    """The mean latency of first come, first served, one after another."""
    now, latencies = 0.0, []
    for job in sorted(jobs, key=lambda job: job.arrival):
        now = max(now, job.arrival) + STEPS * published().seconds(job.shape, 1)
        latencies.append(now - job.arrival)
    return statistics.mean(latencies)


def test_beyond_what_one_after_another_could_do_the_first_step_is_near() -> None:
    jobs = play(arrivals(SMALL, load=1.5, count=800, seed=1))
    assert statistics.mean(job.first_step for job in jobs) < 3
    assert mean_done(jobs) < 2 * STEPS
    # One after another, the queue only grows.
    assert in_order(jobs) > 5 * mean_done(jobs)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.9, 1.2, 1.5, 2.0])
@pytest.mark.parametrize("shape", [SMALL, LARGE], ids=["512", "1024"])
def test_the_mean_is_never_worse_than_first_come_first_served(shape: Shape, load: float) -> None:
    jobs = play(arrivals(shape, load, count=250, seed=2))
    assert mean_done(jobs) <= in_order(jobs) * 1.0001


@pytest.mark.parametrize("load", [0.2, 0.4, 0.6])
def test_nor_is_it_where_sizes_are_mixed(load: float) -> None:
    jobs = play(
        arrivals(SMALL, load, count=400, seed=3)
        + arrivals(LARGE, load, count=int(400 / LARGE_STEP), seed=4)
    )
    assert mean_done(jobs) <= in_order(jobs)


def test_a_stream_of_large_requests_starves_no_small_one() -> None:
    """More large ones come than can ever be served; small ones hardly notice more than one."""
    flood = arrivals(LARGE, load=1.5, count=100, seed=5)
    small = arrivals(SMALL, load=0.2, count=150, seed=6)
    play(flood + small)
    # Its own steps and as many seconds of the others, twice over.
    assert max(job.first_step for job in small) < 3 * LARGE_STEP
    assert mean_done(small) < 4 * STEPS


def test_nor_do_small_ones_starve_a_large_one() -> None:
    small = arrivals(SMALL, load=2.5, count=600, seed=7)
    large = [Job(100.0, LARGE)]
    play(small + large)
    assert large[0].first_step < 4 * LARGE_STEP
    assert large[0].done < 3 * STEPS * LARGE_STEP
