"""Reads all that is stored about a member, a few rows at a time."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, select, tuple_

from storage.database import Database
from storage.models import JobRow
from storage.privacy.tables import MEMBER_TABLES, MemberTable
from storage.start_pictures import digests_in

MAX_ROWS = 50
"""Rows that are read at a time: a job's request may have tens of thousands of characters."""


async def rows_about(
    database: Database, member_id: int
) -> AsyncIterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """The rows of each table about a member, as JSON knows them: a table's name and some rows."""
    for one in MEMBER_TABLES:
        async for rows in rows_of(database, one, member_id):
            yield one.table.name, rows


async def rows_of(
    database: Database, one: MemberTable, member_id: int
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """The rows of one table about a member, some at a time, as JSON knows them."""
    async for rows in _rows(database, one, member_id):
        yield [_as_json(row, one) for row in rows]


async def start_pictures_of(database: Database, member_id: int) -> AsyncIterator[str]:
    """The digests of the start pictures that a member's jobs and drafts name, each once."""
    seen: set[str] = set()
    for one in MEMBER_TABLES:
        content = {"jobs": "request", "drafts": "content"}.get(one.table.name)
        if content is None:
            continue
        async for rows in _rows(database, one, member_id):
            for digest in sorted(set().union(*(digests_in(row[content]) for row in rows)) - seen):
                seen.add(digest)
                yield digest


async def _rows(
    database: Database, one: MemberTable, member_id: int
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    if one.column == "job_id":
        jobs = MemberTable(JobRow)
        async for some in _pages(database, jobs.table, jobs.of(member_id)):
            of_jobs = one.table.c.job_id.in_([job["id"] for job in some])
            async for rows in _pages(database, one.table, of_jobs):
                yield rows
        return
    async for rows in _pages(database, one.table, one.of(member_id)):
        yield rows


async def _pages(
    database: Database, table: Table, condition: ColumnElement[bool]
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """All rows that meet a condition, MAX_ROWS at a time, in the order of their keys."""
    keys = tuple(table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        chosen = select(table).where(condition).order_by(*keys).limit(MAX_ROWS)
        if after is not None:
            chosen = chosen.where(tuple_(*keys) > tuple_(*after))
        # A session for each page: a member's rows may be many, and nobody shall wait for them.
        async with database.reading() as session:
            rows = (await session.execute(chosen)).mappings().all()
        if not rows:
            return
        yield [dict(row) for row in rows]
        after = tuple(rows[-1][key.name] for key in keys)


def _as_json(row: Mapping[str, Any], one: MemberTable) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name not in one.hidden}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in shown.items()
    }
