"""What members and servers choose once, for all that follows: each method is one choice.

Checks what the storage does not: whether a choice can be. Knows nothing of Discord's API.
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
from bot.prompts.resolve import check_style
from bot.prompts.values import flag_name
from storage import members, servers
from storage.database import Database
from storage.members import Preferences
from storage.servers import ServerSettings

TEMPERAMENT_NAMES = ("faithful", "stylised")
STYLIZE_LEVELS = {"low": 50, "medium": 100, "high": 250, "very-high": 750}
"""The strengths of stylize that have a name."""

MAX_OPTIONS = 20
TOGGLES = ("raw", "remix", "stealth", "auto_dm")
"""The preferences that are yes or no."""


class PreferenceService:
    """What is chosen is stored at once; refusals are `bot.errors.UserError`s."""

    def __init__(self, database: Database, registry: ModelRegistry) -> None:
        self._database = database
        self._registry = registry

    async def preferences(self, member_id: int) -> Preferences:
        return await members.get_preferences(self._database, member_id)

    async def prefer(self, who: MemberIdentity, **changes: Any) -> Preferences:
        """Change these preferences, keep the rest."""
        return await members.change_preferences(
            self._database, who.member_id, who.name, lambda now: replace(now, **changes)
        )

    async def toggle(self, who: MemberIdentity, name: str) -> Preferences:
        """Turn a preference into its opposite: one of TOGGLES, or `variability`."""

        def turned(now: Preferences) -> Preferences:
            if name == "variability":
                other = "subtle" if now.variability == "strong" else "strong"
                return replace(now, variability=other)
            assert name in TOGGLES
            changed: dict[str, Any] = {name: not getattr(now, name)}
            return replace(now, **changed)

        return await members.change_preferences(self._database, who.member_id, who.name, turned)

    async def forget(self, who: MemberIdentity) -> Preferences:
        """Back to what everybody has; options of one's own stay."""
        await members.save_preferences(self._database, who.member_id, who.name, Preferences())
        return Preferences()

    async def set_suffix(self, who: MemberIdentity, suffix: str) -> Preferences:
        """Let every prompt end with these parameters. Raises PromptError, SuffixHasWords."""
        suffix = normalise(suffix)
        if suffix:
            prompt = parse(f"x {suffix}")
            if prompt.text != "x":
                raise SuffixHasWords(prompt.text.removeprefix("x").strip()[:100])
        return await self.prefer(who, suffix=suffix)

    # Parameters of a member's own.

    async def options(self, member_id: int) -> Mapping[str, str]:
        return await members.get_options(self._database, member_id)

    async def set_option(self, who: MemberIdentity, name: str, value: str) -> str:
        """Let `--name` stand for text and parameters; returns the name as it was understood."""
        name = _option_name(name)
        value = normalise(value)
        parse(f"x {value}")
        try:
            await members.set_option(
                self._database, who.member_id, who.name, name, value, limit=MAX_OPTIONS
            )
        except members.TooManyOptions as error:
            raise TooManyOptions(error.limit) from error
        return name

    async def forget_option(self, who: MemberIdentity, name: str) -> str:
        name = _option_name(name)
        if not await members.forget_option(self._database, who.member_id, name):
            raise NoSuchOption(name)
        return name

    # What there is to choose from.

    async def versions(self) -> tuple[str, ...]:
        """The names of the models; none before inference has told any."""
        try:
            return tuple((await self._registry.versions()).models)
        except NoModel:
            return ()

    async def styles(self) -> tuple[str, ...]:
        return tuple((await self._registry.default()).styles)

    # A server's settings.

    async def server(self, server_id: int) -> ServerSettings:
        return await servers.get_settings(self._database, server_id)

    async def change_server(
        self, server_id: int, *, aspect: str | None, style: str | None, **others: Any
    ) -> ServerSettings:
        """Change what is given, keep the rest. Raises InvalidParameter."""
        # The same rules, and the same refusals, as in a prompt.
        shape = read_value("ar", aspect) if aspect else None
        chosen = read_value("style", style) if style else None
        if chosen:
            check_style(chosen, await self._registry.default())
        changes = {"aspect": shape and str(shape), "style": chosen, **others}
        given = {name: value for name, value in changes.items() if value is not None}
        if not given:
            return await servers.get_settings(self._database, server_id)
        return await servers.change_settings(
            self._database, server_id, lambda now: replace(now, **given)
        )

    async def reset_server(self, server_id: int) -> ServerSettings:
        await servers.save_settings(self._database, ServerSettings(server_id))
        return ServerSettings(server_id)


def _option_name(typed: str) -> str:
    """The name without dashes. Raises InvalidOptionName, OptionIsParameter."""
    name = flag_name(typed)
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
        raise InvalidOptionName(typed.strip()[:40])
    if name in BY_FLAG:
        raise OptionIsParameter(name)
    return name
