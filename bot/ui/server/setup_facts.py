"""What the panel of `/server setup` shows, read from the server as Discord has it now."""

from collections.abc import Mapping, Sequence

import discord

from bot.doctor.checks.channels import ChannelsCheck, PlacesFacts, ServerFacts, facts_of
from bot.doctor.findings import Finding, Level
from bot.i18n.texts import Text
from bot.policy.channels import is_for_drawing
from bot.services.container import Services
from bot.ui.server.review import warnings_of
from bot.ui.server.setup_panel import Shown
from storage.rules.access import AccessRules

Channel = discord.TextChannel | discord.ForumChannel


async def shown(
    services: Services,
    guild: discord.Guild,
    command_ids: Mapping[str, int],
    *,
    member: discord.Member | None = None,
    here: int | None = None,
    changed: Text | None = None,
    page: int = 0,
    review_page: int = 0,
    invites: bool = False,
) -> Shown:
    """`member` is who reads it, None before they have opened it; `here` is the channel they are in.

    See `Shown` for the rest.
    """
    facts = facts_of(guild.name, channels_of(guild), guild.me)
    state = await services.setup.state(guild.id)
    review_channel = state.settings.review_channel
    drawable = first_drawable(guild, state.access, member, here)
    return Shown(
        guild.id,
        facts,
        state,
        problems_of(facts, state.access),
        draws_in=None if drawable is None else drawable.id,
        changed=changed,
        page=page,
        review_page=review_page,
        review_warnings=() if review_channel is None else warnings_of(guild, review_channel),
        imagine_id=command_ids.get("imagine"),
        invites=invites,
    )


def channels_of(guild: discord.Guild) -> Sequence[Channel]:
    """The channels in which pictures can be drawn, in the order in which members see them."""
    grouped = (channel for _, channels in guild.by_category() for channel in channels)
    return [channel for channel in grouped if isinstance(channel, Channel)]


def problems_of(facts: ServerFacts, rules: AccessRules) -> Sequence[Finding]:
    """What keeps the bot from drawing, and from drawing where it is to draw. Pure."""
    found = ChannelsCheck().judge(PlacesFacts((facts,), 0, ""))
    problems = [one for one in found if one.level is Level.PROBLEM]
    if rules.channels_rule == "only":
        chosen = [one for one in facts.channels if one.id in rules.channels and not one.can_draw]
        problems += ChannelsCheck().lacking_in(chosen, facts)
    return problems


def first_drawable(
    guild: discord.Guild, rules: AccessRules, member: discord.Member | None, here: int | None
) -> discord.TextChannel | None:
    """The channel for the first picture, which the member can see: the one they are in, or else
    the first in which the bot can draw and is to draw."""
    channels = [one for one in channels_of(guild) if isinstance(one, discord.TextChannel)]
    channels.sort(key=lambda channel: channel.id != here)
    can_draw = {one.id for one in facts_of(guild.name, channels, guild.me).channels if one.can_draw}
    for channel in channels:
        sees = member is None or channel.permissions_for(member).view_channel
        is_meant = is_for_drawing(rules, (channel.id, channel.category_id))
        if sees and is_meant and channel.id in can_draw:
            return channel
    return None
