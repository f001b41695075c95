"""Writes rows into an empty database with tables, as fast as the database takes them."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import asyncpg
from sqlalchemy import DateTime, Table, TypeDecorator

from benchmarks.database.rows import Rows
from storage.database import files_of
from storage.models import Base

PORTION = 20_000
"""Rows of a table that are written at once."""

KEYS = """
    SELECT conname AS name, conrelid::regclass::text AS of, pg_get_constraintdef(oid) AS what
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'p', 'u')
    AND conrelid::regclass::text <> 'alembic_version'
    ORDER BY contype
"""
"""Foreign keys, then what they refer to: primary keys and columns with unique values."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def fill(url: str, rows: Rows) -> None:
    """Fill a database whose tables are there and empty, and have it look at what it has."""
    if files_of(url):
        _fill_sqlite(str(files_of(url)[0]), rows)
    else:
        await _fill_postgres(url, rows)


def _portions(rows: Rows) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """All rows, in portions of one table; of the foreign keys none is looked at meanwhile."""
    tables = Base.metadata.tables
    waiting: dict[str, list[dict[str, Any]]] = {}

    def full(name: str, row: dict[str, Any]) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
        some = waiting.setdefault(name, [])
        some.append(row)
        if len(some) >= PORTION:
            yield tables[name], waiting.pop(name)

    for job, count in rows.job_rows():
        yield from full("jobs", job)
        for picture in rows.picture_rows(job, count):
            yield from full("pictures", picture)
    others = chain((("members", row) for row in rows.member_rows()), rows.other_rows())
    for name, row in others:
        yield from full(name, row)
    for name, some in waiting.items():
        yield tables[name], some


def _columns(table: Table, row: Mapping[str, Any]) -> tuple[list[str], list[bool]]:
    """The columns that a table has of a row, and which of them are moments."""
    named = [column for column in table.columns if column.name in row]
    return [column.name for column in named], [_is_moment(column.type) for column in named]


def _is_moment(kind: object) -> bool:
    return isinstance(kind.impl if isinstance(kind, TypeDecorator) else kind, DateTime)


def _fill_sqlite(file: str, rows: Rows) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for setting in ("synchronous = OFF", "cache_size = -800000", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {setting}")
        made = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in made:
            connection.execute(f"DROP INDEX {name}")
        connection.execute("BEGIN")
        for table, some in _portions(rows):
            names, moments = _columns(table, some[0])
            columns = ", ".join(f'"{name}"' for name in names)
            marks = ", ".join("?" * len(names))
            connection.executemany(
                f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})',
                _values(some, names, moments, _as_text),
            )
        connection.execute("COMMIT")
        for _, sql in made:
            connection.execute(sql)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _fill_postgres(url: str, rows: Rows) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")  # no foreign keys
        # Keys too: ids are in no order, and looking up the place of each takes the longer the
        # more are there.
        keys = await connection.fetch(KEYS)
        for key in keys:
            await connection.execute(f'ALTER TABLE {key["of"]} DROP CONSTRAINT "{key["name"]}"')
        made = await connection.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND indexname LIKE 'ix_%'"
        )
        for index in made:
            await connection.execute(f'DROP INDEX "{index["indexname"]}"')
        for table, some in _portions(rows):
            names, moments = _columns(table, some[0])
            await connection.copy_records_to_table(
                table.name, columns=names, records=_values(some, names, moments, _as_moment)
            )
        await connection.execute("SET maintenance_work_mem = '512MB'")
        for index in made:
            await connection.execute(index["indexdef"])
        for key in reversed(keys):
            await connection.execute(
                f'ALTER TABLE {key["of"]} ADD CONSTRAINT "{key["name"]}" {key["what"]}'
            )
        for name in ("word_rules", "moderation_log"):  # the next ids come after those written
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"
            )
        await connection.execute("VACUUM ANALYZE", timeout=None)
    finally:
        await connection.close()


def _values(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], moments: Sequence[bool], moment: Any
) -> Iterator[tuple[Any, ...]]:
    kinds = list(zip(names, moments, strict=True))
    for row in rows:
        yield tuple(
            moment(row.get(name)) if is_moment and row.get(name) is not None else row.get(name)
            for name, is_moment in kinds
        )


def _as_moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)


def _as_text(seconds: float) -> str:
    """As SQLAlchemy writes moments to SQLite."""
    return _as_moment(seconds).strftime("%Y-%m-%d %H:%M:%S.%f")
