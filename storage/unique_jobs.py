"""Jobs that always make the same picture: queued once, however often they are asked for."""

from sqlalchemy import ColumnElement, and_, or_, select

from storage import jobs
from storage.database import Database
from storage.jobs import UNFINISHED, Job, NewJob, to_job
from storage.models import JobRow, JobState
from storage.rules.quotas import Quota


async def add_unique(
    database: Database,
    new: NewJob,
    *,
    limit: int | None,
    since: Job | None = None,
    quota: Quota | None = None,
) -> tuple[Job, bool]:
    """Queue a job unless an equal one exists; return that job, and whether it is new.

    Equal are jobs with the same parent, picture, kind and detail that are not failed or cancelled
    and whose message this member can see. Of several the latest counts, and only those after
    `since`. Two that ask at once get the same job. Raises `TooManyJobs` and `OverQuota` as
    `jobs.add` does.
    """
    assert new.parent_id is not None, "a unique job is made from a picture"
    folded = await jobs.fold_prompts([new])
    async with database.transaction() as session:
        # Of two at once, the second waits for this row, and finds the first's job. key_share:
        # other children can still be added.
        await session.execute(
            select(JobRow.id).where(JobRow.id == new.parent_id).with_for_update(key_share=True)
        )
        later = [JobRow.created_at > since.created_at] if since else []
        row = await session.scalar(
            select(JobRow)
            .where(*_equal(new), *later)
            .order_by(JobRow.created_at.desc(), JobRow.id)
            .limit(1)
        )
        if row is not None:
            return to_job(row), False
        (job,) = await jobs.insert(session, [new], folded, limit, quota=quota)
        return job, True


def _equal(new: NewJob) -> tuple[ColumnElement[bool], ...]:
    own = JobRow.member_id == new.member_id
    here = JobRow.channel_id == new.channel_id
    # Its own member also reaches it from another channel of the server.
    seen = or_(here, and_(own, JobRow.server_id.is_not_distinct_from(new.server_id)))
    # A public request is not answered with a message that only one member sees.
    open_to_all = JobRow.stealth.is_(False)
    return (
        JobRow.parent_id == new.parent_id,
        JobRow.parent_index.is_not_distinct_from(new.parent_index),
        JobRow.kind == new.kind,
        JobRow.detail.is_not_distinct_from(new.detail),
        JobRow.state.in_((*UNFINISHED, JobState.DONE)),
        seen,
        or_(open_to_all, own) if new.stealth else open_to_all,
    )
