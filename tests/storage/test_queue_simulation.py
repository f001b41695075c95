"""The queue over a long time: a full mode delays no other, and each mode gets its share.

Simulated with the real verbs on real databases; time is counted in claims.
"""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.models import JobKind, JobMode, JobRow, JobState, MemberRow, ShareRow, TotalsRow
from storage.queue_order import ROUND
from tests.support.stored_jobs import REQUEST, claim, in_line, queue

SHARES = {JobMode.TURBO: 4, JobMode.FAST: 2, JobMode.RELAX: 1}
BOUNDS = {JobMode.TURBO: 2, JobMode.FAST: 4, JobMode.RELAX: 7}
"""Within how many claims the first of a mode is claimed, whatever waits besides."""

AHEAD = 3
"""Jobs that whoever keeps a mode full has waiting at any time."""


async def keep_full(database: Database, mode: JobMode, *members: int) -> None:
    """Each of these members has at least one job of the mode waiting afterwards."""
    waiting = Counter(
        job.member_id for job in (await jobs.in_queue(database)).waiting if job.mode is mode
    )
    for member in members:
        if not waiting[member]:
            await queue(database, member, count=AHEAD, mode=mode)


async def draw(database: Database) -> Job:
    """Claim the next job and finish it at once, as with one slot."""
    job = await claim(database)
    await jobs.finish(database, job.id, [])
    return job


def in_shares(modes: Sequence[JobMode], busy: Sequence[JobMode]) -> bool:
    """Whether at every moment each mode has had its share of the claims, within one."""
    whole = sum(SHARES[mode] for mode in busy)
    had: Counter[JobMode] = Counter()
    for number, mode in enumerate(modes, 1):
        had[mode] += 1
        if any(abs(had[one] - number * SHARES[one] / whole) > 1 for one in busy):
            return False
    return True


def test_the_round_has_the_shares() -> None:
    assert Counter(ROUND) == SHARES


@pytest.mark.parametrize("mode", [JobMode.FAST, JobMode.RELAX])
@pytest.mark.parametrize("before", range(7))
async def test_two_members_who_keep_turbo_full_hold_up_nobody(
    database: Database, mode: JobMode, before: int
) -> None:
    """At whatever point of the round the third member comes."""
    for _ in range(before):
        await keep_full(database, JobMode.TURBO, 1, 2)
        await draw(database)
    (slower,) = await queue(database, 3, mode=mode)
    claimed = []
    for _ in range(BOUNDS[mode]):
        await keep_full(database, JobMode.TURBO, 1, 2)
        claimed.append((await draw(database)).id)
    assert slower.id in claimed


@pytest.mark.parametrize(
    "busy",
    [tuple(JobMode), *((a, b) for a in JobMode for b in JobMode if a < b)],
    ids=lambda busy: "+".join(busy),
)
async def test_shares_come_to_four_two_one(database: Database, busy: tuple[JobMode, ...]) -> None:
    modes = []
    for _ in range(28):
        for number, mode in enumerate(busy):
            await keep_full(database, mode, 2 * number, 2 * number + 1)
        modes.append((await draw(database)).mode)
    assert in_shares(modes, busy)


@pytest.mark.parametrize("idle", list(JobMode))
async def test_who_was_away_has_saved_nothing_up(database: Database, idle: JobMode) -> None:
    others = tuple(mode for mode in JobMode if mode is not idle)
    modes = []
    for number in range(16 + 28):
        for mode in others if number < 16 else tuple(JobMode):
            await keep_full(database, mode, SHARES[mode])
        modes.append((await draw(database)).mode)
    assert in_shares(modes[:16], others)
    assert in_shares(modes[16:], tuple(JobMode))


@pytest.mark.parametrize("mode", [JobMode.FAST, JobMode.RELAX])
async def test_jobs_of_an_engine_that_is_away_take_no_turns_and_keep_their_place(
    database: Database, mode: JobMode
) -> None:
    """Others have their shares meanwhile, and whoever waited is not set back by it."""
    (waiting,) = await queue(database, 9, mode=mode, request={**REQUEST, "model": "away"})
    modes = []
    for _ in range(28):
        for number, one in enumerate(JobMode):
            await keep_full(database, one, 2 * number, 2 * number + 1)
        job = await jobs.claim_next(database, except_models=["away"])
        assert job is not None
        assert job.id != waiting.id
        await jobs.finish(database, job.id, [])
        modes.append(job.mode)
    assert in_shares(modes, tuple(JobMode))
    claimed = []
    for _ in range(BOUNDS[mode]):
        for number, one in enumerate(JobMode):
            await keep_full(database, one, 2 * number, 2 * number + 1)
        claimed.append((await draw(database)).id)
    assert waiting.id in claimed


