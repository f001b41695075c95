"""Quotas: how much the roles of a server may have, and what each member has used.

Used are pictures, from the moment that they are queued, and GPU time, once it is known. Both are
counted by the hour, the day and the month, which begin in UTC as on the clock and the calendar.
For each member of a server there is one row a period, which begins anew with each hour, day or
month: nothing is summed over jobs. A job's pictures are given back in the transaction that fails or
cancels it. So the sum is right whenever a process dies.

Knows nothing of who has which roles; `bot.policy.quotas` decides what they come to.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Executable, bindparam, case, delete, or_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, is_shared, upsert
from storage.models import MemberRow, QuotaRow, UsageRow, table_of

MAX_WEIGHT = 10
"""The largest share of turns that a role may have; the smallest is 1."""


CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the clocks of bots may be apart. What lies further ahead was stored while a clock was
wrong, and counts for nothing: no limit would hold until then, and a member would wait as long."""


class Period(StrEnum):
    """After which time a limit renews."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"

    def start(self, at: datetime) -> datetime:
        """When the hour, day or month of this moment began, in UTC."""
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if self is Period.HOUR:
            return hour
        day = hour.replace(hour=0)
        return day if self is Period.DAY else day.replace(day=1)

    def end(self, at: datetime) -> datetime:
        """When the next one begins."""
        start = self.start(at)
        if self is Period.MONTH:
            return (start + timedelta(days=31)).replace(day=1)
        return start + (timedelta(hours=1) if self is Period.HOUR else timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Allowance:
    """So much in each period; an amount of None is without limit."""

    amount: int | None
    period: Period = Period.DAY


@dataclass(frozen=True, slots=True)
class Quota:
    """What a role may have, or a member; None where a role says nothing, and a member has no limit.

    `jobs` is how many at a time. `cooldown_s` is the seconds between two requests. `weight` is how
    many turns of the queue the member has for each of a member with weight 1.
    """

    pictures: Allowance | None = None
    gpu_seconds: Allowance | None = None
    jobs: int | None = None
    cooldown_s: int | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What was used in one period."""

    pictures: int = 0
    gpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a member has used by `now`, in the present hour, day and month."""

    now: datetime
    used: Mapping[Period, Used] = field(default_factory=dict)
    asked_at: datetime | None = None
    """When they last asked for something that is drawn."""

    def of(self, period: Period) -> Used:
        return self.used.get(period, Used())


class OverQuota(Exception):
    """The member would use more than they may have.

    `what` is `pictures`, `gpu_seconds` or `cooldown_s`. `wanted` is how much the request adds, as
    far as that is known. `renews_at` is when the limit renews, or the cooldown is over.
    """

    def __init__(
        self, what: str, used: int, wanted: int, limit: int, period: Period, renews_at: datetime
    ) -> None:
        super().__init__(f"{what}: {used} of {limit} are used, and this would add {wanted}.")
        self.what, self.used, self.wanted, self.limit = what, used, wanted, limit
        self.period, self.renews_at = period, renews_at


def check(quota: Quota, usage: Usage, pictures: int) -> None:
    """Raises OverQuota if a member may not have so many more pictures now; pure."""
    now = usage.now
    if quota.cooldown_s and usage.asked_at is not None:
        over = usage.asked_at + timedelta(seconds=quota.cooldown_s)
        if now < over:
            raise OverQuota("cooldown_s", 0, 1, quota.cooldown_s, Period.HOUR, over)
    allowed = quota.pictures
    if allowed is not None and allowed.amount is not None:
        used, period = usage.of(allowed.period).pictures, allowed.period
        if used + pictures > allowed.amount:
            end = period.end(now)
            raise OverQuota("pictures", used, pictures, allowed.amount, period, end)
    allowed = quota.gpu_seconds
    if allowed is not None and allowed.amount is not None:
        seconds, period = usage.of(allowed.period).gpu_seconds, allowed.period
        # How long a job takes is known when it has ended: the one that goes over is the last.
        if seconds >= allowed.amount:
            end = period.end(now)
            raise OverQuota("gpu_seconds", int(seconds), 0, allowed.amount, period, end)


# What roles may have.


async def get_quotas(database: Database, server_id: int) -> dict[int, Quota]:
    """The quotas of a server's roles, by the ids of the roles."""
    async with database.reading() as session:
        rows = await session.scalars(select(QuotaRow).where(QuotaRow.server_id == server_id))
        return {row.role_id: _read(row.quota) for row in rows}


