"""What the panel of `/server defaults` looks like: a menu for each default. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.i18n.markdown import visible
from bot.i18n.texts import LANGUAGES, say
from bot.images.grid import FILE_FORMATS
from bot.messages import defaults_embeds
from bot.messages.specs import EmbedColour
from bot.services.admin.defaults import Choosable
from bot.services.completion import ASPECTS
from bot.services.preferences import STYLIZE_LEVELS, TEMPERAMENT_NAMES
from bot.ui.dynamic_items import layout_of
from bot.ui.server.menu_pages import PAGE_LINES, page_of, turning_line
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
    kept, turn = page_of(lines, page or 0)
    options += [
        discord.SelectOption(label=visible(label, 100), value=written, default=value == present)
        for written, label, value in kept
    ]
    if turn is not None:
        options.append(turning_line(turn, len(lines), locale))
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
    """A value as the value of a menu's line; `read` reads it."""
    if field == "stealth":
        return "stealth" if value else "public"
    return str(value)


def read(field: str, written: str) -> Any:
    """The value that a line of a menu stands for."""
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
    kept, turn = page_of(lines, page)
    options = [*kept]
    if turn is not None:
        options.append(turning_line(turn, len(lines), locale))
    placeholder = say("defaults.all", locale)
    return discord.ui.ActionRow(
        discord.ui.Select(custom_id="defaults-of", options=options, placeholder=placeholder)
    )
