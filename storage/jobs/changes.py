"""What happens to jobs, told to the listeners of a database once it is committed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import announce
from storage.jobs.records import Job


class JobStep(StrEnum):
    """What happened to a job."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    REQUEUED = "requeued"
    ENDED = "ended"
    """Done, failed or cancelled: its state says which."""
    SHOWN = "shown"
    """Its message shows how it ended."""


class FailureCause(StrEnum):
    """Why a job failed, for those who run the bot. Its `reason` is a sentence for its member."""

    REFUSED = "refused"
    """The engine will not do it, or its prompt cannot be drawn by the model."""
    BROKE_OFF = "broke_off"
    """Engines broke off during it again and again."""
    NOT_A_MEMBER = "not_a_member"
    """Its member had left the server."""
    PICTURE_MISSING = "picture_missing"
    """A picture that it needs is gone."""
    NOT_KEPT = "not_kept"
    """Its pictures could not be stored."""
    NO_PLACE = "no_place"
    """There was no channel to show it in."""
    BUG = "bug"
    """A mistake of ours; the log says more."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job, as it stands after the change. `cause` is that of a job that failed."""

    step: JobStep
    job: Job
    began_at: datetime
    """When the transaction began that changed it."""
    cause: FailureCause | None = None


def announce_change(
    session: AsyncSession, step: JobStep, job: Job, cause: FailureCause | None = None
) -> None:
    """Have the listeners told of this change when the session's transaction is committed."""
    announce(session, lambda began_at: JobChanged(step, job, began_at, cause))
