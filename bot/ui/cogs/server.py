"""`/server`: the defaults and limits that a server's admins set for everyone."""

from collections.abc import Coroutine
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.texts import say
from bot.i18n.translator import choices
from bot.messages import settings_embeds
from bot.messages.log_embeds import KINDS
from bot.policy.picture_policy import MAX_THRESHOLD_PERCENT, MIN_THRESHOLD_PERCENT
from bot.prompts.parameters import MAX_STYLIZE
from bot.services.container import Services
from bot.services.preferences import TEMPERAMENT_NAMES
from bot.ui.interactions import managed_server_of
from bot.ui.responses import Responder
from bot.ui.server.access import AccessGroup
from bot.ui.server.blocks import BlockCommands
from bot.ui.server.defaults import AnyChannel, Channel, show_defaults, show_effective
from bot.ui.server.doctor import show_doctor
from bot.ui.server.picture_filter import FILTER_CHOICES, FilterPlace, show_filter
from bot.ui.server.quota import QuotaGroup
from bot.ui.server.review import OFF_CHOICES, show_log, show_review
from bot.ui.server.setup import show_setup
from bot.ui.server.words import WordsGroup
from bot.ui.settings_panel import ask_to_reset_server
from storage.servers import ServerSettings


@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class ServerCog(
    BlockCommands, commands.GroupCog, group_name="server", group_description=say("command-server")
):
    """Defaults and limits of a server."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        assert self.app_command is not None, "a GroupCog has a group"
        for group in (AccessGroup, QuotaGroup, WordsGroup):
            self.app_command.add_command(group(services))

    @app_commands.command(description=say("command-server-setup"))
    async def setup(self, interaction: discord.Interaction) -> None:
        await show_setup(interaction, managed_server_of(interaction))

    @app_commands.command(description=say("command-server-settings"))
    @app_commands.describe(
        aspect=say("command-server-settings.aspect"),
        style=say("command-server-settings.style"),
        stylize=say("command-server-settings.stylize"),
        temperament=say("command-server-settings.temperament"),
        jobs_per_member=say("command-server-settings.jobs_per_member"),
        permutations=say("command-server-settings.permutations"),
        buttons_for=say("command-server-settings.buttons_for"),
        highlights=say("command-server-settings.highlights"),
        pictures_carry=say("command-server-settings.pictures_carry"),
        finished=say("command-server-settings.finished"),
        keep_days=say("command-server-settings.keep_days"),
    )
    @app_commands.choices(
        temperament=choices(*TEMPERAMENT_NAMES),
        buttons_for=choices("everyone", "owner", "roles"),
        pictures_carry=choices("recipe", "mark"),
        finished=choices("notify", "quiet"),
    )
    async def settings(
        self,
        interaction: discord.Interaction,
        aspect: app_commands.Range[str, 1, 20] | None = None,
        style: app_commands.Range[str, 1, 100] | None = None,
        stylize: app_commands.Range[int, 0, MAX_STYLIZE] | None = None,
        temperament: str | None = None,
        jobs_per_member: app_commands.Range[int, 1, 100] | None = None,
        permutations: app_commands.Range[int, 1, 40] | None = None,
        buttons_for: str | None = None,
        highlights: discord.TextChannel | None = None,
        pictures_carry: str | None = None,
        finished: str | None = None,
        keep_days: app_commands.Range[int, 0, 3650] | None = None,
    ) -> None:
        changes = {
            "stylize": stylize,
            "temperament": temperament,
            "jobs_per_member": jobs_per_member,
            "permutations": permutations,
            "buttons_for": buttons_for,
            "highlights_channel": highlights and highlights.id,
            "pictures_carry": pictures_carry,
            "finished": finished,
            "keep_days": keep_days,
        }
        server_id = managed_server_of(interaction)
        changed = any(given is not None for given in (aspect, style, *changes.values()))
        work = self._services.preferences.change_server(
            server_id, aspect=aspect, style=style, **changes
        )
        await _show(interaction, work, changed=changed)

    @app_commands.command(description=say("command-server-defaults"))
    @app_commands.describe(
        channel=say("command-server-defaults.channel"),
        role=say("command-server-defaults.role"),
        aspect=say("command-server-defaults.aspect"),
        style=say("command-server-defaults.style"),
        stylize=say("command-server-defaults.stylize"),
    )
    async def defaults(
        self,
        interaction: discord.Interaction,
        channel: app_commands.Transform[Channel, AnyChannel] | None = None,
        role: discord.Role | None = None,
        aspect: app_commands.Range[str, 1, 20] | None = None,
        style: app_commands.Range[str, 1, 100] | None = None,
        stylize: app_commands.Range[int, 0, MAX_STYLIZE] | None = None,
    ) -> None:
        changes = {"aspect": aspect, "style": style, "stylize": stylize}
        await show_defaults(interaction, channel, role, changes)

    @settings.autocomplete("style")
    @defaults.autocomplete("style")
    async def complete_style(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = ["raw", *await self._services.preferences.styles()]
        near = [name for name in names if typed.casefold() in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in near[:25]]

    @app_commands.command(description=say("command-server-effective"))
    @app_commands.describe(
        member=say("command-server-effective.member"),
        channel=say("command-server-effective.channel"),
    )
    async def effective(
        self,
        interaction: discord.Interaction,
        member: discord.User | None = None,
        channel: app_commands.Transform[Channel, AnyChannel] | None = None,
    ) -> None:
        await show_effective(interaction, member, channel)

    @app_commands.command(description=say("command-server-reset"))
    async def reset(self, interaction: discord.Interaction) -> None:
        managed_server_of(interaction)
        await ask_to_reset_server(interaction)

    @app_commands.command(name="filter", description=say("command-server-filter"))
    @app_commands.describe(
        action=say("command-server-filter.action"),
        threshold=say("command-server-filter.threshold"),
        place=say("command-server-filter.place"),
    )
    @app_commands.choices(action=choices(*FILTER_CHOICES, prefix="choice-filter"))
    async def picture_filter(
        self,
        interaction: discord.Interaction,
        action: str | None = None,
        threshold: app_commands.Range[int, MIN_THRESHOLD_PERCENT, MAX_THRESHOLD_PERCENT]
        | None = None,
        place: FilterPlace | None = None,
    ) -> None:
        await show_filter(interaction, action, threshold, place)

    @app_commands.command(description=say("command-server-review"))
    @app_commands.describe(
        channel=say("command-server-review.channel"),
        log=say("command-server-review.log"),
        off=say("command-server-review.off"),
    )
    @app_commands.choices(off=choices(*OFF_CHOICES))
    async def review(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel | None = None,
        log: discord.TextChannel | None = None,
        off: str | None = None,
    ) -> None:
        await show_review(interaction, channel, log, off)

    @app_commands.command(description=say("command-server-log"))
    @app_commands.describe(
        member=say("command-server-log.member"), kind=say("command-server-log.kind")
    )
    @app_commands.choices(kind=choices(*(f"log-{kind}" for kind in KINDS)))
    async def log(
        self,
        interaction: discord.Interaction,
        member: discord.User | None = None,
        kind: str | None = None,
    ) -> None:
        chosen = kind.removeprefix("log-") if kind else None
        await show_log(interaction, 0, member.id if member else None, chosen)

    @app_commands.command(description=say("command-server-doctor"))
    async def doctor(self, interaction: discord.Interaction) -> None:
        await show_doctor(interaction)


async def _show(
    interaction: discord.Interaction, work: Coroutine[Any, Any, ServerSettings], *, changed: bool
) -> None:
    responder = Responder(interaction)
    settings = await responder.run(work, ephemeral=True)
    await responder.send_embed(settings_embeds.server(settings, changed, interaction.locale.value))
