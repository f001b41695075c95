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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    CTE,
    ColumnElement,
    ColumnExpressionArgument,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

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
_MUCH_LATER = datetime.max.replace(tzinfo=UTC)


class WaitingJob(NamedTuple):
    """What decides the turn of a queued job. A tuple, because of thousands each has one."""

    job_id: str
    member_id: int
    served_at: datetime | None
    """When its member was last served."""
    mode: JobMode | str = JobMode.FAST
    """Or its value: of thousands none is looked up."""
    copied: bool = False
    """Whether it takes no turn; see `storage.models.COPIED_KINDS`."""
    weight: int = 1
    at_a_time: int | None = None
    """How many jobs its member may have running; None for no limit."""
    finish: int = 0
    """The virtual time at which their member's last job of the mode ended."""


def modes() -> CTE:
    """A row for each mode: the `turn` in which its first job is claimed, and where its last claimed
    job began in virtual time, as `start`."""
    latest = select((func.coalesce(func.max(JobRow.turn), -1) + 1).label("turn")).cte("latest")
    position = latest.c.turn % len(ROUND)
    of_each = [
        select(
            literal_column(f"'{mode.value}'", String).label("mode"),
            (latest.c.turn + case(_turns_until(mode), value=position)).label("turn"),
            select(func.coalesce(func.max(ShareRow.start), 0))
            .where(ShareRow.mode == literal_column(f"'{mode.value}'", String))
            .scalar_subquery()
            .label("start"),
        )
        for mode in JobMode
    ]
    return union_all(*of_each).cte("modes")


Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


class ClaimOrder:
    """The order as a query: its parts, to be used with what `join` joins.

    What is the same for all waiting jobs is looked up once, not for each.
    """

    def __init__(self) -> None:
        self._running = (
            select(JobRow.member_id, func.count().label("jobs"))
            .where(
                JobRow.state == bindparam(None, JobState.RUNNING, literal_execute=True),
                JobRow.finished_at.is_(None),
            )
            .group_by(JobRow.member_id)
            .subquery()
        )
        running: ColumnElement[int] = func.coalesce(self._running.c.jobs, 0)
        self.has_place = or_(JobRow.at_a_time.is_(None), running < JobRow.at_a_time)
        """Whether the member may have one more job running."""
        self._modes = modes()
        self.turn: ColumnElement[int] = self._modes.c.turn
        own, virtual = ShareRow.finish, self._modes.c.start
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
            .join(self._modes, self._modes.c.mode == JobRow.mode)
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
    return list(in_turn(waiting, running, turn, virtual))


def in_turn(
    waiting: Sequence[WaitingJob],
    running: Counter[int],
    turn: int = 0,
    virtual: Mapping[JobMode, int] | None = None,
) -> Iterator[str]:
    """The same one after the other, for whoever does not need all."""
    line = _Line(waiting, running, turn, virtual or {})
    for _ in waiting:
        yield line.take()


_Job = tuple[int, str]
"""How old a waiting job is, 0 for the oldest, and its id."""
_Key = tuple[int, int, tuple[datetime, int], _Job]
"""What decides among the groups of a mode: the smallest is the next."""


class _Member:
    """How many jobs of a member run, and when they were served: at a time, and in which claim."""

    __slots__ = ("busy", "served")

    def __init__(self, served_at: datetime | None, busy: int) -> None:
        self.served = (served_at or _LONG_AGO, 0)
        self.busy = busy


