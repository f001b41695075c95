"""Changes who may draw where and how much on a server. Knows nothing of Discord's API."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.errors import InvalidBound, UserError
from bot.models.names import find_name
from bot.models.registry import ModelRegistry
from bot.policy.bounds import UNLIMITED, WITHOUT
from bot.prompts.parameters import BY_FLAG
from bot.prompts.parser import read_value
from bot.prompts.values import flag_name
from storage.database import Database
from storage.rules import access
from storage.rules.access import AccessRules

ANY = "any"
"""What is typed for no limit."""

DEFAULT = "default"
"""What is typed so that a role says nothing of a bound."""

NUMBER_FLAGS = {"quality": "q", "steps": "steps", "pictures": "n", "repeat": "repeat"}
"""The parameters whose values the bounds of these names take."""

MAX_JOBS = 40
"""Jobs that one prompt may become at most, on any server."""

MAX_NAMES = 50
"""Names in a list of models or LoRAs."""

COUNTED_ELSEWHERE = ("repeat", "mode", "stealth")
"""Fields of parameters that have a bound of their own."""


class AccessSettings:
    """Each method stores its change at once. Invalid values raise `bot.errors.UserError`s."""

    def __init__(self, database: Database, registry: ModelRegistry) -> None:
        self._database = database
        self._registry = registry

    async def rules(self, server_id: int) -> AccessRules:
        return await access.get_rules(self._database, server_id)

    async def change_channels(
        self, server_id: int, rule: str | None, added: int | None, removed: int | None
    ) -> AccessRules:
        """Change where the bot draws; None changes nothing."""

        def changed(now: AccessRules) -> AccessRules:
            channels = _changed(now.channels, added, removed)
            return replace(now, channels=channels, channels_rule=rule or now.channels_rule)

        return await access.change_rules(self._database, server_id, changed)

    async def draw_only_in(self, server_id: int, channels: Sequence[int]) -> AccessRules:
        """Let the bot draw in these channels and categories alone; everywhere if there are none."""
        rule = "only" if channels else "everywhere"
        return await access.change_rules(
            self._database,
            server_id,
            lambda now: replace(now, channels_rule=rule, channels=tuple(channels)),
        )

    async def change_roles(
        self, server_id: int, what: str, added: int | None, removed: int | None
    ) -> AccessRules:
        """Change the roles that may `draw`, or press the `buttons` of others' jobs."""
        assert what in ("draw", "buttons")
        field = f"{'button' if what == 'buttons' else 'draw'}_roles"

        def changed(now: AccessRules) -> AccessRules:
            roles: dict[str, Any] = {field: _changed(getattr(now, field), added, removed)}
            return replace(now, **roles)

        return await access.change_rules(self._database, server_id, changed)

    async def change_bounds(
        self, server_id: int, role_id: int, typed: Mapping[str, str]
    ) -> AccessRules:
        """Change what a role says of bounds, as typed, by their names. Raises InvalidBound."""
        read = {name: await self._read(name, text.strip()) for name, text in typed.items()}

        def changed(now: AccessRules) -> AccessRules:
            said = {**now.bounds.get(role_id, {}), **read}
            kept = {name: value for name, value in said.items() if value != DEFAULT}
            bounds = {**now.bounds, role_id: kept}
            return replace(now, bounds={role: one for role, one in bounds.items() if one})

        return await access.change_rules(self._database, server_id, changed)

    async def _read(self, name: str, text: str) -> Any:
        """The value of a bound; DEFAULT for none. Raises InvalidBound."""
        if text.lower() == DEFAULT:
            return DEFAULT
        if name in ("turbo", "stealth", "uploads", "links"):
            return text == "yes"
        if text.lower() == ANY and name != WITHOUT:
            return UNLIMITED
        match name:
            case "models":
                return await self._models(text)
            case "loras":
                models = self._registry.models
                loras = {lora: lora for model in models for lora in model.loras}
                return _named("loras", text, loras)
            case "without":
                return _parameters(text)
            case "pixels":
                size = _read_flag("size", text, "size")
                return size.width * size.height
            case "jobs":
                if not (text.isdecimal() and 1 <= int(text) <= MAX_JOBS):
                    raise InvalidBound("permutations", text[:40])
                return int(text)
        # Once is no repetition, so the parameter does not take it.
        if name == "repeat" and text == "1":
            return 1
        return _read_flag(NUMBER_FLAGS[name], text, name)

    async def _models(self, text: str) -> list[str]:
        versions = await self._registry.versions()

        def found(name: str) -> str | None:
            try:
                return versions.models[versions.find(name)].id
            except UserError:
                return None

        return _all("models", text, found)


def _changed(now: Sequence[int], added: int | None, removed: int | None) -> tuple[int, ...]:
    kept = [one for one in now if one not in (added, removed)]
    return (*kept, added) if added is not None else tuple(kept)


def _read_flag(flag: str, text: str, name: str) -> Any:
    try:
        return read_value(flag, text)
    except UserError as error:
        raise InvalidBound(name, text[:40]) from error


def _named(what: str, text: str, known: Mapping[str, str]) -> list[str]:
    def found(name: str) -> str | None:
        try:
            return find_name(name, tuple(known))
        except UserError:
            return None

    return _all(what, text, found)


def _parameters(text: str) -> list[str]:
    def found(name: str) -> str | None:
        parameter = BY_FLAG.get(flag_name(name))
        if parameter is None or parameter.field in COUNTED_ELSEWHERE:
            return None
        return parameter.field

    return _all("without", text, found)


def _all(what: str, text: str, find: Callable[[str], str | None]) -> list[str]:
    """What is found for each of the names in a list. Raises InvalidBound for an unknown one."""
    names = [name for part in text.split(",") if (name := part.strip())]
    found: list[str] = []
    for name in _within(what, text, names):
        one = find(name)
        if one is None:
            raise InvalidBound(what, name[:40])
        found.append(one)
    return sorted(set(found))


def _within(what: str, text: str, names: Sequence[str]) -> Iterable[str]:
    if not 0 < len(names) <= MAX_NAMES:
        raise InvalidBound(what, text[:40])
    return names
