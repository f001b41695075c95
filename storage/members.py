"""Members' own settings: preferences, custom options, favourite pictures.

Values are stored as given: the caller checks ranges and meanings.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, upsert
from storage.models import FavouriteRow, JobMode, MemberRow, OptionRow


@dataclass(frozen=True, slots=True)
class Preferences:
    """A member's own settings; None if they leave it to the server."""

    model: str | None = None
    temperament: str | None = None
    stylize: int | None = None
    raw: bool = False
    remix: bool = False
    """Whether buttons ask for the prompt first."""
    variability: str = "strong"
    """How much V buttons change: `strong` or `subtle`."""
    mode: str = JobMode.FAST.value
    stealth: bool = False
    auto_dm: bool = False
    """Whether finished pictures also come as a direct message."""
    stealth_recipe: bool = False
    """Whether the files of stealth jobs carry prompt and seed, as those of other jobs do."""
    suffix: str = ""
    """Parameters that every prompt ends with."""


class OptionLimitReached(Exception):
    """The member has the most custom options allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"A member may have {limit} options.")
        self.limit = limit


async def get_preferences(database: Database, member_id: int) -> Preferences:
    """Return a member's preferences, the defaults where nothing is stored."""
    async with database.reading() as session:
        return _read(await session.get(MemberRow, member_id))


async def save_preferences(
    database: Database, member_id: int, name: str, preferences: Preferences
) -> None:
    """Replace all of a member's stored preferences."""
    async with database.transaction() as session:
        await _save_row(session, member_id, name, preferences=asdict(preferences))


async def change_preferences(
    database: Database, member_id: int, name: str, change: Callable[[Preferences], Preferences]
) -> Preferences:
    """Apply `change` to a member's preferences; of two changes at once neither is lost."""
    async with database.transaction() as session:
        await _save_row(session, member_id, name)
        changed = change(_read(await session.get(MemberRow, member_id)))
        await _save_row(session, member_id, name, preferences=asdict(changed))
        return changed


async def get_options(database: Database, member_id: int) -> dict[str, str]:
    """Return a member's custom options: value by name."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(OptionRow).where(OptionRow.member_id == member_id).order_by(OptionRow.name)
        )
        return {row.name: row.value for row in rows}


async def set_option(
    database: Database, member_id: int, member_name: str, name: str, value: str, *, limit: int
) -> None:
    """Set the custom option `--name` to `value`.

    Raises `OptionLimitReached` where there are `limit` others.
    """
    async with database.transaction() as session:
        await _save_row(session, member_id, member_name)
        others = await session.scalar(
            select(func.count()).where(OptionRow.member_id == member_id, OptionRow.name != name)
        )
        if (others or 0) >= limit:
            raise OptionLimitReached(limit)
        values = {"member_id": member_id, "name": name, "value": value}
        await upsert(session, OptionRow, values, update={"value"})


async def forget_option(database: Database, member_id: int, name: str) -> bool:
    """Delete the custom option `--name`. False if there was none."""
    async with database.transaction() as session:
        forgotten = await session.scalar(
            delete(OptionRow)
            .where(OptionRow.member_id == member_id, OptionRow.name == name)
            .returning(OptionRow.name)
        )
        return forgotten is not None


async def toggle_favourite(
    database: Database, member_id: int, member_name: str, picture_id: str
) -> bool:
    """Add a picture to the favourites, or remove it; returns whether it is one now."""
    async with database.transaction() as session:
        await _save_row(session, member_id, member_name)
        row = await session.get(FavouriteRow, (member_id, picture_id))
        if row is not None:
            await session.delete(row)
            return False
        now = datetime.now(UTC)
        session.add(FavouriteRow(member_id=member_id, picture_id=picture_id, created_at=now))
        return True


def _read(row: MemberRow | None) -> Preferences:
    stored = (row and row.preferences) or {}
    known = {field.name for field in fields(Preferences)}
    return Preferences(**{name: value for name, value in stored.items() if name in known})


async def _save_row(session: AsyncSession, member_id: int, name: str, **columns: object) -> None:
    """Create or update the member's row, and lock it: of two changes at once, one waits."""
    values = {"id": member_id, "name": name, "first_seen": datetime.now(UTC), **columns}
    await upsert(session, MemberRow, values, update={"name", *columns})