class _Time:
    """A moment in virtual time: where a mode is, or where a member's last job of it ended."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at


class _Group:
    """A member's jobs of a mode of which the oldest comes first, whatever else waits."""

    __slots__ = ("at_a_time", "jobs", "member", "own", "virtual", "weight")

    def __init__(self, first: WaitingJob, member: _Member, own: _Time, virtual: _Time) -> None:
        self.member, self.own, self.virtual = member, own, virtual
        self.weight, self.at_a_time = first.weight, first.at_a_time
        self.jobs = deque[_Job]()

    @property
    def has_place(self) -> bool:
        return self.at_a_time is None or self.member.busy < self.at_a_time

    def start(self) -> int:
        own, virtual = self.own.at, self.virtual.at
        return own if own > virtual else virtual

    def key(self) -> _Key:
        # As `start`, which is not called here: of thousands of keys each would take as long again.
        member, own, virtual = self.member, self.own.at, self.virtual.at
        start = own if own > virtual else virtual
        return (member.busy // self.weight, start, member.served, self.jobs[0])


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
    """The queue as it is claimed, one job after the other.

    While jobs are claimed, the key of a group can only become larger. So each mode has a heap with
    keys that may be too small: the first group whose key is still right is the next.
    """

    def __init__(
        self,
        waiting: Sequence[WaitingJob],
        running: Counter[int],
        turn: int,
        virtual: Mapping[JobMode, int],
    ) -> None:
        self._turn = turn
        self._taken = 0
        self._minds_places = True
        self._full: list[tuple[list[tuple[_Key, _Group]], _Group]] = []
        times: dict[str, _Time] = {mode: _Time(virtual.get(mode, 0)) for mode in JobMode}
        self._times = times
        members: dict[int, _Member] = {}
        own: dict[tuple[int, str], _Time] = {}
        groups: dict[tuple[int, str, bool, int, int | None], _Group] = {}
        for age, job in enumerate(waiting):
            job_id, member_id, served_at, mode, copied, weight, at_a_time, finish = job
            alike = (member_id, mode, copied, weight, at_a_time)
            if (group := groups.get(alike)) is None:
                if (member := members.get(member_id)) is None:
                    members[member_id] = member = _Member(served_at, running[member_id])
                if (ended := own.get((member_id, mode))) is None:
                    own[member_id, mode] = ended = _Time(finish)
                group = groups[alike] = _Group(job, member, ended, times[mode])
            group.jobs.append((age, job_id))
        self._copies: list[tuple[_Key, _Group]] = []
        by_mode: dict[str | None, list[tuple[_Key, _Group]]] = {mode: [] for mode in JobMode}
        by_mode[None] = self._copies
        for (_, mode, copied, *_rest), group in groups.items():
            by_mode[None if copied else mode].append((group.key(), group))
        for heap in by_mode.values():
            heapify(heap)
        self._round = [by_mode[mode] for mode in ROUND]

    def claim(self) -> Claim:
        """Claim the next job."""
        job_id = self.take()
        return Claim(job_id, self._turn, {mode: self._times[mode].at for mode in JobMode})

    def take(self) -> str:
        """Claim the next job, of those that are left."""
        heap = self._next()
        _, group = heap[0]
        if heap is not self._copies:
            self._turn += 1
            start = group.virtual.at = group.start()
            group.own.at = start + STRIDE // group.weight
        self._taken += 1
        group.member.busy += 1
        group.member.served = (_MUCH_LATER, self._taken)
        _, job_id = group.jobs.popleft()
        if group.jobs:
            heapreplace(heap, (group.key(), group))
        else:
            heappop(heap)
        return job_id

    def _next(self) -> list[tuple[_Key, _Group]]:
        """The heap at whose head the next group is."""
        if self._copies and self._has_head(self._copies):
            return self._copies
        for turn in range(self._turn, self._turn + len(ROUND)):
            heap = self._round[turn % len(ROUND)]
            if heap and self._has_head(heap):
                self._turn = turn
                return heap
        # Only those are left whose members have as many running as they may.
        self._minds_places = False
        for heap, group in self._full:
            heappush(heap, (group.key(), group))
        return self._next()

    def _has_head(self, heap: list[tuple[_Key, _Group]]) -> bool:
        """Put the first group that has a place at the head; False if there is none."""
        while heap:
            key, group = heap[0]
            if self._minds_places and not group.has_place:
                heappop(heap)
                self._full.append((heap, group))
            elif key == (now := group.key()):
                return True
            else:
                heapreplace(heap, (now, group))
        return False


def _turns_until(mode: JobMode) -> dict[int, int]:
    """How many turns of other modes come before the next of this mode, from each place on."""
    return {place: (ROUND[place:] + ROUND[:place]).index(mode) for place in range(len(ROUND))}
