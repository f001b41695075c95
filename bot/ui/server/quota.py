"""`/server quota`: how much each role may have."""

from collections.abc import Coroutine
from typing import Any

import discord
from discord import app_commands

from bot.i18n.texts import say
from bot.i18n.translator import choices
from bot.messages import quota_embeds
from bot.policy.quotas import PRESETS
from bot.services.admin.quotas import ServerQuotas
from bot.services.container import Services
from bot.ui.interactions import managed_server_of
from bot.ui.responses import Responder
from storage.rules.quotas import MAX_WEIGHT, Allowance, Period, Quota

MAX_AMOUNT = 1_000_000
MAX_COOLDOWN_S = 86_400
MAX_JOBS = 100


class QuotaGroup(app_commands.Group):
    """Whoever manages the server says what members may have; @everyone if no role is named."""

    def __init__(self, services: Services) -> None:
        super().__init__(name="quota", description=say("command-server-quota"))
        self._services = services

    @app_commands.command(description=say("command-server-quota-show"))
    async def show(self, interaction: discord.Interaction) -> None:
        server_id = managed_server_of(interaction)
        await self._answer(interaction, self._services.quotas.of_server(server_id))

    @app_commands.command(description=say("command-server-quota-set"))
    @app_commands.describe(
        role=say("command-server-quota-set.role"),
        pictures=say("command-server-quota-set.pictures"),
        gpu_seconds=say("command-server-quota-set.gpu_seconds"),
        per=say("command-server-quota-set.per"),
        jobs=say("command-server-quota-set.jobs"),
        cooldown=say("command-server-quota-set.cooldown"),
        weight=say("command-server-quota-set.weight"),
    )
    @app_commands.choices(per=choices(*Period))
    async def set(
        self,
        interaction: discord.Interaction,
        role: discord.Role | None = None,
        pictures: app_commands.Range[int, 0, MAX_AMOUNT] | None = None,
        gpu_seconds: app_commands.Range[int, 0, MAX_AMOUNT] | None = None,
        per: str = Period.DAY.value,
        jobs: app_commands.Range[int, 1, MAX_JOBS] | None = None,
        cooldown: app_commands.Range[int, 0, MAX_COOLDOWN_S] | None = None,
        weight: app_commands.Range[int, 1, MAX_WEIGHT] | None = None,
    ) -> None:
        server_id = managed_server_of(interaction)
        changed = Quota(
            _allowance(pictures, per), _allowance(gpu_seconds, per), jobs, cooldown, weight
        )
        work = self._services.quotas.change(server_id, role.id if role else server_id, changed)
        await self._answer(interaction, work, changed=changed != Quota())

    @app_commands.command(description=say("command-server-quota-clear"))
    @app_commands.describe(role=say("command-server-quota-set.role"))
    async def clear(
        self, interaction: discord.Interaction, role: discord.Role | None = None
    ) -> None:
        server_id = managed_server_of(interaction)
        work = self._services.quotas.clear(server_id, role.id if role else server_id)
        await self._answer(interaction, work, changed=True)

    @app_commands.command(description=say("command-server-quota-preset"))
    @app_commands.describe(kind=say("command-server-quota-preset.kind"))
    @app_commands.choices(kind=choices(*PRESETS))
    async def preset(self, interaction: discord.Interaction, kind: str) -> None:
        server_id = managed_server_of(interaction)
        await self._answer(
            interaction, self._services.quotas.use_preset(server_id, kind), changed=True
        )

    async def _answer(
        self,
        interaction: discord.Interaction,
        work: Coroutine[Any, Any, ServerQuotas],
        *,
        changed: bool = False,
    ) -> None:
        """Show what holds now, whatever was done."""
        server_id, responder = managed_server_of(interaction), Responder(interaction)
        there = await responder.run(work, ephemeral=True)
        embed = quota_embeds.server(
            there.by_role, there.jobs_per_member, server_id, changed, interaction.locale.value
        )
        await responder.send_embed(embed)


def _allowance(amount: int | None, per: str) -> Allowance | None:
    """0 is without limit."""
    return None if amount is None else Allowance(amount or None, Period(per))
