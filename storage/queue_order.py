"""The order of the queue: which waiting job is claimed next, and a job's place.

Modes take turns by weighted round robin: of seven turns four are turbo's, two fast's and one
relaxed's (`ROUND`), spread as evenly as they can be. The turn of a mode for which nothing waits
goes to the next in the round, and is not saved up. So a job at the head
of its mode waits for at most six others, whatever waits in other modes. Which turn it is follows
from the turns that claimed jobs have had, so it is the same after a restart.

Among the jobs of a mode, the member with the fewest running jobs for their weight comes first,
whole times of the weight counted; then the one whose next job begins first in virtual time; then
the one who was served longest ago (never is longest), then the oldest job. So one member's twenty
jobs do not delay another's single one. Copies (`COPIED_KINDS`) come before all that and take no
turn.

Virtual time is that of start-time fair queueing (Goyal, Vin and Cheng 1996), for each mode by
itself. A claimed job begins where its member's last one ended, but not before the job that was
claimed last; it takes `STRIDE` divided by its weight. So while all keep their mode full, a member
with weight 3 has three turns for each of one with weight 1, nobody waits for ever, and who was away
has saved nothing up.

A job that may not run yet, because its member has as many running as they may have at a time
(`at_a_time`), is passed over and keeps its place.

Written twice, as a query that chooses and as code that counts; a test holds the two together.
Only knows the states queued and running, and changes nothing.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    ColumnExpressionArgument,
    Select,
    and_,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from storage.models import COPIED_KINDS, JobMode, JobRow, JobState, MemberRow, ShareRow

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

STRIDE = 2520
"""The virtual time of a job with weight 1: every weight from 1 to 10 divides it."""

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
    weight: int = 1
    at_a_time: int | None = None
    """How many jobs its member may have running; None for no limit."""
    finish: int = 0
    """The virtual time at which its member's last job of the mode ended."""

    @property
    def group(self) -> "_Group":
        return _Group(self.member_id, self.mode, self.weight, self.at_a_time)


@dataclass(frozen=True, slots=True)
class _Group:
    """What jobs have in common of which the oldest comes first, whatever else waits."""

    member_id: int
    mode: JobMode
    weight: int
    at_a_time: int | None


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


def virtual_times() -> dict[JobMode, ColumnElement[int]]:
    """For each mode, where in virtual time its last claimed job began."""
    return {
        mode: select(func.coalesce(func.max(ShareRow.start), 0))
        .where(ShareRow.mode == mode)
        .scalar_subquery()
        for mode in JobMode
    }


Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


class ClaimOrder:
    """The order as a query: its parts, to be used with what `join` joins."""

    def __init__(self) -> None:
        # Counted once for all members, not for each waiting job.
        self._running = (
            select(JobRow.member_id, func.count().label("jobs"))
            .where(JobRow.state == JobState.RUNNING)
            .group_by(JobRow.member_id)
            .subquery()
        )
        running: ColumnElement[int] = func.coalesce(self._running.c.jobs, 0)
        self.has_place = or_(JobRow.at_a_time.is_(None), running < JobRow.at_a_time)
        """Whether the member may have one more job running."""
        self.turn = turn_of_mode()
        virtual = case(virtual_times(), value=JobRow.mode)
        own = func.coalesce(ShareRow.finish, 0)
        self.start: ColumnElement[int] = case((own > virtual, own), else_=virtual)
        """Where in virtual time the job begins, if it is claimed now."""
        self.keys: tuple[ColumnExpressionArgument[Any], ...] = (
            # -1 is before every turn.
            case((JobRow.kind.in_(COPIED_KINDS), -1), else_=self.turn),
            running // JobRow.weight,
            self.start,
            MemberRow.served_at.nulls_first(),
            JobRow.created_at,
            JobRow.id,
        )

    def join(self, query: Query) -> Query:
        """The query of `JobRow`s with all that the order needs."""
        of_mode = and_(ShareRow.member_id == JobRow.member_id, ShareRow.mode == JobRow.mode)
        return (
            query.join(MemberRow, MemberRow.id == JobRow.member_id)
            .outerjoin(ShareRow, of_mode)
            .outerjoin(self._running, self._running.c.member_id == JobRow.member_id)
        )


