"""The panel of `/server defaults`: what a server, a category, a channel or a role chooses for
prompts that say nothing else; and what holds for one member in one channel.

Whose defaults a menu changes stands in its custom_id. Each press asks again whether the member may
manage the server.
"""

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.errors import NotOffered, OneScopeOnly
from bot.i18n.markdown import visible
from bot.i18n.texts import LANGUAGES, say
from bot.images.grid import FILE_FORMATS
from bot.messages import defaults_embeds
from bot.messages.specs import EmbedColour
from bot.policy.actors import Requester
from bot.services.admin.defaults import Choosable
from bot.services.completion import ASPECTS
from bot.services.preferences import STYLIZE_LEVELS, TEMPERAMENT_NAMES
from bot.ui.dynamic_items import PersistentButton, PersistentSelect, layout_of
from bot.ui.interactions import (
    channel_id_of,
    managed_server_of,
    ranked_roles_of,
    services_of,
)
from bot.ui.responses import Responder
from storage.models import Scope
from storage.rules.defaults import Defaults, ScopedDefaults

FIELDS = (
    "model",
    "aspect",
    "style",
    "stylize",
    "temperament",
    "stealth",
    "file_format",
    "language",
)

LEFT_OPEN = "open"
"""The value in a menu that leaves the choice to weaker defaults."""

MAX_VALUE_CHARS = 99
"""Characters of a value in a menu, after the sign before it."""

PAGE_LINES = 23
"""Values on one page of a menu: Discord allows 25 lines, and two of them are for turning pages and
for leaving the choice open."""

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


@dataclass(frozen=True, slots=True)
class Target:
    """Whose defaults a panel is about."""

    server_id: int
    scope: Scope
    scope_id: int

    @property
    def key(self) -> str:
        return f"{self.scope}:{self.scope_id}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a panel shows: its defaults, all that there are, and what can be chosen."""

    chosen: Defaults
    every: tuple[ScopedDefaults, ...]
    choosable: Choosable


class DefaultsSelect(PersistentSelect, template=rf"{_WHOSE}:(?P<field>{'|'.join(FIELDS)})"):
    """A menu of the panel: sets one default, or shows more values."""

    async def act(self, interaction: discord.Interaction) -> None:
        target, field = _target_of(interaction, self.groups), self.groups["field"]
        (value,) = self.item.values
        kind, _, rest = value.partition(":")
        if kind == "page":
            await _show(interaction, target, pages={field: int(rest)})
            return
        chosen = None if value == LEFT_OPEN else _read(field, value.removeprefix("="))
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


def panel(
    target: Target,
    shown: Shown,
    names: Mapping[int, str],
    locale: str,
    pages: Mapping[str, int],
) -> discord.ui.LayoutView:
    """A menu for each default with what is chosen, and one of all that have some.

    `names` are those of channels and roles by id, `pages` the pages of menus that are turned.
    """
    items: list[discord.ui.Item[Any]] = [
        discord.ui.TextDisplay(defaults_embeds.heading(target.scope, target.scope_id, locale))
    ]
    for field in FIELDS:
        items.append(_menu(target, field, shown, locale, pages.get(field)))
    items.append(discord.ui.Separator())
    if lines := _lines_of_all(target, shown.every, names, locale):
        items.append(_menu_of_all(lines, locale, pages.get("of", 0)))
    reset: discord.ui.Button[Any] = discord.ui.Button(
        label=say("panel.reset", locale),
        custom_id=f"defaults:{target.key}:reset",
        disabled=shown.chosen == Defaults(),
    )
    items.append(discord.ui.ActionRow(reset))
    return layout_of(*items, colour=EmbedColour.GREY.value)


