"""`/server setup`: a panel with the first steps, on the server or in its manager's direct messages.

A custom_id names the server, and proves nothing: each press asks whether the member may manage it
now. Elsewhere than on that server, Discord's API is asked for the member.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import aiohttp
import discord

from bot.errors import NotPermitted, NowhereToDraw, PermissionsUnknown
from bot.i18n.markdown import Markup
from bot.i18n.texts import LANGUAGES, Text
from bot.policy.picture_policy import PictureAction
from bot.services.container import Services
from bot.shards import fetch_server
from bot.ui.dynamic_items import PersistentButton, PersistentSelect
from bot.ui.interactions import command_ids_of, managed_server_of, requester_in, services_of
from bot.ui.responses import Responder
from bot.ui.server.review import OFF_CHOICES
from bot.ui.server.setup_facts import channels_of, first_drawable, shown
from bot.ui.server.setup_panel import LEFT_OPEN, Shown, panel

FIRST_PROMPT = "a red fox --public"
"""What “Draw the first picture” draws. It is for everybody, whatever its member prefers."""

ANSWER_TIMEOUT_S = 5.0
"""Seconds that Discord has to say what somebody may do on a server."""

_SERVER = r"setup:(?P<server_id>[0-9]{1,20})"


@dataclass(frozen=True, slots=True)
class Manager:
    """Somebody who may manage a server now."""

    guild: discord.Guild
    member: discord.Member


class SetupButton(PersistentButton, template=rf"{_SERVER}:(?P<act>open|again|draw)"):
    """Shows the panel, or draws the first picture."""

    async def act(self, interaction: discord.Interaction) -> None:
        act, here = self.groups["act"], interaction.channel_id

        async def draw(services: Services, manager: Manager) -> Text:
            return await _draw(services, manager, here)

        change = draw if act == "draw" else None
        await show_setup(interaction, int(self.groups["server_id"]), change, anew=act == "open")


class SetupQuotaButton(
    PersistentButton, template=rf"{_SERVER}:quota:(?P<preset>friends|community|public)"
):
    """Gives everybody ready-made limits."""

    async def act(self, interaction: discord.Interaction) -> None:
        preset = self.groups["preset"]

        async def change(services: Services, manager: Manager) -> Text:
            await services.setup.use_preset(manager.guild.id, preset)
            return Text("setup.changed-preset", {"kind": Text(f"choice-{preset}")})

        await show_setup(interaction, int(self.groups["server_id"]), change)


class SetupChannelsSelect(PersistentSelect, template=rf"{_SERVER}:channels"):
    """The menu of channels: lets the bot draw in the chosen ones alone, or shows more of them."""

    async def act(self, interaction: discord.Interaction) -> None:
        server_id, values = int(self.groups["server_id"]), self.item.values
        turned = next((one for one in values if one.startswith("page:")), None)
        if turned is not None:
            await show_setup(interaction, server_id, page=int(turned.removeprefix("page:")))
            return
        offered = {option.value for option in self.item.options}

        async def change(services: Services, manager: Manager) -> Text:
            rules = await services.access_settings.rules(server_id)
            before = rules.channels if rules.channels_rule == "only" else ()
            # Those on other pages of the menu, and categories.
            kept = [one for one in before if str(one) not in offered]
            there = {str(one.id) for one in channels_of(manager.guild)}
            chosen = [int(one) for one in values if one in there]
            await services.setup.draw_in(server_id, [*kept, *chosen])
            return Text("setup.changed-where")

        await show_setup(interaction, server_id, change)


class SetupSelect(PersistentSelect, template=rf"{_SERVER}:(?P<step>language|filter)"):
    """A menu of the panel: sets what one step is about."""

    async def act(self, interaction: discord.Interaction) -> None:
        (value,) = self.item.values
        change = _change_language if self.groups["step"] == "language" else _change_filter
        await show_setup(interaction, int(self.groups["server_id"]), partial(change, value))


class SetupReviewSelect(PersistentSelect, template=rf"{_SERVER}:review"):
    """The menu for the review channel: sets it, takes it away, or shows more channels."""

    async def act(self, interaction: discord.Interaction) -> None:
        server_id, (value,) = int(self.groups["server_id"]), self.item.values
        if value.startswith("page:"):
            turned = int(value.removeprefix("page:"))
            await show_setup(interaction, server_id, review_page=turned)
            return
        await show_setup(interaction, server_id, partial(_change_review, value))


async def _change_language(value: str, services: Services, manager: Manager) -> Text:
    language = value if value in LANGUAGES else None
    await services.setup.use_language(manager.guild.id, language)
    return Text("setup.changed-language", {"language": Text(f"language.{language or 'server'}")})


async def _change_filter(value: str, services: Services, manager: Manager) -> Text:
    server_id, action = manager.guild.id, PictureAction(value)
    await services.picture_filter.change(server_id, server_id, action, None)
    return Text("setup.changed-filter", {"action": Text(f"setup.filter-{action}")})


async def _change_review(value: str, services: Services, manager: Manager) -> Text:
    server_id = manager.guild.id
    if value == LEFT_OPEN:
        off = (OFF_CHOICES["off-review"],)
        await services.review_settings.change(server_id, None, None, off=off)
        return Text("setup.changed-no-review")
    channel = manager.guild.get_channel(int(value))
    if not isinstance(channel, discord.TextChannel):
        return Text("setup.review-gone")
    await services.review_settings.change(server_id, channel.id, None)
    return Text("setup.changed-review", {"channel": Markup(channel.mention)})


Change = Callable[[Services, Manager], Awaitable[Text]]
"""Does what a step chose, and says what it did."""


async def show_setup(
    interaction: discord.Interaction,
    server_id: int,
    change: Change | None = None,
    *,
    page: int = 0,
    review_page: int = 0,
    anew: bool = False,
) -> None:
    """Make a change, and show the panel: in place of the one before, unless `anew`. `page` is that
    of the menu of channels, `review_page` that of the menu for the review channel.

    Raises NotPermitted, PermissionsUnknown.
    """
    responder, services = Responder(interaction), services_of(interaction)

    async def work() -> Shown:
        manager = await _manager_of(interaction, server_id)
        return await shown(
            services,
            manager.guild,
            command_ids_of(interaction),
            member=manager.member,
            here=interaction.channel_id,
            changed=await change(services, manager) if change else None,
            page=page,
            review_page=review_page,
        )

    found = await responder.run(work(), ephemeral=True, updates=not anew)
    await responder.show_layout(panel(found, interaction.locale.value), anew=anew)


async def _draw(services: Services, manager: Manager, here: int | None) -> Text:
    """Draw the first picture. Raises NowhereToDraw, and what `/imagine` raises."""
    rules = await services.access_settings.rules(manager.guild.id)
    channel = first_drawable(manager.guild, rules, manager.member, here)
    if channel is None:
        raise NowhereToDraw
    requester = requester_in(channel, manager.member, age_restricted=channel.is_nsfw())
    services.generation.post(await services.generation.imagine_all(requester, [FIRST_PROMPT]))
    return Text("setup.drawing", {"channel": Markup(f"<#{channel.id}>")})


async def _manager_of(interaction: discord.Interaction, server_id: int) -> Manager:
    """Who uses the panel, if they may manage this server now.

    Raises NotPermitted, PermissionsUnknown.
    """
    if interaction.guild_id == server_id:
        guild = interaction.client.get_guild(server_id)
        if guild is None:
            raise NotPermitted
        managed_server_of(interaction)
        assert isinstance(interaction.user, discord.Member), "this is on a server"
        return Manager(guild, interaction.user)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            guild = await fetch_server(interaction.client, server_id)
            if guild is None:
                raise NotPermitted
            member = await guild.fetch_member(interaction.user.id)
    except discord.NotFound as error:
        raise NotPermitted from error
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # also TimeoutError
        raise PermissionsUnknown from error
    if not member.guild_permissions.manage_guild:
        raise NotPermitted
    return Manager(guild, member)
