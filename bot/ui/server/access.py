"""`/server access`: where the bot draws, and what the roles of the server may ask for."""

from collections.abc import Coroutine
from typing import Any

import discord
from discord import app_commands

from bot.i18n.texts import say
from bot.i18n.translator import choices
from bot.messages import access_embeds
from bot.services.container import Services
from bot.ui.interactions import managed_server_of
from bot.ui.responses import Responder
from storage.rules.access import AccessRules

MAX_BOUND_CHARS = 20
MAX_LIST_CHARS = 1000

Number = app_commands.Range[str, 1, MAX_BOUND_CHARS]
Names = app_commands.Range[str, 1, MAX_LIST_CHARS]


def _described(command: str, *options: str) -> dict[str, str]:
    return {option: say(f"command-server-access-{command}.{option}") for option in options}


class ListedChannel(app_commands.Transformer):
    """Whatever has messages or threads, and categories; media channels are too new for some."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.voice, kinds.stage_voice, kinds.forum, kinds.category]

    async def transform(
        self, interaction: discord.Interaction, value: Any, /
    ) -> app_commands.AppCommandChannel:
        assert isinstance(value, app_commands.AppCommandChannel)
        return value


Channel = app_commands.Transform[app_commands.AppCommandChannel, ListedChannel]


def _id(chosen: app_commands.AppCommandChannel | discord.Role | None) -> int | None:
    return None if chosen is None else chosen.id


SWITCH = choices("yes", "no", "default")


class AccessGroup(app_commands.Group):
    """Each command answers with all rules as they are after it."""

    def __init__(self, services: Services) -> None:
        super().__init__(name="access", description=say("command-server-access"))
        self._services = services

    @app_commands.command(description=say("command-server-access-show"))
    async def show(self, interaction: discord.Interaction) -> None:
        server_id = managed_server_of(interaction)
        await self._show(
            interaction, self._services.access_settings.rules(server_id), changed=False
        )

    @app_commands.command(description=say("command-server-access-channels"))
    @app_commands.describe(**_described("channels", "rule", "add", "remove"))
    @app_commands.choices(rule=choices("everywhere", "only", "except"))
    async def channels(
        self,
        interaction: discord.Interaction,
        rule: str | None = None,
        add: Channel | None = None,
        remove: Channel | None = None,
    ) -> None:
        server_id = managed_server_of(interaction)
        work = self._services.access_settings.change_channels(
            server_id, rule, _id(add), _id(remove)
        )
        await self._show(interaction, work, changed=bool(rule or add or remove))

    @app_commands.command(description=say("command-server-access-roles"))
    @app_commands.describe(**_described("roles", "what", "add", "remove"))
    @app_commands.choices(what=choices("draw", "buttons"))
    async def roles(
        self,
        interaction: discord.Interaction,
        what: str,
        add: discord.Role | None = None,
        remove: discord.Role | None = None,
    ) -> None:
        server_id = managed_server_of(interaction)
        work = self._services.access_settings.change_roles(server_id, what, _id(add), _id(remove))
        await self._show(interaction, work, changed=bool(add or remove))

    @app_commands.command(description=say("command-server-access-limits"))
    @app_commands.describe(
        **_described(
            "limits",
            *("role", "quality", "steps", "size", "pictures", "repeat", "permutations"),
            *("turbo", "stealth", "uploads", "links", "models", "loras", "without"),
        )
    )
    @app_commands.choices(turbo=SWITCH, stealth=SWITCH, uploads=SWITCH, links=SWITCH)
    async def limits(
        self,
        interaction: discord.Interaction,
        role: discord.Role,
        quality: Number | None = None,
        steps: Number | None = None,
        size: Number | None = None,
        pictures: Number | None = None,
        repeat: Number | None = None,
        permutations: Number | None = None,
        turbo: str | None = None,
        stealth: str | None = None,
        uploads: str | None = None,
        links: str | None = None,
        models: Names | None = None,
        loras: Names | None = None,
        without: Names | None = None,
    ) -> None:
        server_id = managed_server_of(interaction)
        typed = {
            "quality": quality,
            "steps": steps,
            "pixels": size,
            "pictures": pictures,
            "repeat": repeat,
            "jobs": permutations,
            "turbo": turbo,
            "stealth": stealth,
            "uploads": uploads,
            "links": links,
            "models": models,
            "loras": loras,
            "without": without,
        }
        given = {name: text for name, text in typed.items() if text is not None}
        work = self._services.access_settings.change_bounds(server_id, role.id, given)
        await self._show(interaction, work, changed=bool(given))

    async def _show(
        self,
        interaction: discord.Interaction,
        work: Coroutine[Any, Any, AccessRules],
        *,
        changed: bool,
    ) -> None:
        responder = Responder(interaction)
        rules = await responder.run(work, ephemeral=True)
        await responder.send_embed(access_embeds.rules(rules, changed, interaction.locale.value))
