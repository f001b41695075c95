"""How many of a member's jobs ended how: counted with each job that ends, not over all of them.

The counts are changed in the transaction that ends a job or deletes its pictures, so that they are
right whenever a process dies. A member's first ones are counted from their jobs.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.models import JobRow, JobState, MemberRow, PictureRow, TotalsRow


@dataclass(frozen=True, slots=True)
class Totals:
    """How all of a member's jobs ended, and how many pictures they made."""

    done: int
    failed: int
    cancelled: int
    pictures: int


_COUNTERS = {
    JobState.DONE: TotalsRow.done,
    JobState.FAILED: TotalsRow.failed,
    JobState.CANCELLED: TotalsRow.cancelled,
}


_COUNTED = {
    state: update(TotalsRow)
    .where(TotalsRow.member_id == bindparam("of_member"))
    .values({counter: counter + 1, TotalsRow.pictures: TotalsRow.pictures + bindparam("more")})
    .returning(TotalsRow.member_id)
    for state, counter in _COUNTERS.items()
}
"""Statements that count one more job that ended in a state, with `more` pictures."""


async def totals(database: Database, member_id: int) -> Totals:
    """How a member's jobs ended, and their pictures."""
    async with database.reading() as session:
        row = await session.get(TotalsRow, member_id)
        is_known = row is not None or await session.get(MemberRow, member_id) is not None
    if not is_known:
        return Totals(0, 0, 0, 0)
    if row is None:
        async with database.transaction() as session:
            await _begin(session, member_id)
            row = await session.get_one(TotalsRow, member_id)
    return Totals(row.done, row.failed, row.cancelled, row.pictures)


async def count_end(session: AsyncSession, member_id: int, state: JobState, pictures: int) -> None:
    """Count a job that ends in this state; its row, and those of its pictures, say so already."""
    counted, of_member = _COUNTED[state], {"of_member": member_id, "more": pictures}
    if await session.scalar(counted, of_member) is None and not await _begin(session, member_id):
        await session.execute(counted, of_member)  # Another end was the first meanwhile.


async def forget_ends(
    session: AsyncSession, ended: Sequence[tuple[int, JobState]], pictures: Counter[int]
) -> None:
    """Take back jobs that ended, by their members, and members' pictures.

    To be called last in a transaction, so that two of them never wait for each other.
    """
    jobs = Counter(ended)
    for member_id in sorted({member_id for member_id, _ in ended} | set(pictures)):
        await session.execute(
            update(TotalsRow)
            .where(TotalsRow.member_id == member_id)
            .values(
                {
                    TotalsRow.pictures: TotalsRow.pictures - pictures[member_id],
                    **{
                        counter: counter - jobs[member_id, state]
                        for state, counter in _COUNTERS.items()
                    },
                }
            )
        )


async def _begin(session: AsyncSession, member_id: int) -> bool:
    """Count a member's jobs, unless they are counted already: then False.

    Of two that do so at once, the second waits for the first.
    """
    sqlite = session.get_bind().dialect.name == "sqlite"
    begun = await session.scalar(
        (sqlite_insert if sqlite else postgresql_insert)(TotalsRow)
        .values(member_id=member_id, done=0, failed=0, cancelled=0, pictures=0)
        .on_conflict_do_nothing(index_elements=["member_id"])
        .returning(TotalsRow.member_id)
    )
    if begun is None:
        return False
    pictures = (
        select(func.count())
        .select_from(PictureRow)
        .join(JobRow, JobRow.id == PictureRow.job_id)
        .where(JobRow.member_id == member_id)
    )
    await session.execute(
        update(TotalsRow)
        .where(TotalsRow.member_id == member_id)
        .values(
            {
                TotalsRow.pictures: pictures.scalar_subquery(),
                **{counter: _ended(member_id, state) for state, counter in _COUNTERS.items()},
            }
        )
    )
    return True


def _ended(member_id: int, state: JobState) -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(JobRow)
        .where(JobRow.member_id == member_id, JobRow.state == state)
        .scalar_subquery()
    )
