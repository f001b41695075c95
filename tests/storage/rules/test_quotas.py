"""What members used is right at any moment: under many at once, and whoever is killed."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from storage import jobs, unique_jobs
from storage.database import Database
from storage.models import JobKind, JobRow, JobState, MemberRow, UsageRow
from storage.rules import quotas
from storage.rules.quotas import Allowance, OverQuota, Period, Quota, Usage, Used
from tests.support.queries import recorded_statements
from tests.support.stored_jobs import claim, new_job, queue, read

SERVER = new_job().server_id or 0
NOON = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)


async def pictures_used(database: Database, member_id: int = 1) -> int:
    return (await quotas.get_usage(database, SERVER, member_id)).of(Period.MONTH).pictures


async def sums_are_right(database: Database) -> None:
    """Each row of the ledger is what the jobs themselves say of its period."""
    async with database.reading() as session:
        rows = (await session.scalars(select(UsageRow))).all()
        every = (await session.scalars(select(JobRow))).all()
    pictures: Counter[tuple[int, str]] = Counter()
    gpu_ms: Counter[tuple[int, str]] = Counter()
    starts = {(row.member_id, row.period): row.starts_at for row in rows}
    for job in every:
        for period in Period:
            key = job.member_id, period.value
            is_kept = job.state not in (JobState.FAILED, JobState.CANCELLED)
            if is_kept and period.start(job.created_at) == starts[key]:
                pictures[key] += job.counted_pictures
            if job.state is JobState.DONE:
                assert job.started_at is not None
                assert job.finished_at is not None
                if period.start(job.finished_at) == starts[key]:
                    gpu_ms[key] += (job.finished_at - job.started_at) // timedelta(milliseconds=1)
    for row in rows:
        assert row.pictures == pictures[row.member_id, row.period]
        assert row.gpu_ms == gpu_ms[row.member_id, row.period]


def test_periods_begin_in_utc_as_on_clock_and_calendar() -> None:
    at = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    assert {period.end(at) for period in Period} == {new_year}
    assert Period.HOUR.start(at) == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert Period.DAY.start(at) == datetime(2026, 12, 31, tzinfo=UTC)
    assert Period.MONTH.start(at) == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quota", "usage", "wanted", "what"),
    [
        (Quota(pictures=Allowance(8)), Used(4, 0), 4, None),
        (Quota(pictures=Allowance(8)), Used(5, 0), 4, "pictures"),
        (Quota(pictures=Allowance(None)), Used(5000, 0), 4, None),
        (Quota(gpu_seconds=Allowance(60)), Used(0, 59.9), 4, None),
        (Quota(gpu_seconds=Allowance(60)), Used(0, 60), 4, "gpu_seconds"),
        (Quota(), Used(5000, 6000), 4, None),
    ],
)
def test_what_is_over_the_quota(quota: Quota, usage: Used, wanted: int, what: str | None) -> None:
    now = Usage(NOON, {Period.DAY: usage})
    if what is None:
        quotas.check(quota, now, wanted)
        return
    with pytest.raises(OverQuota) as refusal:
        quotas.check(quota, now, wanted)
    assert refusal.value.what == what
    assert refusal.value.renews_at == datetime(2026, 11, 30, tzinfo=UTC)


def test_a_cooldown_ends() -> None:
    quota = Quota(cooldown_s=30)
    quotas.check(quota, Usage(NOON, asked_at=NOON - timedelta(seconds=30)), 1)
    with pytest.raises(OverQuota) as refusal:
        quotas.check(quota, Usage(NOON, asked_at=NOON - timedelta(seconds=29)), 1)
    assert refusal.value.renews_at == NOON + timedelta(seconds=1)


async def test_pictures_are_counted_when_queued_and_given_back_once(database: Database) -> None:
    cancelled, failed, kept = await queue(database, count=3, counted_pictures=4)
    assert await pictures_used(database) == 12
    assert await jobs.cancel(database, cancelled.id)
    assert not await jobs.cancel(database, cancelled.id)
    assert not await jobs.fail(database, cancelled.id, "No.")
    assert await pictures_used(database) == 8
    assert (await claim(database)).id == failed.id
    assert await jobs.requeue(database, failed.id)
    assert await pictures_used(database) == 8
    assert await jobs.fail(database, failed.id, "No.")
    assert await pictures_used(database) == 4
    assert (await claim(database)).id == kept.id
    await jobs.finish(database, kept.id, [])
    assert not await jobs.fail(database, kept.id, "No.")
    assert await pictures_used(database) == 4
    await sums_are_right(database)


async def test_only_the_run_that_succeeded_takes_gpu_time(database: Database) -> None:
    (job,) = await queue(database, counted_pictures=1)
    await claim(database)
    await jobs.requeue(database, job.id)
    await claim(database)
    began = datetime.now(UTC) - timedelta(seconds=90)
    async with database.transaction() as session:
        await session.execute(update(JobRow).values(started_at=began))
    await jobs.finish(database, job.id, [])
    finished_at = (await read(database, job.id)).finished_at
    assert finished_at is not None
    usage = await quotas.get_usage(database, SERVER, 1)
    took = (finished_at - began) // timedelta(milliseconds=1) / 1000
    assert usage.of(Period.MONTH).gpu_seconds == took >= 90


async def test_a_copy_costs_nothing(database: Database) -> None:
    await queue(database, kind=JobKind.UPSCALE)
    await jobs.finish(database, (await claim(database)).id, [])
    assert (await quotas.get_usage(database, SERVER, 1)).used == {}


async def test_how_many_pictures_a_prompt_has_may_be_known_later(database: Database) -> None:
    (job,) = await queue(database, counted_pictures=1)
    await claim(database)
    assert await jobs.set_request(database, job.id, {}, "a fox", 4)
    assert await pictures_used(database) == 4
    assert await jobs.cancel(database, job.id)
    assert await pictures_used(database) == 0


async def test_a_period_begins_anew_and_gets_nothing_back_of_the_last(database: Database) -> None:
    (old,) = await queue(database, counted_pictures=4)
    before = datetime.now(UTC) - timedelta(days=40)
    async with database.transaction() as session:
        await session.execute(update(JobRow).values(created_at=before))
        await session.execute(update(UsageRow).values(starts_at=before))
    assert await pictures_used(database) == 0
    await queue(database, counted_pictures=2)
    await jobs.cancel(database, old.id)
    assert await pictures_used(database) == 2


async def test_what_was_counted_by_a_clock_that_was_ahead_lifts_no_limit(
    database: Database,
) -> None:
    quota = Quota(pictures=Allowance(4, Period.MONTH), cooldown_s=60)
    (member,) = {job.member_id for job in await queue(database)}
    ahead = datetime.now(UTC) + timedelta(days=40)
    async with database.transaction() as session:
        await quotas.count(session, SERVER, member, [(ahead, 4)])
        await session.execute(update(MemberRow).values(asked_at=ahead))
    # Nor does anybody wait until then.
    await jobs.add(database, [new_job(counted_pictures=4)], limit=3, quota=quota)
    assert await pictures_used(database) == 4
    with pytest.raises(OverQuota) as over:
        await jobs.add(
            database, [new_job(counted_pictures=1)], limit=3, quota=replace(quota, cooldown_s=None)
        )
    assert over.value.what == "pictures"
    with pytest.raises(OverQuota) as waits:
        await jobs.add(database, [new_job(counted_pictures=1)], limit=3, quota=quota)
    assert waits.value.what == "cooldown_s"


async def test_a_clock_that_is_a_little_ahead_is_believed(database: Database) -> None:
    await queue(database)
    soon = datetime.now(UTC) + quotas.CLOCK_TOLERANCE / 2
    async with database.transaction() as session:
        await session.execute(update(MemberRow).values(asked_at=soon))
    with pytest.raises(OverQuota):
        await jobs.add(database, [new_job(counted_pictures=1)], limit=3, quota=Quota(cooldown_s=60))


async def test_over_the_quota_nothing_is_queued_and_no_draft_is_taken(database: Database) -> None:
    quota = Quota(pictures=Allowance(4, Period.MONTH))
    parent, *_ = await jobs.add(database, [new_job(counted_pictures=4)], limit=3, quota=quota)
    with pytest.raises(OverQuota):
        await jobs.add(database, [new_job(counted_pictures=1)], limit=3, quota=quota)
    enlarged = new_job(counted_pictures=1, parent_id=parent.id, kind=JobKind.ENLARGE)
    with pytest.raises(OverQuota):
        await unique_jobs.add_unique(database, enlarged, limit=3, quota=quota)
    assert len(await jobs.open_jobs(database, 1)) == 1
    assert await pictures_used(database) == 4
    # What only shows a stored picture is free.
    await jobs.add(database, [new_job(kind=JobKind.UPSCALE)], limit=3, quota=quota)


async def test_counting_asks_no_more_of_a_member_with_many_jobs(database: Database) -> None:
    """The ledger is a few rows, however many jobs there were."""
    asked = []
    for count in (1, 30):
        await queue(database, count=count, counted_pictures=4)
        quota = Quota(Allowance(1000), Allowance(1000), cooldown_s=0)
        with recorded_statements() as statements:
            await jobs.add(database, [new_job(counted_pictures=4)], limit=None, quota=quota)
        asked.append(len(statements))
        assert not any("sum(" in statement.lower() for statement in statements)
    assert asked[0] == asked[1]
    async with database.reading() as session:
        assert len((await session.scalars(select(UsageRow))).all()) == len(Period)


async def test_fifty_members_at_once(migrated: str) -> None:
    """Each asks for more than they may have, from two places at once, while their jobs end."""
    quota = Quota(pictures=Allowance(10, Period.MONTH))
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(Database(migrated)) for _ in range(4)]

        async def member(number: int) -> None:
            chance = random.Random(number)

            async def ask(database: Database) -> int:
                try:
                    added = await jobs.add(
                        database, [new_job(number, counted_pictures=4)], limit=None, quota=quota
                    )
                except OverQuota:
                    return 0
                if chance.random() < 0.4:
                    ends = (jobs.cancel(one, added[0].id) for one in opened[:2])
                    assert sum(await asyncio.gather(*ends)) == 1
                return 1

            places = [opened[(number + i) % 4] for i in range(4)]
            assert sum(await asyncio.gather(*map(ask, places))) >= 2

        await asyncio.gather(*map(member, range(50)))
        for number in range(50):
            used = await pictures_used(opened[0], number)
            still = await jobs.open_jobs(opened[0], number)
            assert used == 4 * len(still) <= 10
        await sums_are_right(opened[0])


async def killed(migrated: str, what: str) -> Any:
    root = Path(__file__).parents[3]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("killed_ledger.py")),
        *(migrated, what),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


@pytest.mark.parametrize("verb", ["fail", "cancel"])
async def test_killed_within_giving_back_nothing_is_given_back_yet(
    migrated: str, database: Database, verb: str
) -> None:
    process = await killed(migrated, verb)
    assert await process.stdout.readline() == b"round\n"
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    (job,) = await jobs.open_jobs(database, 1)
    assert await pictures_used(database) == 4
    end = jobs.fail(database, job.id, "No.") if verb == "fail" else jobs.cancel(database, job.id)
    assert await end
    assert await pictures_used(database) == 0
    await sums_are_right(database)


async def test_killed_at_any_moment_the_sums_are_right(migrated: str, database: Database) -> None:
    for rounds in range(1, 4):
        process = await killed(migrated, str(rounds))
        for _ in range(rounds):
            assert await process.stdout.readline() == b"round\n"
        process.kill()
        assert await process.wait() == -signal.SIGKILL
        await jobs.requeue_unfinished(database)
        await sums_are_right(database)
    for member in range(3):
        for job in await jobs.open_jobs(database, member):
            await jobs.cancel(database, job.id)
    await sums_are_right(database)


async def test_quotas_of_roles_are_kept(database: Database) -> None:
    given = Quota(Allowance(50), Allowance(None, Period.MONTH), 3, 30, 2)
    assert await quotas.get_quotas(database, SERVER) == {}
    await quotas.change_quota(database, SERVER, 7, lambda _: given)
    assert await quotas.get_quotas(database, SERVER) == {7: given}
    await quotas.change_quota(database, SERVER, 7, lambda now: replace(now, jobs=None))
    assert await quotas.get_quotas(database, SERVER) == {7: replace(given, jobs=None)}
    await quotas.change_quota(database, SERVER, 7, lambda _: Quota())
    assert await quotas.get_quotas(database, SERVER) == {}
    each = [replace(Quota(), weight=1), replace(Quota(), cooldown_s=5)]
    await asyncio.gather(
        *(
            quotas.change_quota(
                database,
                SERVER,
                7,
                lambda now, one=one: replace(
                    now,
                    weight=one.weight or now.weight,
                    cooldown_s=one.cooldown_s or now.cooldown_s,
                ),
            )
            for one in each
        )
    )
    assert await quotas.get_quotas(database, SERVER) == {7: Quota(cooldown_s=5, weight=1)}
