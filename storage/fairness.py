"""Whose turn it is: the order in which waiting jobs are claimed, and a job's place in it.

The member with the fewest running jobs comes first, then the one who was served longest ago
(never is longest), then the oldest job. So one member's twenty jobs hold up nobody's single one.
Said twice, once for the database to choose by and once to count by; a test holds the two together.
Knows nothing of states other than queued and running, and changes nothing.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnExpressionArgument, func, select
from sqlalchemy.orm import aliased

from storage.models import JobRow, JobState, MemberRow

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job, as far as its turn is concerned."""

    job_id: str
    member_id: int
    served_at: datetime | None
    """When its member was last served."""


def claim_order() -> tuple[ColumnExpressionArgument[Any], ...]:
    """What to order queued `JobRow`s, joined with their `MemberRow`, by."""
    running = aliased(JobRow)
    running_of_member = (
        select(func.count())
        .where(running.member_id == JobRow.member_id, running.state == JobState.RUNNING)
        .correlate(JobRow)
        .scalar_subquery()
    )
    return (running_of_member, MemberRow.served_at.nulls_first(), JobRow.created_at, JobRow.id)


def in_turn(waiting: Sequence[Waiting], running: Counter[int]) -> list[str]:
    """Put the ids of queued jobs into the order in which they will be claimed.

    `waiting` is given oldest first, `running` counts members' running jobs. What ends meanwhile
    is not foreseen: each job that is claimed is taken to be still running.
    """
    jobs: dict[int, deque[tuple[int, str]]] = {}
    served: dict[int, tuple[datetime, int]] = {}
    for age, job in enumerate(waiting):
        jobs.setdefault(job.member_id, deque()).append((age, job.job_id))
        served[job.member_id] = (job.served_at or _LONG_AGO, 0)
    busy = Counter(running)
    order: list[str] = []
    while jobs:
        member = min(jobs, key=lambda member: (busy[member], served[member], jobs[member][0]))
        order.append(jobs[member].popleft()[1])
        busy[member] += 1
        served[member] = (datetime.max.replace(tzinfo=UTC), len(order))
        if not jobs[member]:
            del jobs[member]
    return order
