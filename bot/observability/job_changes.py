"""Counts, logs and traces what happens to jobs; their database tells once it is committed."""

import logging
from datetime import datetime

from bot.observability import discord_traffic, metrics
from diffusion.telemetry import traces
from diffusion.telemetry.job_context import working_on
from storage.database import Database, StorageUnavailable
from storage.jobs import Job, JobChanged, JobStep

log = logging.getLogger(__name__)


def watch(database: Database) -> None:
    """Count what happens from now on in this database."""
    database.listen(_count)


def _count(event: object) -> None:
    match event:
        case JobChanged():
            _count_change(event)
            with working_on(event.job.id):
                log.info("Job %s: %s", event.step.value, _summary(event))
                _trace(event)
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


def _summary(change: JobChanged) -> str:
    """What an operator wants to know of it; nothing that its member typed."""
    job = change.job
    words = [job.kind.value, job.state.value]
    if change.cause:
        words.append(change.cause.value)
    return ", ".join(words)


def _trace(change: JobChanged) -> None:
    job = change.job
    if change.step is JobStep.QUEUED and (begun := discord_traffic.current.get()):
        begun.queued(job.id)
    if change.step is JobStep.CLAIMED:
        if job.attempts == 1:
            traces.record("queue wait", _ns(job.created_at), _ns(change.began_at))
        traces.record("claim", _ns(change.began_at))
    if change.step is JobStep.SHOWN:
        traces.record_job(
            _ns(job.created_at),
            {
                "darkroom.kind": job.kind.value,
                "darkroom.mode": job.mode.value,
                "darkroom.state": job.state.value,
                "darkroom.attempts": job.attempts,
            },
        )


def _ns(when: datetime) -> int:
    """Nanoseconds since 1970."""
    return int(when.timestamp() * 1_000_000) * 1_000


def _count_run(job: Job) -> None:
    if job.started_at is not None:  # not one that was cancelled while it waited
        run_s = _seconds(job.started_at, job.finished_at)
        metrics.JOB_RUN.labels(job.kind.value).observe(run_s)


def _seconds(begin: datetime, end: datetime | None) -> float:
    """The time between; never less than 0, for a clock that was set back."""
    return max(0.0, (end - begin).total_seconds()) if end else 0.0