async def test_a_restart_changes_no_turn(migrated: str) -> None:
    modes = []
    for _ in range(14):
        async with Database(migrated) as database:  # a process of its own for each claim
            for mode in JobMode:
                await keep_full(database, mode, SHARES[mode])
            modes.append((await draw(database)).mode)
    assert modes == [*ROUND, *ROUND]


async def test_what_is_only_handed_out_takes_no_turn(database: Database) -> None:
    for mode in JobMode:
        await queue(database, member_id=1, count=7, mode=mode)
    handed_out = await queue(database, 2, count=5, mode=JobMode.TURBO, kind=JobKind.UPSCALE)
    handed_out += await queue(database, 3, count=1, mode=JobMode.RELAX, kind=JobKind.UPSCALE)
    line = await in_line(database)
    assert set(line[:6]) == {job.id for job in handed_out}
    assert line[1] == handed_out[-1].id  # its member waits behind no turbo of another
    assert [(await claim(database)).id for _ in range(6)] == line[:6]
    assert [(await draw(database)).mode for _ in range(7)] == list(ROUND)


async def test_several_dispatchers_at_once_starve_nobody(migrated: str) -> None:
    at_once = 4
    databases = [Database(migrated) for _ in range(at_once)]
    try:
        for mode in JobMode:
            await queue(databases[0], SHARES[mode], count=40, mode=mode)
        claimed: list[JobMode] = []
        for _ in range(12):
            found = await asyncio.gather(*map(jobs.claim_next, databases))
            claimed += [job.mode for job in found if job is not None]
    finally:
        for database in databases:
            await database.close()
    # Those that choose at the same instant may choose in the same turn, and no more than that.
    for mode, share in SHARES.items():
        assert claimed.count(mode) >= share * len(claimed) // 7 // at_once
    assert len(claimed) == 12 * at_once


WEIGHTS = {1: 1, 2: 3, 3: 2, 4: 10, 5: 1}
"""Of members that keep the queue full."""


async def keep_weighted_full(database: Database, weights: Mapping[int, int]) -> None:
    """Each member has at least one job waiting afterwards, with their weight."""
    waiting = Counter(job.member_id for job in (await jobs.in_queue(database)).waiting)
    for member, weight in weights.items():
        if not waiting[member]:
            await queue(database, member, count=AHEAD, weight=weight)


@pytest.mark.parametrize("slots", [1, 3])
async def test_three_times_the_weight_is_three_times_the_turns(
    database: Database, slots: int
) -> None:
    """At any moment within one turn, and whatever the jobs at a time."""
    weights = {1: 1, 2: 3}
    had: Counter[int] = Counter()
    running: deque[Job] = deque()
    for number in range(1, 41):
        await keep_weighted_full(database, weights)
        running.append(await claim(database))
        had[running[-1].member_id] += 1
        if len(running) == slots:
            await jobs.finish(database, running.popleft().id, [])
        assert abs(had[2] - number * 3 / 4) <= slots
    assert had == {1: 10, 2: 30}


async def test_every_weight_has_its_share_and_nobody_starves(database: Database) -> None:
    whole = sum(WEIGHTS.values())
    had: Counter[int] = Counter()
    since: Counter[int] = Counter()
    for number in range(1, 3 * whole + 1):
        await keep_weighted_full(database, WEIGHTS)
        job = await draw(database)
        had[job.member_id] += 1
        for member, weight in WEIGHTS.items():
            since[member] = 0 if member == job.member_id else since[member] + 1
            # Start-time fair queueing: behind by at most one job of each of the others.
            assert since[member] <= whole // weight + len(WEIGHTS)
            assert abs(had[member] - number * weight / whole) <= len(WEIGHTS) - 1
    assert had == {member: 3 * weight for member, weight in WEIGHTS.items()}


