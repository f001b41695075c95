"""The base of all tables, and what their definitions share."""

from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import JSON, MetaData, Table, text
from sqlalchemy.orm import DeclarativeBase

from storage.columns import UtcDateTime

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


class Base(DeclarativeBase):
    """Base of all tables: names constraints, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as it stands)
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
    }


def table_of(row: type[Base]) -> Table:
    """The table of a class of rows, for statements past the session."""
    assert isinstance(row.__table__, Table)
    return row.__table__


def where(condition: str) -> dict[str, Any]:
    """Make an index one of the rows that meet a condition."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def read_row(kind: type[Record], row: Base) -> Record:
    """Build a dataclass from a row: each field has the value of the column of its name."""
    return kind(**{name: getattr(row, name) for name in _names(kind)})


@cache
def _names(kind: type["DataclassInstance"]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
