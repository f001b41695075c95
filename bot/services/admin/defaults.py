"""Defaults of a server, its categories, channels and roles: validates, stores and reports them.

Four of a server's own defaults are in its settings (`storage.servers`), which `/server settings`
shows too; here they are read and written as all others. Knows nothing of Discord's API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import InvalidParameter, NoModel, TooManyDefaults, UserError
from bot.models.registry import ModelRegistry
from bot.models.versions import Versions
from bot.policy.actors import Requester
from bot.policy.defaults import holding
from bot.prompts.effective_settings import Decision, SettingsSources, decisions
from bot.prompts.expand import expand
from bot.prompts.parameters import RAW
from bot.prompts.parser import Prompt, parse_normalised, read_value
from bot.prompts.resolve import find_style
from storage import members, servers
from storage.database import Database
from storage.members import Preferences
from storage.models import Scope
from storage.rules import defaults
from storage.rules.defaults import Defaults, ScopedDefaults

OF_SERVER_SETTINGS = ("aspect", "style", "stylize", "temperament")
"""The defaults of a server that are stored with its settings."""

MAX_SCOPES = 500
"""Categories, channels and roles of one server that may have defaults: each prompt reads them."""


@dataclass(frozen=True, slots=True)
class Choosable:
    """What a panel offers: names of models, and styles of the models that a prompt may have."""

    models: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


class DefaultsService:
    """Invalid values raise `bot.errors.UserError`s, as they do in a prompt."""

    def __init__(self, database: Database, registry: ModelRegistry) -> None:
        self._database = database
        self._registry = registry

    async def placed(self, requester: Requester) -> Requester:
        """The requester with the defaults that hold for them where they are."""
        if requester.server_id is None:
            return requester
        stored = await defaults.of_server(self._database, requester.server_id)
        return replace(requester, defaults=holding(stored, requester))

    async def all_of(self, server_id: int) -> tuple[ScopedDefaults, ...]:
        """Everything that has defaults, the server first if it has some."""
        stored = await defaults.of_server(self._database, server_id)
        others = [one for one in stored if one.scope is not Scope.SERVER]
        own = await self.of_scope(server_id, Scope.SERVER, server_id)
        first = [ScopedDefaults(Scope.SERVER, server_id, own)] if own != Defaults() else []
        return (*first, *others)

    async def of_scope(self, server_id: int, scope: Scope, scope_id: int) -> Defaults:
        """The defaults of one server, category, channel or role."""
        stored = await defaults.of_server(self._database, server_id)
        chosen = next(
            (one.chosen for one in stored if (one.scope, one.scope_id) == (scope, scope_id)),
            Defaults(),
        )
        if scope is not Scope.SERVER:
            return chosen
        settings = await servers.get_settings(self._database, server_id)
        return replace(chosen, **{name: getattr(settings, name) for name in OF_SERVER_SETTINGS})

    async def change(
        self, server_id: int, scope: Scope, scope_id: int, changes: Mapping[str, Any]
    ) -> Defaults:
        """Change the given defaults of one scope; None leaves a default to weaker ones.

        Raises InvalidParameter, AmbiguousName, UnknownVersion, NoModel, TooManyDefaults.
        """
        before = await self.of_scope(server_id, scope, scope_id)
        checked = await self._checked(before, changes)
        if before == Defaults():
            stored = await defaults.of_server(self._database, server_id)
            if len(stored) >= MAX_SCOPES:
                raise TooManyDefaults(MAX_SCOPES)
        of_settings = {}
        if scope is Scope.SERVER:
            of_settings = {
                name: checked.pop(name) for name in OF_SERVER_SETTINGS if name in checked
            }
        if of_settings:
            await servers.change_settings(
                self._database, server_id, lambda now: replace(now, **of_settings)
            )
        if checked:
            await defaults.change(
                self._database, server_id, scope, scope_id, lambda now: replace(now, **checked)
            )
        return await self.of_scope(server_id, scope, scope_id)

    async def forget(self, server_id: int, scope: Scope, scope_id: int) -> Defaults:
        """Delete the defaults of one scope."""
        await defaults.forget(self._database, server_id, scope, scope_id)
        if scope is Scope.SERVER:
            nothing: dict[str, Any] = dict.fromkeys(OF_SERVER_SETTINGS)
            await servers.change_settings(
                self._database, server_id, lambda now: replace(now, **nothing)
            )
        return Defaults()

    async def choosable(self, chosen: Defaults) -> Choosable:
        """What may be chosen besides what is chosen; nothing while no model is known."""
        try:
            versions = await self._registry.versions()
        except NoModel:
            return Choosable()
        model = versions.models[versions.choose(None, [chosen.model])]
        return Choosable(tuple(versions.models), (RAW, *model.styles))

    async def effective(self, requester: Requester) -> Sequence[Decision]:
        """What holds for a plain prompt of this member there, and who decides it.

        Raises NoModel.
        """
        requester = await self.placed(requester)
        member = await members.get_preferences(self._database, requester.member_id)
        options = await members.get_options(self._database, requester.member_id)
        server = servers.ServerSettings(server_id=0)
        if requester.server_id is not None:
            server = await servers.get_settings(self._database, requester.server_id)
        sources = SettingsSources(member, options, server, requester.defaults)
        versions = await self._registry.versions()
        suffix = _suffix_of(member, options)
        try:
            return decisions(suffix, sources, versions)
        except UserError:
            # A suffix may name a model that is gone; their prompts are refused for it.
            return decisions(None, sources, versions)

    async def _checked(self, before: Defaults, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The changes as they are stored: read and found as in a prompt."""
        checked = dict(changes)
        if checked.get("aspect"):
            checked["aspect"] = str(read_value("ar", checked["aspect"]))
        wants_model = checked.get("model")
        wants_style = checked.get("style")
        if not wants_model and not wants_style:
            return checked
        versions = await self._registry.versions()
        if wants_model:
            checked["model"] = versions.find(wants_model)
        if wants_style:
            model = checked.get("model", before.model)
            checked["style"] = _found_style(wants_style, model, versions)
        return checked


def _found_style(typed: str, model: str | None, versions: Versions) -> str:
    """A style of the model that these defaults choose, or else of the usual one.

    A channel may leave the model to its category; so a style of any other model will do too.
    """
    read = read_value("style", typed)
    usual = versions.models[versions.choose(None, [model])]
    try:
        return find_style(read, usual)
    except InvalidParameter:
        for other in versions.models.values():
            if read in other.styles:
                return str(read)
        raise


def _suffix_of(member: Preferences, options: Mapping[str, str]) -> Prompt | None:
    """What a member's suffix decides: it stands at the end of all their prompts."""
    try:
        texts = expand("x", options, member.suffix, 1, has_pictures=False)
        return parse_normalised(texts[0])
    except UserError:
        return None
