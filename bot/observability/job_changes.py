"""Counts what happens to jobs and to the database, which tells once it is committed."""

from datetime import datetime

from bot.observability import metrics
from storage.database import Database, StorageUnavailable
from storage.jobs import Job, JobChanged, JobStep


def watch(database: Database) -> None:
    """Count what happens from now on in this database."""
    database.listen(_count)


def _count(event: object) -> None:
    match event:
        case JobChanged():
            _count_change(event)
        case StorageUnavailable():
            metrics.DATABASE_ERRORS.inc()


def _count_change(change: JobChanged) -> None:
    job = change.job
    metrics.JOB_STEPS.labels(change.step.value, job.kind.value).inc()
    if change.step is JobStep.CLAIMED and job.attempts == 1:
        metrics.JOB_WAIT.labels(job.mode.value).observe(_seconds(job.created_at, job.started_at))
    if change.step is JobStep.ENDED:
        cause = change.cause.value if change.cause else ""
        metrics.JOBS_ENDED.labels(job.state.value, cause).inc()
        _count_run(job)


def _count_run(job: Job) -> None:
    if job.started_at is not None:  # not one that was cancelled while it waited
        run_s = _seconds(job.started_at, job.finished_at)
        metrics.JOB_RUN.labels(job.kind.value).observe(run_s)


def _seconds(begin: datetime, end: datetime | None) -> float:
    """The time between; never less than 0, for a clock that was set back."""
    return max(0.0, (end - begin).total_seconds()) if end else 0.0
