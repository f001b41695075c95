"""Servers' settings. Values are stored as given: the caller checks ranges."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy import update

from storage.database import Database, upsert
from storage.models import ServerRow, read_row


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """A server's choices; None if it leaves the choice to the member and the defaults."""

    server_id: int
    aspect: str | None = None
    style: str | None = None
    stylize: int | None = None
    temperament: str | None = None
    """How closely prompts are followed: `faithful` or `stylised`."""
    jobs_per_member: int = 3
    """How many jobs a member may have queued and running at a time."""
    permutations: int = 10
    """How many jobs one prompt may become."""
    buttons_for: str = "everyone"
    """Who may press the buttons under a job: `everyone` or its `owner`."""
    highlights_channel: int | None = None
    """The channel that shows pictures with a star reaction."""
    pictures_carry: str = "recipe"
    """What the files of pictures say beside that AI made them: the `recipe`, with prompt and seed,
    or the `mark` alone."""
    finished: str = "notify"
    """How a job's end is shown: `notify` by a new message that mentions its member, or `quiet` in
    the message that is there."""
    keep_days: int = 0
    """How many days files of pictures are kept after their job; 0 is for ever."""
    review_channel: int | None = None
    """The channel in which moderators look at pictures and prompts."""
    log_channel: int | None = None
    """The channel that also shows what is written to the moderation log."""


async def get_settings(database: Database, server_id: int) -> ServerSettings:
    """Return a server's settings, the defaults where nothing is stored."""
    async with database.reading() as session:
        return _read(await session.get(ServerRow, server_id), server_id)


async def change_settings(
    database: Database, server_id: int, change: Callable[[ServerSettings], ServerSettings]
) -> ServerSettings:
    """Apply `change` to a server's settings; of two changes at once neither is lost."""
    async with database.transaction() as session:
        # Also locks the row, so that of two changes the second reads what the first wrote.
        await upsert(session, ServerRow, asdict(ServerSettings(server_id)), update={"server_id"})
        changed = change(_read(await session.get(ServerRow, server_id), server_id))
        values = asdict(changed)
        await upsert(session, ServerRow, values, update=values.keys() - {"server_id"})
        return changed


async def save_settings(database: Database, settings: ServerSettings) -> None:
    """Replace all of a server's stored settings."""
    values = asdict(settings)
    async with database.transaction() as session:
        await upsert(session, ServerRow, values, update=values.keys() - {"server_id"})


async def first_greeting(database: Database, server_id: int) -> bool:
    """Whether the bot may greet a server now: True once for each server, and never again."""
    async with database.transaction() as session:
        # Also locks the row, so that of two calls at once only one is the first.
        await upsert(session, ServerRow, asdict(ServerSettings(server_id)), update={"server_id"})
        greeted = await session.scalar(
            update(ServerRow)
            .where(ServerRow.server_id == server_id, ServerRow.greeted.is_(False))
            .values(greeted=True)
            .returning(ServerRow.server_id)
        )
        return greeted is not None


async def forget_greeting(database: Database, server_id: int) -> None:
    """Let the bot greet a server again that its greeting did not reach."""
    async with database.transaction() as session:
        await session.execute(
            update(ServerRow).where(ServerRow.server_id == server_id).values(greeted=False)
        )


def _read(row: ServerRow | None, server_id: int) -> ServerSettings:
    if row is None:
        return ServerSettings(server_id)
    return read_row(ServerSettings, row)
