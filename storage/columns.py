"""Column types that store the same on SQLite and on Postgres."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import DateTime, Dialect, Enum, Text, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: must be aware when stored, is aware and in UTC when read.

    SQLite has no time zones; without this its datetimes would come back naive.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "a datetime without time zone is not an instant"
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class AnyText(TypeDecorator[str]):
    """Text from anybody, or any program.

    It may have lone surrogates, which UTF-8 cannot hold, and the character 0, which Postgres does
    not store. Each is stored as a replacement character.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def choice(choices: type[StrEnum], name: str | None = None) -> Enum:
    """A column that holds a value of `choices`; with a `name`, the database checks it too.

    Text and a CHECK of that name, not a native enum: adding a value stays one simple migration.
    """
    return Enum(
        choices,
        name=name,
        native_enum=False,
        create_constraint=name is not None,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )
