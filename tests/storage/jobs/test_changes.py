"""What a database tells its listeners: each change of a job, once it is committed, and no other."""

from dataclasses import dataclass, field

import pytest

from storage import jobs
from storage.database import Database, StorageUnavailable
from storage.jobs import FailureCause, JobChanged, JobStep
from storage.models import JobState
from tests.support.stored_jobs import claim, new_job, queue, read


@dataclass
class Told:
    """A listener that keeps what it hears."""

    events: list[object] = field(default_factory=list)

    def hear(self, event: object) -> None:
        self.events.append(event)

    def take(self) -> list[tuple[JobStep, JobState, FailureCause | None]]:
        changes = [one for one in self.events if isinstance(one, JobChanged)]
        self.events.clear()
        return [(one.step, one.job.state, one.cause) for one in changes]


async def test_each_change_is_told_once_with_the_job_as_it_stands(database: Database) -> None:
    told = Told()
    database.listen(told.hear)
    database.listen(told.hear)
    (job,) = await queue(database)
    assert told.take() == [(JobStep.QUEUED, JobState.QUEUED, None)]
    await claim(database)
    (change,) = told.events
    assert isinstance(change, JobChanged)
    assert change.job == await read(database, job.id)
    assert change.job.started_at is not None
    assert change.began_at <= change.job.started_at
    assert told.take() == [(JobStep.CLAIMED, JobState.RUNNING, None)]
    await jobs.requeue(database, job.id)
    assert told.take() == [(JobStep.REQUEUED, JobState.QUEUED, None)]
    await jobs.fail(database, job.id, "No.", FailureCause.REFUSED)
    assert told.take() == [(JobStep.ENDED, JobState.FAILED, FailureCause.REFUSED)]
    await jobs.mark_shown(database, job.id, job.message_id)
    assert told.take() == [(JobStep.SHOWN, JobState.FAILED, None)]

    (other,) = await queue(database)
    await claim(database)
    await jobs.finish(database, other.id, [])
    (third,) = await queue(database)
    await jobs.cancel(database, third.id)
    ends = [one for one in told.take() if one[0] is JobStep.ENDED]
    assert ends == [
        (JobStep.ENDED, JobState.DONE, None),
        (JobStep.ENDED, JobState.CANCELLED, None),
    ]


async def test_what_changed_nothing_is_not_told(database: Database) -> None:
    (job,) = await queue(database)
    await jobs.cancel(database, job.id)
    told = Told()
    database.listen(told.hear)
    assert not await jobs.cancel(database, job.id)
    assert not await jobs.fail(database, job.id, "No.")
    assert not await jobs.finish(database, job.id, [])
    assert not await jobs.requeue(database, job.id)
    assert await jobs.claim_next(database) is None
    assert told.events == []


async def test_what_is_rolled_back_is_not_told(database: Database) -> None:
    told = Told()
    database.listen(told.hear)

    async def breaks_off() -> None:
        async with database.transaction() as session:
            await jobs.insert(session, [new_job()], {new_job().prompt: ""}, None)
            raise KeyError("something else")

    with pytest.raises(KeyError):
        await breaks_off()
    assert told.events == []


async def test_a_listener_that_fails_undoes_nothing(database: Database) -> None:
    def breaks(_event: object) -> None:
        raise RuntimeError("its own mistake")

    told = Told()
    database.listen(breaks)
    database.listen(told.hear)
    (job,) = await queue(database)
    assert (await read(database, job.id)).state is JobState.QUEUED
    assert len(told.events) == 1


async def test_a_database_that_does_not_answer_is_told(database: Database) -> None:
    told = Told()
    database.listen(told.hear)
    await database.close()
    with pytest.raises(StorageUnavailable):
        await jobs.get(database, "0" * 32)
    with pytest.raises(StorageUnavailable):
        await jobs.cancel(database, "0" * 32)
    assert [type(one) for one in told.events] == [StorageUnavailable] * 2


async def test_open_jobs_are_counted_by_their_model(database: Database) -> None:
    await queue(database, count=2, request={"model": "a"})
    await queue(database, request={"model": "b"})
    await queue(database, request={"model": "", "unresolved": {"repetition": 0}})
    (ended,) = await queue(database, request={"model": "a"})
    await jobs.cancel(database, ended.id)
    await claim(database)
    assert await jobs.count_by_model(database) == {
        (JobState.RUNNING, "a"): 1,
        (JobState.QUEUED, "a"): 1,
        (JobState.QUEUED, "b"): 1,
        (JobState.QUEUED, ""): 1,
    }