def queue_order(
    waiting: Sequence[WaitingJob],
    running: Counter[int],
    turn: int = 0,
    virtual: Mapping[JobMode, int] | None = None,
) -> list[str]:
    """Put the ids of queued jobs into the order in which they will be claimed.

    `waiting` is given oldest first, `running` counts members' running jobs, `turn` is the next,
    `virtual` is where modes are in virtual time. Jobs that end meanwhile are not predicted: each
    claimed job counts as still running, and what waits for its own member's jobs comes last.
    """
    line = _Line(waiting, running, turn, virtual or {})
    return [line.take() for _ in waiting]


@dataclass(frozen=True, slots=True)
class Claim:
    """The job that is claimed next, and what the queue is like then."""

    job_id: str
    turn: int
    """The turn of the claim after it."""
    virtual: Mapping[JobMode, int]
    """Where modes are in virtual time."""


def first_claim(
    waiting: Sequence[WaitingJob],
    running: Counter[int],
    turn: int = 0,
    virtual: Mapping[JobMode, int] | None = None,
) -> Claim:
    """The first of `queue_order`, of at least one waiting job."""
    return _Line(waiting, running, turn, virtual or {}).claim()


class _Line:
    """The queue as it is claimed, one job after the other."""

    def __init__(
        self,
        waiting: Sequence[WaitingJob],
        running: Counter[int],
        turn: int,
        virtual: Mapping[JobMode, int],
    ) -> None:
        self._served = {job.member_id: (job.served_at or _LONG_AGO, 0) for job in waiting}
        self._finish = {(job.member_id, job.mode): job.finish for job in waiting}
        self._virtual = {mode: virtual.get(mode, 0) for mode in JobMode}
        self._busy = Counter(running)
        self._turn = turn
        self._taken = 0
        # By mode, with copies under None, then by group.
        self._lines: dict[JobMode | None, dict[_Group, deque[tuple[int, str]]]] = {}
        for age, job in enumerate(waiting):
            line = self._lines.setdefault(None if job.copied else job.mode, {})
            line.setdefault(job.group, deque()).append((age, job.job_id))

    def claim(self) -> Claim:
        """Claim the next job."""
        return Claim(self.take(), self._turn, dict(self._virtual))

    def take(self) -> str:
        """Claim the next job, of those that are left."""
        free = {mode: [g for g in line if self._has_place(g)] for mode, line in self._lines.items()}
        free = {mode: groups for mode, groups in free.items() if groups}
        free = free or {mode: list(line) for mode, line in self._lines.items()}
        mode = None
        if None not in free:
            while (mode := ROUND[self._turn % len(ROUND)]) not in free:
                self._turn += 1
            self._turn += 1
        line = self._lines[mode]
        group = min(
            free[mode],
            key=lambda one: (
                self._busy[one.member_id] // one.weight,
                self._start(one),
                self._served[one.member_id],
                line[one][0],
            ),
        )
        if mode is not None:
            start = self._virtual[mode] = self._start(group)
            self._finish[group.member_id, mode] = start + STRIDE // group.weight
        self._taken += 1
        self._busy[group.member_id] += 1
        self._served[group.member_id] = (datetime.max.replace(tzinfo=UTC), self._taken)
        _, job_id = line[group].popleft()
        if not line[group]:
            del line[group]
        if not line:
            del self._lines[mode]
        return job_id

    def _has_place(self, group: _Group) -> bool:
        return group.at_a_time is None or self._busy[group.member_id] < group.at_a_time

    def _start(self, group: _Group) -> int:
        own = self._finish[group.member_id, group.mode]
        return max(own, self._virtual[group.mode])


def _turns_until(mode: JobMode, place: int) -> int:
    """How many turns of other modes come before the next of this mode, from this place on."""
    return (ROUND[place:] + ROUND[:place]).index(mode)