async def change_quota(
    database: Database, server_id: int, role_id: int, change: Callable[[Quota], Quota]
) -> Quota:
    """Apply `change` to the quota of a role; of two changes at once neither is lost."""
    async with database.transaction() as session:
        key = {"server_id": server_id, "role_id": role_id}
        # Also locks the row, so that of two changes the second reads what the first wrote.
        await upsert(session, QuotaRow, {**key, "quota": {}}, update={"role_id"})
        row = await session.get(QuotaRow, (server_id, role_id))
        changed = change(_read(row.quota if row else {}))
        if changed == Quota():
            await session.execute(delete(QuotaRow).filter_by(**key))
        elif row is not None:
            row.quota = _written(changed)
        return changed


# What members used.


async def get_usage(database: Database, server_id: int, member_id: int) -> Usage:
    """What a member has used on a server by now."""
    async with database.reading() as session:
        return await usage_in(session, server_id, member_id, datetime.now(UTC))


async def usage_in(session: AsyncSession, server_id: int, member_id: int, now: datetime) -> Usage:
    """The same within a transaction."""
    rows = await _rows(session, server_id, member_id, locked=False)
    used = {
        period: Used(row.pictures, row.gpu_ms / 1000)
        for period, row in rows.items()
        if row.starts_at == period.start(now)
    }
    asked_at = await session.scalar(select(MemberRow.asked_at).where(MemberRow.id == member_id))
    if asked_at is not None and asked_at > now + CLOCK_TOLERANCE:
        asked_at = None
    return Usage(now, used, asked_at)


async def count(
    session: AsyncSession, server_id: int, member_id: int, counted: Iterable[tuple[datetime, int]]
) -> None:
    """Count pictures, each with the moment at which its job was queued."""
    # The day and the month follow from the hour.
    by_hour: Counter[datetime] = Counter()
    for at, pictures in counted:
        by_hour[Period.HOUR.start(at)] += pictures
    for hour, pictures in sorted(by_hour.items()):
        await _use(session, server_id, member_id, hour, pictures=pictures)


async def give_back(
    session: AsyncSession, server_id: int, member_id: int, at: datetime, pictures: int
) -> None:
    """Take back pictures that were counted at a moment; of a period that is over, nothing is."""
    for period, row in (await _rows(session, server_id, member_id)).items():
        if row.starts_at == period.start(at):
            row.pictures -= pictures


async def charge(
    session: AsyncSession, server_id: int, member_id: int, at: datetime, gpu_ms: int
) -> None:
    """Count the time of a job that ended now."""
    await _use(session, server_id, member_id, at, gpu_ms=gpu_ms)


async def _use(
    session: AsyncSession,
    server_id: int,
    member_id: int,
    at: datetime,
    *,
    pictures: int = 0,
    gpu_ms: int = 0,
) -> None:
    used = {"server_id": server_id, "member_id": member_id, "pictures": pictures, "gpu_ms": gpu_ms}
    latest = datetime.now(UTC) + CLOCK_TOLERANCE
    rows = [
        {**used, "period": period.value, "starts_at": period.start(at), "latest": latest}
        for period in sorted(Period)  # as they are locked elsewhere
    ]
    await session.execute(_USE_SHARED if is_shared(session) else _USE_ALONE, rows)


def _make_use(insert: Callable[[Any], Any]) -> Executable:
    """Adds to what a member used in a period, or begins its row anew if its period is over, or is
    after the moment `latest`. What was used in one before that of the row does not count any more.
    """
    table = table_of(UsageRow)
    row, add = table.c, insert(table)
    new = add.excluded
    latest = bindparam("latest", type_=row.starts_at.type)
    begins = or_(new.starts_at > row.starts_at, row.starts_at > latest)
    fits = new.starts_at == row.starts_at
    counters = {
        name: case((begins, new[name]), (fits, row[name] + new[name]), else_=row[name])
        for name in ("pictures", "gpu_ms")
    }
    use: Executable = add.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={"starts_at": case((begins, new.starts_at), else_=row.starts_at), **counters},
    )
    return use


_USE_SHARED, _USE_ALONE = _make_use(postgresql_insert), _make_use(sqlite_insert)


async def _rows(
    session: AsyncSession, server_id: int, member_id: int, *, locked: bool = True
) -> dict[Period, UsageRow]:
    query = (
        select(UsageRow)
        .where(UsageRow.server_id == server_id, UsageRow.member_id == member_id)
        .order_by(UsageRow.period)
    )
    # What the session has read before may be older than what is locked now.
    query = query.with_for_update().execution_options(populate_existing=True) if locked else query
    return {Period(row.period): row for row in await session.scalars(query)}


def _written(quota: Quota) -> dict[str, Any]:
    return {name: value for name, value in asdict(quota).items() if value is not None}


def _read(stored: Mapping[str, Any]) -> Quota:
    def allowance(name: str) -> Allowance | None:
        found = stored.get(name)
        return found and Allowance(found["amount"], Period(found["period"]))

    return Quota(
        allowance("pictures"),
        allowance("gpu_seconds"),
        stored.get("jobs"),
        stored.get("cooldown_s"),
        stored.get("weight"),
    )