def _menu(
    target: Target, field: str, shown: Shown, locale: str, page: int | None
) -> discord.ui.ActionRow[Any]:
    present = getattr(shown.chosen, field)
    name = say(f"defaults-field.{field.replace('_', '-')}", locale)
    lines = [
        (f"={_written(field, value)}", f"{name}: {_label(field, value, locale)}", value)
        for value in _values(field, shown)
    ]
    open_label = f"{name}: {say('defaults.open', locale)}"
    options = [
        discord.SelectOption(
            label=visible(open_label, 100), value=LEFT_OPEN, default=present is None
        )
    ]
    values = [value for *_, value in lines]
    if page is None and len(lines) > PAGE_LINES and present in values:
        page = values.index(present) // PAGE_LINES
    kept, turn = _page(lines, page or 0)
    options += [
        discord.SelectOption(label=visible(label, 100), value=written, default=value == present)
        for written, label, value in kept
    ]
    if turn is not None:
        options.append(_turn(turn, len(lines), locale))
    # It is shown where the page has not what is chosen.
    chosen = open_label if present is None else f"{name}: {_label(field, present, locale)}"
    return discord.ui.ActionRow(
        discord.ui.Select(
            custom_id=f"defaults:{target.key}:{field}",
            options=options,
            placeholder=visible(chosen, 150),
        )
    )


def _values(field: str, shown: Shown) -> list[Any]:
    """What a menu offers, with what is chosen already where that was typed, or is gone."""
    offered: Mapping[str, Sequence[Any]] = {
        "model": shown.choosable.models,
        "aspect": ASPECTS,
        "style": shown.choosable.styles,
        "stylize": tuple(STYLIZE_LEVELS.values()),
        "temperament": TEMPERAMENT_NAMES,
        "stealth": (False, True),
        "file_format": FILE_FORMATS,
        "language": LANGUAGES,
    }
    present = getattr(shown.chosen, field)
    values = list(dict.fromkeys(offered[field]))
    if present is not None and present not in values:
        values.insert(0, present)
    return [value for value in values if len(_written(field, value)) <= MAX_VALUE_CHARS]


def _written(field: str, value: Any) -> str:
    """A value as the value of a menu's line; `_read` reads it."""
    if field == "stealth":
        return "stealth" if value else "public"
    return str(value)


def _read(field: str, written: str) -> Any:
    match field:
        case "stealth":
            return written == "stealth"
        case "stylize":
            return int(written)
    return written


def _label(field: str, value: Any, locale: str) -> str:
    match field:
        case "temperament":
            return say(f"choice-{value}", locale)
        case "stealth":
            return say("panel.stealth" if value else "panel.public", locale)
        case "file_format":
            return str(value).upper()
        case "language":
            return say(f"language.{value}", locale)
    return str(value)


def _page(lines: Sequence[Any], number: int) -> tuple[Sequence[Any], int | None]:
    """The lines of a page, and the number of the next one; None if there is only one page."""
    if len(lines) <= PAGE_LINES:
        return lines, None
    pages = -(-len(lines) // PAGE_LINES)
    number %= pages
    return lines[number * PAGE_LINES : (number + 1) * PAGE_LINES], (number + 1) % pages


def _turn(page: int, count: int, locale: str) -> discord.SelectOption:
    pages = -(-count // PAGE_LINES)
    label = say("defaults.more", locale, page=page + 1, pages=pages)
    return discord.SelectOption(label=label, value=f"page:{page}")


def _lines_of_all(
    target: Target, every: Sequence[ScopedDefaults], names: Mapping[int, str], locale: str
) -> list[discord.SelectOption]:
    """A line for all that have defaults, and for the server in any case."""
    known = {(Scope.SERVER, target.server_id): Defaults()}
    known |= {(one.scope, one.scope_id): one.chosen for one in every}
    lines = []
    for (scope, scope_id), chosen in known.items():
        kind = say(f"defaults-scope.{scope}", locale)
        name = names.get(scope_id) or say("defaults.gone", locale, id=str(scope_id))
        label = kind if scope is Scope.SERVER else f"{kind}: {name}"
        key = f"{scope}:{scope_id}"
        lines.append(
            discord.SelectOption(
                label=visible(label, 100),
                value=key,
                description=visible(defaults_embeds.summary(chosen, locale), 100) or None,
                default=key == target.key,
            )
        )
    return lines


def _menu_of_all(
    lines: Sequence[discord.SelectOption], locale: str, page: int
) -> discord.ui.ActionRow[Any]:
    kept, turn = _page(lines, page)
    options = [*kept]
    if turn is not None:
        options.append(_turn(turn, len(lines), locale))
    placeholder = say("defaults.all", locale)
    return discord.ui.ActionRow(
        discord.ui.Select(custom_id="defaults-of", options=options, placeholder=placeholder)
    )


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
