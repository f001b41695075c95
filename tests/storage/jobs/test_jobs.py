"""Every change of a job: what it does, and when it must not happen."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from storage import jobs, pictures
from storage.database import Database
from storage.jobs import TooManyJobs, Totals
from storage.models import JobKind, JobState
from storage.pictures import NewPicture
from storage.rules import blocks
from storage.rules.blocks import Block
from tests.support.stored_jobs import REQUEST, claim, new_job, queue, read

ENDED = {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


def picture(job_id: str, index: int) -> NewPicture:
    return NewPicture(index, 2**32 - 1, 768, 512, "ab" * 32, f"{job_id}_{index}.png", 400_000)


async def bring_to(database: Database, state: JobState) -> str:
    """Make a job that is in this state."""
    (job,) = await queue(database)
    if state in (JobState.RUNNING, JobState.DONE):
        await claim(database)
    if state is JobState.DONE:
        await jobs.finish(database, job.id, [picture(job.id, 0)])
    if state is JobState.FAILED:
        await jobs.fail(database, job.id, "The model is gone.")
    if state is JobState.CANCELLED:
        await jobs.cancel(database, job.id)
    assert (await read(database, job.id)).state is state
    return job.id


async def test_jobs_that_wait_for_their_model_are_claimed_last_of_all(database: Database) -> None:
    (waiting,) = await queue(database, request={"prompt": "a fox", "unresolved": {"repetition": 0}})
    (other,) = await queue(database)
    assert (waiting.is_unresolved, other.is_unresolved) == (True, False)
    first = await jobs.claim_next(database, resolved_only=True)
    assert first is not None
    assert first.id == other.id
    assert await jobs.claim_next(database, resolved_only=True) is None
    assert (await claim(database)).id == waiting.id
    assert await jobs.set_request(database, waiting.id, REQUEST, "A fox")
    assert not (await read(database, waiting.id)).is_unresolved
    await jobs.cancel(database, waiting.id)
    assert not await jobs.set_request(database, waiting.id, {}, "")


async def test_a_job_comes_back_as_it_was_given(database: Database) -> None:
    before = datetime.now(UTC)
    (parent,) = await jobs.add(database, [new_job()], limit=None)
    given = new_job(
        kind=JobKind.VARY,
        prompt="🦊 ثعلب — @everyone '; DROP TABLE jobs;--",
        server_id=None,
        parent_id=parent.id,
        parent_index=2,
        attachment_limit=500 * 2**20,
    )
    (added,) = await jobs.add(database, [given], limit=None)
    job = await read(database, added.id)
    assert job == added
    for name in given.__dataclass_fields__:
        assert getattr(job, name) == getattr(given, name), name
    assert job.request == REQUEST
    assert job.state is JobState.QUEUED
    assert job.kind is JobKind.VARY
    assert (job.message_id, job.reason, job.attempts) == (None, None, 0)
    assert (job.started_at, job.finished_at) == (None, None)
    assert job.created_at.utcoffset() == timedelta(0)
    assert before <= job.created_at <= datetime.now(UTC) + timedelta(seconds=1)


async def test_text_that_no_database_holds_is_no_fault(database: Database) -> None:
    """The character 0 and half surrogates: JSON can carry both to us."""
    bad = "a\0fox\ud83e"
    (added,) = await jobs.add(
        database, [new_job(prompt=bad, member_name=bad, request={"prompt": bad})], limit=None
    )
    assert await jobs.fail(database, added.id, bad)
    job = await read(database, added.id)
    assert (job.prompt, job.member_name, job.reason) == ("a\ufffdfox?",) * 3
    assert job.request == {"prompt": bad}


async def test_get_knows_no_other_job(database: Database) -> None:
    assert await jobs.get(database, "0" * 32) is None
    assert await jobs.get(database, "' OR 1=1") is None


async def test_several_jobs_keep_their_order(database: Database) -> None:
    added = await jobs.add(database, [new_job(prompt=f"{i}") for i in range(8)], limit=None)
    assert [job.prompt for job in await jobs.open_jobs(database, 1)] == list("01234567")
    assert len({job.id for job in added}) == 8


async def test_adding_nothing_is_nothing(database: Database) -> None:
    assert await jobs.add(database, [], limit=0) == ()


async def test_the_limit_counts_queued_and_running(database: Database) -> None:
    await queue(database, count=2)
    await claim(database)
    await jobs.add(database, [new_job()], limit=3)
    with pytest.raises(TooManyJobs) as refusal:
        await jobs.add(database, [new_job()], limit=3)
    assert (refusal.value.open, refusal.value.limit) == (3, 3)
    assert len(await jobs.open_jobs(database, 1)) == 3
    (others,) = await jobs.add(database, [new_job(member_id=2)], limit=3)  # their own limit
    assert await jobs.open_jobs(database, 2) == (others,)


async def test_too_many_at_once_adds_none(database: Database) -> None:
    await jobs.add(database, [new_job()], limit=3)
    with pytest.raises(TooManyJobs):
        await jobs.add(database, [new_job()] * 3, limit=3)
    assert len(await jobs.open_jobs(database, 1)) == 1


@pytest.mark.parametrize("ended", sorted(ENDED))
async def test_ended_jobs_do_not_count_against_the_limit(
    database: Database, ended: JobState
) -> None:
    await bring_to(database, ended)
    await jobs.add(database, [new_job()], limit=1)


async def test_nothing_is_queued_for_a_member_who_was_blocked_meanwhile(
    database: Database,
) -> None:
    now = datetime.now(UTC)
    there = new_job().server_id
    assert there is not None
    await blocks.block(database, Block(there, 1, 9, None, now, now + timedelta(hours=1)))
    with pytest.raises(jobs.MemberBlocked):
        await queue(database)
    assert await jobs.open_jobs(database, 1) == ()
    # Elsewhere, and others, may.
    await queue(database, server_id=None)
    await queue(database, member_id=2)


async def test_a_parent_must_exist(database: Database) -> None:
    with pytest.raises(jobs.ParentGone):
        await jobs.add(database, [new_job(), new_job(parent_id="0" * 32)], limit=None)
    assert await jobs.open_jobs(database, 1) == ()


async def test_a_job_can_be_claimed_once_its_message_is_there(database: Database) -> None:
    (job,) = await jobs.add(database, [new_job()], limit=None)
    assert await jobs.claim_next(database) is None
    assert await jobs.without_message(database) == (job,)
    await jobs.attach_message(database, job.id, 5, 6)
    assert await jobs.without_message(database) == ()
    claimed = await claim(database)
    assert (claimed.id, claimed.channel_id, claimed.message_id) == (job.id, 5, 6)
    assert (claimed.state, claimed.attempts) == (JobState.RUNNING, 1)
    assert claimed.started_at is not None
    assert claimed.started_at.utcoffset() == timedelta(0)
    assert claimed == await read(database, job.id)
    assert await jobs.claim_next(database) is None


async def test_finish_stores_the_pictures(database: Database) -> None:
    job_id = await bring_to(database, JobState.RUNNING)
    assert await pictures.of_job(database, job_id) == ()
    assert await jobs.finish(database, job_id, [picture(job_id, i) for i in (1, 0, 2, 3)])
    stored = await pictures.of_job(database, job_id)
    assert [each.index for each in stored] == [0, 1, 2, 3]
    assert {each.job_id for each in stored} == {job_id}
    assert len({each.id for each in stored}) == 4
    assert stored[1].seed == 2**32 - 1
    assert (await read(database, job_id)).finished_at is not None


async def test_finish_stores_all_pictures_or_none(database: Database) -> None:
    job_id = await bring_to(database, JobState.RUNNING)
    with pytest.raises(IntegrityError):
        await jobs.finish(database, job_id, [picture(job_id, 0), picture(job_id, 0)])
    assert await pictures.of_job(database, job_id) == ()
    assert (await read(database, job_id)).state is JobState.RUNNING


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.RUNNING])
async def test_only_running_jobs_finish(database: Database, state: JobState) -> None:
    job_id = await bring_to(database, state)
    before = await read(database, job_id), await pictures.of_job(database, job_id)
    assert not await jobs.finish(database, job_id, [picture(job_id, 1)])
    assert before == (await read(database, job_id), await pictures.of_job(database, job_id))


@pytest.mark.parametrize("state", list(JobState))
async def test_jobs_that_have_not_ended_fail(database: Database, state: JobState) -> None:
    job_id = await bring_to(database, state)
    before = await read(database, job_id)
    assert await jobs.fail(database, job_id, "The disk is full.") is (state not in ENDED)
    after = await read(database, job_id)
    if state in ENDED:
        assert after == before
    else:
        assert (after.state, after.reason) == (JobState.FAILED, "The disk is full.")
        assert after.finished_at is not None


@pytest.mark.parametrize("state", list(JobState))
async def test_jobs_that_have_not_ended_are_cancelled(database: Database, state: JobState) -> None:
    job_id = await bring_to(database, state)
    before = await read(database, job_id)
    assert await jobs.cancel(database, job_id) is (state not in ENDED)
    after = await read(database, job_id)
    assert (after == before) is (state in ENDED)
    assert after.state is (state if state in ENDED else JobState.CANCELLED)
    assert after.finished_at is not None


@pytest.mark.parametrize("state", list(JobState))
async def test_only_running_jobs_are_requeued(database: Database, state: JobState) -> None:
    job_id = await bring_to(database, state)
    before = await read(database, job_id)
    assert await jobs.requeue(database, job_id) is (state is JobState.RUNNING)
    after = await read(database, job_id)
    if state is JobState.RUNNING:
        assert (after.state, after.started_at, after.attempts) == (JobState.QUEUED, None, 1)
        assert (await claim(database)).attempts == 2
    else:
        assert after == before


async def test_a_requeued_job_keeps_its_place(database: Database) -> None:
    first, second = await queue(database, count=2)
    await claim(database)
    await jobs.requeue(database, first.id)
    assert (await claim(database)).id == first.id
    assert (await claim(database)).id == second.id


async def test_the_start_requeues_what_was_running(database: Database) -> None:
    done = await bring_to(database, JobState.DONE)
    cancelled = await bring_to(database, JobState.CANCELLED)
    running = {await bring_to(database, JobState.RUNNING) for _ in range(3)}
    assert await jobs.requeue_unfinished(database) == 3
    assert await jobs.requeue_unfinished(database) == 0
    assert {(await claim(database)).id for _ in range(3)} == running
    assert await jobs.claim_next(database) is None
    assert (await read(database, done)).state is JobState.DONE
    assert (await read(database, cancelled)).state is JobState.CANCELLED


async def test_verbs_on_an_unknown_job_change_nothing(database: Database) -> None:
    nobody = "0" * 32
    assert not await jobs.finish(database, nobody, [])
    assert not await jobs.fail(database, nobody, "?")
    assert not await jobs.cancel(database, nobody)
    assert not await jobs.requeue(database, nobody)
    assert await jobs.children(database, nobody) == ()
    assert await pictures.of_job(database, nobody) == ()
    assert await jobs.totals(database, 1) == Totals(0, 0, 0, 0)


async def test_what_ended_is_shown_once(database: Database) -> None:
    for state in (JobState.RUNNING, JobState.QUEUED):
        await bring_to(database, state)
    assert await jobs.ended_unshown(database) == ()
    ended = [await bring_to(database, state) for state in (JobState.FAILED, JobState.CANCELLED)]
    assert [job.id for job in await jobs.ended_unshown(database)] == ended
    await jobs.mark_shown(database, ended[0], (await read(database, ended[0])).message_id)
    assert [job.id for job in await jobs.ended_unshown(database)] == ended[1:]


async def test_a_job_that_ended_without_a_message_is_still_to_be_shown(
    database: Database,
) -> None:
    (job,) = await jobs.add(database, [new_job()], limit=None)
    await jobs.cancel(database, job.id)
    assert [job.id for job in await jobs.ended_unshown(database)] == [job.id]
    assert await jobs.without_message(database) == ()


async def test_children_are_the_jobs_made_from_one(database: Database) -> None:
    parent, other = await jobs.add(database, [new_job(), new_job()], limit=None)
    made = [
        (await jobs.add(database, [new_job(m, parent_id=parent.id)], limit=None))[0].id
        for m in (1, 2)
    ]
    await jobs.add(database, [new_job(parent_id=made[0])], limit=None)
    assert [job.id for job in await jobs.children(database, parent.id)] == made
    assert await jobs.children(database, other.id) == ()


async def test_totals_count_one_member(database: Database) -> None:
    for index in range(2):
        job_id = (await queue(database))[0].id
        await claim(database)
        await jobs.finish(database, job_id, [picture(job_id, i) for i in range(3 + index)])
    await bring_to(database, JobState.FAILED)
    await bring_to(database, JobState.CANCELLED)
    (others,) = await queue(database, member_id=2)
    await claim(database)
    await jobs.finish(database, others.id, [picture(others.id, 0)])
    await queue(database)
    assert await jobs.totals(database, 1) == Totals(done=2, failed=1, cancelled=1, pictures=7)
    assert await jobs.totals(database, 2) == Totals(done=1, failed=0, cancelled=0, pictures=1)


async def test_a_member_is_known_by_the_name_last_seen(database: Database) -> None:
    first, second = [
        (await jobs.add(database, [new_job(member_name=name)], limit=None))[0]
        for name in ("Ann", "Ann Lee " * 40)
    ]
    assert (await read(database, first.id)).member_name == "Ann"
    assert (await read(database, second.id)).member_name == "Ann Lee " * 40


async def test_many_questions_at_once(database: Database) -> None:
    """More than the pool has connections: they wait for each other and all are answered."""
    (job,) = await queue(database)
    answers = await asyncio.gather(*(jobs.get(database, job.id) for _ in range(60)))
    assert answers == [job] * 60


async def test_only_jobs_of_some_models_are_claimed(database: Database) -> None:
    by_model = {}
    for model in ("away", "here", "other"):
        (by_model[model],) = await queue(database, request={**REQUEST, "model": model})
    (nameless,) = await queue(database)
    waiting = {**REQUEST, "model": "", "unresolved": {"repetition": 0}}
    (unresolved,) = await queue(database, request=waiting)

    async def claimed(**models: Any) -> list[str]:
        """What is claimed, one after the other; it goes back to the queue afterwards."""
        found = []
        while job := await jobs.claim_next(database, **models):
            found.append(job.id)
        await jobs.requeue_unfinished(database)
        return found

    away, here, other = (by_model[model].id for model in ("away", "here", "other"))
    for models, expected in (
        ({}, [away, here, other, nameless.id, unresolved.id]),
        ({"except_models": ["away"]}, [here, other, nameless.id, unresolved.id]),
        ({"only_models": ["here"]}, [here, unresolved.id]),
        ({"only_models": []}, [unresolved.id]),
        ({"only_models": ["here", "other"], "resolved_only": True}, [here, other]),
    ):
        assert await claimed(**models) == expected
