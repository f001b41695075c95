"""Who may draw where on a server, and how much. Values are stored as given: the caller checks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from storage.database import Database, upsert
from storage.models import AccessRow


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The rules of one server. All ids are Discord's.

    `bounds` are the bounds of a role by its id; that of @everyone is the server's own id. What they
    mean is said in `bot.policy.bounds`.
    """

    server_id: int
    channels_rule: str = "everywhere"
    """Where the bot draws: `everywhere`, `only` in `channels`, or everywhere `except` there."""
    channels: tuple[int, ...] = ()
    """Channels and categories; the threads of a channel are part of it."""
    draw_roles: tuple[int, ...] = ()
    """The roles that may draw; none if everybody may."""
    button_roles: tuple[int, ...] = ()
    """The roles that may use others' buttons, where the server leaves that to roles."""
    bounds: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


async def get_rules(database: Database, server_id: int) -> AccessRules:
    """A server's rules; without any, everybody may do everything."""
    async with database.reading() as session:
        return _read(await session.get(AccessRow, server_id), server_id)


async def change_rules(
    database: Database, server_id: int, change: Callable[[AccessRules], AccessRules]
) -> AccessRules:
    """Apply `change` to a server's rules; of two changes at once neither is lost."""
    async with database.transaction() as session:
        # Also locks the row, so that of two changes the second reads what the first wrote.
        unset = {"server_id": server_id, "rules": _written(AccessRules(server_id))}
        await upsert(session, AccessRow, unset, update={"server_id"})
        row = await session.get(AccessRow, server_id)
        assert row is not None, "it was just written"
        changed = change(_read(row, server_id))
        row.rules = _written(changed)
        return changed


def _read(row: AccessRow | None, server_id: int) -> AccessRules:
    if row is None:
        return AccessRules(server_id)
    stored = row.rules
    return AccessRules(
        server_id,
        stored["channels_rule"],
        tuple(stored["channels"]),
        tuple(stored["draw_roles"]),
        tuple(stored["button_roles"]),
        {int(role_id): bounds for role_id, bounds in stored["bounds"].items()},
    )


def _written(rules: AccessRules) -> dict[str, Any]:
    return {
        "channels_rule": rules.channels_rule,
        "channels": list(rules.channels),
        "draw_roles": list(rules.draw_roles),
        "button_roles": list(rules.button_roles),
        "bounds": {str(role_id): dict(bounds) for role_id, bounds in rules.bounds.items()},
    }
