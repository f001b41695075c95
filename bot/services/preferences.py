"""Preferences of members and settings of servers: validates and stores them.

The storage does not check values; this service does. Knows nothing of Discord's API.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.errors import (
    InvalidOptionName,
    NoModel,
    NoSuchOption,
    OptionIsParameter,
    SuffixHasWords,
    TooManyOptions,
)
from bot.models.registry import ModelRegistry
from bot.policy.actors import MemberIdentity
from bot.prompts.parameters import BY_FLAG
from bot.prompts.parser import normalise, parse, read_value
from bot.prompts.resolve import find_style
from bot.prompts.values import flag_name
from storage import members, servers
from storage.database import Database
from storage.members import Preferences
from storage.models import Scope
from storage.rules import defaults
from storage.servers import ServerSettings

TEMPERAMENT_NAMES = ("faithful", "stylised")
STYLIZE_LEVELS = {"low": 50, "medium": 100, "high": 250, "very-high": 750}
"""The values of `--stylize` that have a name in the settings."""

MAX_OPTIONS = 20
TOGGLES = ("raw", "remix", "stealth", "auto_dm", "stealth_recipe")
"""The preferences that are yes or no."""


class PreferenceService:
    """Each method stores its change at once. Invalid values raise `bot.errors.UserError`s."""

    def __init__(self, database: Database, registry: ModelRegistry) -> None:
        self._database = database
        self._registry = registry

    async def preferences(self, member_id: int) -> Preferences:
        return await members.get_preferences(self._database, member_id)

    async def prefer(self, who: MemberIdentity, **changes: Any) -> Preferences:
        """Change the given preferences."""
        return await members.change_preferences(
            self._database, who.member_id, who.name, lambda now: replace(now, **changes)
        )

    async def toggle(self, who: MemberIdentity, name: str) -> Preferences:
        """Switch a preference: one of TOGGLES, or `variability`."""

        def turned(now: Preferences) -> Preferences:
            if name == "variability":
                other = "subtle" if now.variability == "strong" else "strong"
                return replace(now, variability=other)
            assert name in TOGGLES
            changed: dict[str, Any] = {name: not getattr(now, name)}
            return replace(now, **changed)

        return await members.change_preferences(self._database, who.member_id, who.name, turned)

    async def forget(self, who: MemberIdentity) -> Preferences:
        """Reset all preferences to the defaults; own options stay."""
        await members.save_preferences(self._database, who.member_id, who.name, Preferences())
        return Preferences()

    async def set_suffix(self, who: MemberIdentity, suffix: str) -> Preferences:
        """Set the parameters that every prompt ends with; an empty text removes them.

        Raises PromptError, SuffixHasWords.
        """
        suffix = normalise(suffix)
        if suffix:
            prompt = parse(f"x {suffix}")
            if prompt.text != "x":
                raise SuffixHasWords(prompt.text.removeprefix("x").strip()[:100])
        return await self.prefer(who, suffix=suffix)

    # Own options of members.

    async def options(self, member_id: int) -> Mapping[str, str]:
        return await members.get_options(self._database, member_id)

    async def set_option(self, who: MemberIdentity, name: str, value: str) -> str:
        """Let `--name` stand for text and parameters; returns the stored name.

        Raises PromptError, InvalidOptionName, OptionIsParameter, TooManyOptions.
        """
        name = _option_name(name)
        value = normalise(value)
        parse(f"x {value}")
        try:
            await members.set_option(
                self._database, who.member_id, who.name, name, value, limit=MAX_OPTIONS
            )
        except members.OptionLimitReached as error:
            raise TooManyOptions(error.limit) from error
        return name

    async def forget_option(self, who: MemberIdentity, name: str) -> str:
        name = _option_name(name)
        if not await members.forget_option(self._database, who.member_id, name):
            raise NoSuchOption(name)
        return name

    # Possible values.

    async def versions(self) -> Mapping[str, str]:
        """The titles or ids of the models by their names; empty while none is known."""
        try:
            models = (await self._registry.versions()).models
        except NoModel:
            return {}
        return {name: model.title or model.id for name, model in models.items()}

    async def styles(self) -> tuple[str, ...]:
        return tuple((await self._registry.default()).styles)

    # Settings of servers.

    async def server(self, server_id: int) -> ServerSettings:
        return await servers.get_settings(self._database, server_id)

    async def change_server(
        self, server_id: int, *, aspect: str | None, style: str | None, **others: Any
    ) -> ServerSettings:
        """Change the given settings; None keeps a setting.

        Raises InvalidParameter, AmbiguousName.
        """
        # The same rules and errors as in a prompt.
        shape = read_value("ar", aspect) if aspect else None
        chosen = read_value("style", style) if style else None
        if chosen:
            chosen = find_style(chosen, await self._registry.default())
        changes = {"aspect": shape and str(shape), "style": chosen, **others}
        given = {name: value for name, value in changes.items() if value is not None}
        if not given:
            return await servers.get_settings(self._database, server_id)
        return await servers.change_settings(
            self._database, server_id, lambda now: replace(now, **given)
        )

    async def first_greeting(self, server_id: int) -> bool:
        """Whether the bot may greet a server now: True once for each server."""
        return await servers.first_greeting(self._database, server_id)

    async def forget_greeting(self, server_id: int) -> None:
        """Let the bot greet a server another time: this time it reached nobody."""
        await servers.forget_greeting(self._database, server_id)

    async def reset_server(self, server_id: int) -> ServerSettings:
        """Reset what holds for everyone there. Channels, categories and roles keep theirs."""
        await servers.save_settings(self._database, ServerSettings(server_id))
        await defaults.forget(self._database, server_id, Scope.SERVER, server_id)
        return ServerSettings(server_id)


def _option_name(typed: str) -> str:
    """The name without dashes. Raises InvalidOptionName, OptionIsParameter."""
    name = flag_name(typed)
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
        raise InvalidOptionName(typed.strip()[:40])
    if name in BY_FLAG:
        raise OptionIsParameter(name)
    return name
