"""Policies about pictures, verdicts that a filter gives, and jobs that are held back."""

import asyncio

import pytest

from storage import jobs, pictures
from storage.database import Database
from storage.pictures import NewPicture
from storage.rules.pictures import (
    PolicyLimitReached,
    StoredPicturePolicy,
    forget,
    policies_of,
    store,
)
from tests.support.stored_jobs import new_job


async def test_a_place_has_one_policy_and_no_more_places_than_allowed(database: Database) -> None:
    for percent in (80, 40):
        await store(database, 1, StoredPicturePolicy(1, "spoiler", percent), limit=2)
    await store(database, 1, StoredPicturePolicy(7, "off", 80), limit=2)
    await store(database, 2, StoredPicturePolicy(7, "review", 50), limit=2)
    changed = StoredPicturePolicy(7, "refuse", 10)
    both = [changed, StoredPicturePolicy(8, "off", 80)]
    results = await asyncio.gather(
        *(store(database, 1, one, limit=2) for one in both), return_exceptions=True
    )
    assert [type(one) for one in results] == [type(None), PolicyLimitReached]
    assert await policies_of(database, 1) == (StoredPicturePolicy(1, "spoiler", 40), changed)
    await forget(database, 1, 1)
    await forget(database, 1, 1)
    assert await policies_of(database, 1) == (changed,)
    assert len(await policies_of(database, 2)) == 1


async def _finished(database: Database, **ruled: int | str | None) -> jobs.Job:
    (job,) = await jobs.add(database, [new_job(verdict=1, verdict_reason="words")], limit=None)
    await jobs.attach_message(database, job.id, 1, 2)
    await jobs.claim_next(database)
    picture = NewPicture(0, 1, 8, 8, "ab" * 32, "a.png", 8)
    assert await jobs.finish(database, job.id, [picture], **ruled)  # type: ignore[arg-type]
    ended = await jobs.get(database, job.id)
    assert ended is not None
    return ended


async def test_the_end_of_a_job_brings_its_verdict_or_leaves_the_one_it_has(
    database: Database,
) -> None:
    ended = await _finished(database)
    assert (ended.verdict, ended.verdict_reason, ended.held_back) == (1, "words", None)
    ended = await _finished(database, verdict=3, reason="red", held_back=1)
    assert (ended.verdict, ended.verdict_reason, ended.held_back) == (3, "red", 1)


async def test_a_job_is_held_back_until_it_has_another_verdict_and_then_shown_again(
    database: Database,
) -> None:
    first, second = [await _finished(database, verdict=3, held_back=0) for _ in range(2)]
    for one in (first, second):
        await jobs.mark_shown(database, one.id, one.message_id)
    assert [one.id for one in await jobs.held_back(database, 1)] == [first.id]
    assert not await jobs.set_verdict(database, first.id, 0, None, before=2)
    assert await jobs.set_verdict(database, first.id, 0, None, before=3)
    assert [one.id for one in await jobs.held_back(database, 9)] == [second.id]
    assert [one.id for one in await jobs.ended_unshown(database)] == [first.id]


@pytest.mark.parametrize("score", [0.0, 0.5, 1.0])
async def test_scores_are_kept_with_their_pictures(database: Database, score: float) -> None:
    ended = await _finished(database)
    (picture,) = await pictures.of_job(database, ended.id)
    assert picture.explicit_score is None
    await pictures.set_scores(database, {picture.id: score})
    (picture,) = await pictures.of_job(database, ended.id)
    assert picture.explicit_score == score
