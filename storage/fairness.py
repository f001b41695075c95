"""Whose turn it is: the order in which waiting jobs are claimed, and a job's place in it.

All turbo jobs come before the fast ones, and these before the relaxed. Among those of a mode, the
member with the fewest running jobs comes first, then the one who was served longest ago (never is
longest), then the oldest job. So one member's twenty jobs hold up nobody's single one.
Said twice, once for the database to choose by and once to count by; a test holds the two together.
Knows nothing of states other than queued and running, and changes nothing.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnExpressionArgument, case, func, select
from sqlalchemy.orm import aliased

from storage.models import JobMode, JobRow, JobState, MemberRow

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job, as far as its turn is concerned."""

    job_id: str
    member_id: int
    served_at: datetime | None
    """When its member was last served."""
    mode: JobMode = JobMode.FAST


def claim_order() -> tuple[ColumnExpressionArgument[Any], ...]:
    """What to order queued `JobRow`s, joined with their `MemberRow`, by."""
    running = aliased(JobRow)
    running_of_member = (
        select(func.count())
        .where(running.member_id == JobRow.member_id, running.state == JobState.RUNNING)
        .correlate(JobRow)
        .scalar_subquery()
    )
    hurry = case({mode: place for place, mode in enumerate(JobMode)}, value=JobRow.mode)
    longest_ago = MemberRow.served_at.nulls_first()
    return (hurry, running_of_member, longest_ago, JobRow.created_at, JobRow.id)


def in_turn(waiting: Sequence[Waiting], running: Counter[int]) -> list[str]:
    """Put the ids of queued jobs into the order in which they will be claimed.

    `waiting` is given oldest first, `running` counts members' running jobs. What ends meanwhile
    is not foreseen: each job that is claimed is taken to be still running.
    """
    served = {job.member_id: (job.served_at or _LONG_AGO, 0) for job in waiting}
    busy = Counter(running)
    order: list[str] = []
    for mode in JobMode:
        jobs: dict[int, deque[tuple[int, str]]] = {}
        for age, job in enumerate(waiting):
            if job.mode is mode:
                jobs.setdefault(job.member_id, deque()).append((age, job.job_id))
        while jobs:
            member = min(jobs, key=lambda member: (busy[member], served[member], jobs[member][0]))
            order.append(jobs[member].popleft()[1])
            busy[member] += 1
            served[member] = (datetime.max.replace(tzinfo=UTC), len(order))
            if not jobs[member]:
                del jobs[member]
    return order