async def test_who_comes_with_the_least_weight_is_served_among_the_heaviest(
    database: Database,
) -> None:
    """However long the others have drawn, and nothing is saved up by who was away."""
    heavy = {1: 10, 2: 10, 3: 10}
    for _ in range(9):
        await keep_weighted_full(database, heavy)
        await draw(database)
    (light,) = await queue(database, 4, weight=1)
    claimed = []
    for _ in range(len(heavy) + 1):
        await keep_weighted_full(database, heavy)
        claimed.append((await draw(database)).id)
    assert light.id in claimed
    more = await queue(database, 4, count=5, weight=1)
    claimed = []
    for _ in range(12):
        await keep_weighted_full(database, heavy)
        claimed.append((await draw(database)).id)
    assert len(set(claimed) & {job.id for job in more}) <= 1


async def test_a_confirmed_batch_runs_only_so_many_at_a_time(database: Database) -> None:
    """The others wait for them, are passed over, and hold up nobody else."""
    mine = await queue(database, 1, count=5, at_a_time=2)
    (other,) = await queue(database, 2, mode=JobMode.RELAX)
    claimed = await claimed_until_none(database)
    assert set(claimed) == {mine[0].id, mine[1].id, other.id}
    assert await in_line(database) == [job.id for job in mine[2:]]
    await jobs.finish(database, mine[0].id, [])
    assert await claimed_until_none(database) == [mine[2].id]
    await jobs.cancel(database, mine[1].id)
    assert await claimed_until_none(database) == [mine[3].id]


ANY_JOB = st.tuples(
    st.integers(1, 4),
    st.sampled_from(JobMode),
    st.sampled_from([JobKind.IMAGINE, JobKind.VARY, JobKind.UPSCALE]),
    st.integers(1, 3),
    st.sampled_from([1, 1, 2, 3, 10]),
    st.sampled_from([None, None, 1, 2]),
)
STEPS = st.lists(
    st.one_of(
        ANY_JOB,
        st.sampled_from(["claim", "claim", "finish", "requeue", "cancel"]),
    ),
    max_size=30,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, seed=st.integers(0, 2**16))
async def test_the_line_is_kept_and_nobody_waits_longer_than_their_bound(
    database: Database, steps: list[Any], seed: int
) -> None:
    async with database.transaction() as session:
        await session.execute(delete(JobRow))
        await session.execute(delete(ShareRow))
        await session.execute(delete(TotalsRow))
        await session.execute(delete(MemberRow))
    chance = random.Random(seed)
    waited: Counter[JobMode] = Counter()
    for step in steps:
        if isinstance(step, tuple):
            member, mode, kind, count, weight, at_a_time = step
            asked = {"weight": weight, "at_a_time": at_a_time}
            await queue(database, member, count=count, mode=mode, kind=kind, **asked)
            continue
        shown = await jobs.in_queue(database)
        if step == "claim":
            await claim_as_shown(database, shown.waiting, waited)
        elif shown.running and step in ("finish", "requeue"):
            job = chance.choice(shown.running)
            if step == "finish":
                await jobs.finish(database, job.id, [])
            else:
                await jobs.requeue(database, job.id)
        elif shown.waiting and step == "cancel":
            await jobs.cancel(database, chance.choice(shown.waiting).id)
    line = await in_line(database)
    claimed = await claimed_until_none(database)
    assert claimed == line[: len(claimed)]
    # What is left waits for its own member's jobs.
    for job in (await jobs.in_queue(database)).waiting:
        assert job.at_a_time is not None
        assert await running_of(database, job.member_id) >= job.at_a_time


async def claimed_until_none(database: Database) -> list[str]:
    claimed = []
    while (job := await jobs.claim_next(database)) is not None:
        claimed.append(job.id)
    return claimed


async def running_of(database: Database, member_id: int) -> int:
    running = (await jobs.in_queue(database)).running
    return sum(job.member_id == member_id for job in running)


async def claim_as_shown(
    database: Database, waiting: Sequence[Job], waited: Counter[JobMode]
) -> None:
    """Claim, see that it is the first of the line, and count how long modes have waited by now."""
    free = [
        job
        for job in waiting
        if job.at_a_time is None or await running_of(database, job.member_id) < job.at_a_time
    ]
    job = await jobs.claim_next(database)
    assert (job and job.id) == (free[0].id if free else None)
    if job is None or job.kind is JobKind.UPSCALE:
        return
    assert job.state is JobState.RUNNING
    assert free[0].id == waiting[0].id
    drawn = {other.mode for other in free if other.kind is not JobKind.UPSCALE}
    for mode in JobMode:
        waited[mode] = waited[mode] + 1 if mode in drawn - {job.mode} else 0
        assert waited[mode] < BOUNDS[mode]
