"""The panel of `/server defaults`: what a server, a category, a channel or a role chooses for
prompts that say nothing else; and what holds for one member in one channel.

Whose defaults a menu changes stands in its custom_id. Each press asks again whether the member may
manage the server.
"""

from collections.abc import Coroutine, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.errors import NotOffered, OneScopeOnly
from bot.i18n.texts import say
from bot.messages import defaults_embeds
from bot.messages.specs import EmbedColour
from bot.policy.actors import Requester
from bot.ui.dynamic_items import PersistentButton, PersistentSelect, layout_of
from bot.ui.interactions import (
    channel_id_of,
    managed_server_of,
    ranked_roles_of,
    services_of,
)
from bot.ui.responses import Responder
from bot.ui.server.defaults_panel import FIELDS, LEFT_OPEN, Shown, Target, panel, read
from storage.models import Scope

_WHOSE = rf"defaults:(?P<scope>{'|'.join(Scope)}):(?P<scope_id>[0-9]{{1,20}})"

Channel = app_commands.AppCommandChannel | app_commands.AppCommandThread


class AnyChannel(app_commands.Transformer):
    """Whatever a server has of channels, categories and threads; a thread may be an old one."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    async def transform(self, interaction: discord.Interaction, value: Any, /) -> Channel:
        given: Channel = value
        return given


class DefaultsSelect(PersistentSelect, template=rf"{_WHOSE}:(?P<field>{'|'.join(FIELDS)})"):
    """A menu of the panel: sets one default, or shows more values."""

    async def act(self, interaction: discord.Interaction) -> None:
        target, field = _target_of(interaction, self.groups), self.groups["field"]
        (value,) = self.item.values
        kind, _, rest = value.partition(":")
        if kind == "page":
            await _show(interaction, target, pages={field: int(rest)})
            return
        chosen = None if value == LEFT_OPEN else read(field, value.removeprefix("="))
        await _show(interaction, target, {field: chosen})


class DefaultsOfSelect(PersistentSelect, template=r"defaults-of"):
    """The menu of all that have defaults: shows the panel of one of them."""

    async def act(self, interaction: discord.Interaction) -> None:
        (value,) = self.item.values
        kind, _, rest = value.partition(":")
        server_id = managed_server_of(interaction)
        if kind == "page":
            target = Target(server_id, Scope.SERVER, server_id)
            await _show(interaction, target, pages={"of": int(rest)})
            return
        await _show(interaction, Target(server_id, Scope(kind), int(rest)))


class ResetDefaultsButton(PersistentButton, template=rf"{_WHOSE}:reset(?::(?P<answer>yes|no))?"):
    """Asks whether to delete the defaults of one scope, and takes the answer."""

    async def act(self, interaction: discord.Interaction) -> None:
        target = _target_of(interaction, self.groups, must_exist=False)
        match self.groups["answer"]:
            case "yes":
                service = services_of(interaction).defaults
                work = service.forget(target.server_id, target.scope, target.scope_id)
                await Responder(interaction).run(work, ephemeral=True, updates=True)
                await _show(interaction, target)
            case "no":
                await _show(interaction, target)
            case _:
                await _ask_to_reset(interaction, target)


async def show_defaults(
    interaction: discord.Interaction,
    channel: Channel | None,
    role: discord.Role | None,
    changes: Mapping[str, Any],
) -> None:
    """Change the given defaults, and answer with the panel of the channel, role or server."""
    server_id = managed_server_of(interaction)
    if channel is not None and role is not None:
        raise OneScopeOnly
    if role is not None:
        target = Target(server_id, Scope.ROLE, role.id)
    elif isinstance(channel, app_commands.AppCommandThread):
        target = Target(server_id, Scope.CHANNEL, channel.parent_id)
    elif channel is not None:
        is_category = channel.type is discord.ChannelType.category
        target = Target(server_id, Scope.CATEGORY if is_category else Scope.CHANNEL, channel.id)
    else:
        target = Target(server_id, Scope.SERVER, server_id)
    given = {name: value for name, value in changes.items() if value is not None}
    await _show(interaction, target, given)


async def show_effective(
    interaction: discord.Interaction, member: discord.User | None, channel: Channel | None
) -> None:
    """Answer with what holds for a member in a channel, and who decides it."""
    server_id = managed_server_of(interaction)
    user = member or interaction.user
    place: Any = channel or interaction.channel
    channel_id = channel.id if channel else channel_id_of(interaction)
    is_thread = isinstance(place, discord.Thread | app_commands.AppCommandThread)
    parent_id = place.parent_id if is_thread else None
    asked = Requester(
        member_id=user.id,
        member_name=user.name,
        server_id=server_id,
        channel_id=channel_id,
        attachment_limit=0,
        ranked_roles=ranked_roles_of(user),
        parent_id=parent_id,
        category_id=_category_of(interaction, parent_id or channel_id),
    )
    responder, locale = Responder(interaction), interaction.locale.value
    work = services_of(interaction).defaults.effective(asked)
    decided = await responder.run(work, ephemeral=True)
    await responder.send_embed(defaults_embeds.effective(decided, user.id, channel_id, locale))


async def _show(
    interaction: discord.Interaction,
    target: Target,
    changes: Mapping[str, Any] | None = None,
    pages: Mapping[str, int] | None = None,
) -> None:
    """Make the changes, and show the panel in place of the one before."""
    responder = Responder(interaction)
    shown = await responder.run(
        _change(interaction, target, changes or {}), ephemeral=True, updates=True
    )
    layout = panel(target, shown, _names(interaction), interaction.locale.value, pages or {})
    await responder.show_layout(layout)


def _change(
    interaction: discord.Interaction, target: Target, changes: Mapping[str, Any]
) -> Coroutine[Any, Any, Shown]:
    service = services_of(interaction).defaults
    whose = (target.server_id, target.scope, target.scope_id)

    async def work() -> Shown:
        chosen = await (service.change(*whose, changes) if changes else service.of_scope(*whose))
        every = await service.all_of(target.server_id)
        return Shown(chosen, every, await service.choosable(chosen))

    return work()


async def _ask_to_reset(interaction: discord.Interaction, target: Target) -> None:
    locale = interaction.locale.value
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    for answer, style in (
        ("yes", discord.ButtonStyle.danger),
        ("no", discord.ButtonStyle.secondary),
    ):
        label = say(f"reset-question.{answer}", locale)
        custom_id = f"defaults:{target.key}:reset:{answer}"
        row.add_item(discord.ui.Button(style=style, label=label, custom_id=custom_id))
    question = defaults_embeds.reset_question(target.scope, target.scope_id, locale)
    layout = layout_of(discord.ui.TextDisplay(question), row, colour=EmbedColour.YELLOW.value)
    await Responder(interaction).show_layout(layout)


def _target_of(
    interaction: discord.Interaction, groups: Mapping[str, str], *, must_exist: bool = True
) -> Target:
    """Whose defaults a custom_id is about. Raises NotPermitted, NotOffered for what is gone."""
    server_id = managed_server_of(interaction)
    scope, scope_id = Scope(groups["scope"]), int(groups["scope_id"])
    if scope is Scope.SERVER:
        return Target(server_id, scope, server_id)
    if must_exist and scope_id not in _names(interaction):
        raise NotOffered
    return Target(server_id, scope, scope_id)


def _names(interaction: discord.Interaction) -> dict[int, str]:
    """The names of the server's channels, categories and roles, by id."""
    guild = interaction.guild
    if guild is None:
        return {}
    return {one.id: one.name for one in (*guild.channels, *guild.roles)}


def _category_of(interaction: discord.Interaction, channel_id: int) -> int | None:
    channel = interaction.guild and interaction.guild.get_channel(channel_id)
    return channel.category_id if channel else None
