"""The order of the queue: which waiting job is claimed next, and a job's place.

Modes take turns by weighted round robin: of seven turns four are turbo's, two fast's and one
relaxed's (`ROUND`), spread as evenly as they can be. The turn of a mode for which nothing waits
goes to the next in the round, and is not saved up. So a job at the head
of its mode waits for at most six others, whatever waits in other modes. Which turn it is follows
from the turns that claimed jobs have had, so it is the same after a restart.

Among the jobs of a mode, the member with the fewest running jobs comes first, then the one who
was served longest ago (never is longest), then the oldest job. So one member's twenty jobs do
not delay another's single one. Copies (`COPIED_KINDS`) come before all that and take no turn.

Written twice, as a query that chooses and as code that counts; a test holds the two together.
Only knows the states queued and running, and changes nothing.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, ColumnExpressionArgument, case, func, select
from sqlalchemy.orm import aliased

from storage.models import COPIED_KINDS, JobMode, JobRow, JobState, MemberRow

ROUND = (
    JobMode.TURBO,
    JobMode.FAST,
    JobMode.TURBO,
    JobMode.RELAX,
    JobMode.TURBO,
    JobMode.FAST,
    JobMode.TURBO,
)
"""The modes' turns, repeated: turn n is that of `ROUND[n % 7]`."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """What decides the turn of a queued job."""

    job_id: str
    member_id: int
    served_at: datetime | None
    """When its member was last served."""
    mode: JobMode = JobMode.FAST
    copied: bool = False
    """Whether it takes no turn; see `storage.models.COPIED_KINDS`."""


def next_turn() -> ColumnElement[int]:
    """The turn after the latest that a claimed job has had."""
    claimed = aliased(JobRow)
    return select(func.coalesce(func.max(claimed.turn) + 1, 0)).scalar_subquery()


def turn_of_mode() -> ColumnElement[int]:
    """The turn in which a `JobRow` is claimed, if it is the first of its mode."""
    turn = next_turn()
    position = turn % len(ROUND)
    away = {
        mode: case(
            {place: _turns_until(mode, place) for place in range(len(ROUND))}, value=position
        )
        for mode in JobMode
    }
    return turn + case(away, value=JobRow.mode)


def claim_order() -> tuple[ColumnExpressionArgument[Any], ...]:
    """What to order queued `JobRow`s, joined with their `MemberRow`, by."""
    running = aliased(JobRow)
    running_of_member = (
        select(func.count())
        .where(running.member_id == JobRow.member_id, running.state == JobState.RUNNING)
        .correlate(JobRow)
        .scalar_subquery()
    )
    # -1 is before every turn.
    turn = case((JobRow.kind.in_(COPIED_KINDS), -1), else_=turn_of_mode())
    longest_ago = MemberRow.served_at.nulls_first()
    return (turn, running_of_member, longest_ago, JobRow.created_at, JobRow.id)


def queue_order(waiting: Sequence[WaitingJob], running: Counter[int], turn: int = 0) -> list[str]:
    """Put the ids of queued jobs into the order in which they will be claimed.

    `waiting` is given oldest first, `running` counts members' running jobs, `turn` is the next.
    Jobs that end meanwhile are not predicted: each claimed job counts as still running.
    """
    served = {job.member_id: (job.served_at or _LONG_AGO, 0) for job in waiting}
    busy = Counter(running)
    # By mode, with copies under None, then by member.
    lines: dict[JobMode | None, dict[int, deque[tuple[int, str]]]] = {}
    for age, job in enumerate(waiting):
        line = lines.setdefault(None if job.copied else job.mode, {})
        line.setdefault(job.member_id, deque()).append((age, job.job_id))
    order: list[str] = []
    while lines:
        mode = None
        if None not in lines:
            while (mode := ROUND[turn % len(ROUND)]) not in lines:
                turn += 1
            turn += 1
        jobs = lines[mode]
        member = min(jobs, key=lambda member: (busy[member], served[member], jobs[member][0]))
        order.append(jobs[member].popleft()[1])
        busy[member] += 1
        served[member] = (datetime.max.replace(tzinfo=UTC), len(order))
        if not jobs[member]:
            del jobs[member]
        if not jobs:
            del lines[mode]
    return order


def _turns_until(mode: JobMode, place: int) -> int:
    """How many turns of other modes come before the next of this mode, from this place on."""
    return (ROUND[place:] + ROUND[:place]).index(mode)
