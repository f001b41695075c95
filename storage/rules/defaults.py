"""Defaults that admins chose for a server, its categories, channels and roles.

Values are stored as given: the caller checks them. What a server has in `storage.servers` is not
here, although its aspect, style, stylize and temperament are defaults too.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sqlalchemy import delete, select

from storage.database import Database, upsert
from storage.models import DefaultsRow, Scope


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a prompt that says nothing else; None leaves it to weaker defaults."""

    model: str | None = None
    """The name of a model, as after `--v`."""
    aspect: str | None = None
    style: str | None = None
    stylize: int | None = None
    temperament: str | None = None
    """How closely prompts are followed: `faithful` or `stylised`."""
    stealth: bool | None = None
    """Whether only its member sees a job."""
    file_format: str | None = None
    """Of the pictures that are posted: `png`, `jpeg` or `webp`."""
    language: str | None = None
    """Of the messages that everybody sees: the name of one in `bot.i18n`."""


@dataclass(frozen=True, slots=True)
class ScopedDefaults:
    """Defaults, and whose they are: `scope_id` is the id of the server, category and so on."""

    scope: Scope
    scope_id: int
    chosen: Defaults = field(default_factory=Defaults)


async def of_server(database: Database, server_id: int) -> tuple[ScopedDefaults, ...]:
    """All defaults of a server, its categories, channels and roles, by kind and id."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(DefaultsRow)
            .where(DefaultsRow.server_id == server_id)
            .order_by(DefaultsRow.scope, DefaultsRow.scope_id)
        )
        return tuple(ScopedDefaults(row.scope, row.scope_id, from_json(row.chosen)) for row in rows)


async def change(
    database: Database,
    server_id: int,
    scope: Scope,
    scope_id: int,
    changed: Callable[[Defaults], Defaults],
) -> Defaults:
    """Apply `changed` to the defaults of one scope; of two changes at once neither is lost."""
    key = {"server_id": server_id, "scope": scope, "scope_id": scope_id}
    async with database.transaction() as session:
        # Also locks the row, so that of two changes the second reads what the first wrote.
        await upsert(session, DefaultsRow, {**key, "chosen": {}}, update={"scope_id"})
        row = await session.get(DefaultsRow, (server_id, scope, scope_id))
        assert row is not None, "it was just written"
        chosen = changed(from_json(row.chosen))
        if chosen == Defaults():
            await session.delete(row)
        else:
            row.chosen = to_json(chosen)
        return chosen


async def forget(database: Database, server_id: int, scope: Scope, scope_id: int) -> None:
    """Delete the defaults of one scope."""
    async with database.transaction() as session:
        await session.execute(
            delete(DefaultsRow).where(
                DefaultsRow.server_id == server_id,
                DefaultsRow.scope == scope,
                DefaultsRow.scope_id == scope_id,
            )
        )


def to_json(chosen: Defaults) -> dict[str, Any]:
    """What is chosen; what is left open is left out."""
    return {name: value for name, value in asdict(chosen).items() if value is not None}


def from_json(stored: Mapping[str, Any]) -> Defaults:
    known = {one.name for one in fields(Defaults)}
    return Defaults(**{name: value for name, value in stored.items() if name in known})
