"""The panel of a member's settings, and the question before settings are reset.

A panel is ephemeral, so only the member who opened it can use it. A button says what it sets, never
what is set now: each setting has one button or one line of a menu for each of its values, and the
present one is marked.
"""

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import discord

from bot.errors import NotOffered
from bot.i18n.markdown import visible
from bot.i18n.texts import say
from bot.messages import settings_embeds
from bot.messages.specs import EmbedColour
from bot.services.preferences import STYLIZE_LEVELS, TEMPERAMENT_NAMES
from bot.ui.dynamic_items import PersistentButton, PersistentSelect, layout_of, view_of
from bot.ui.interactions import managed_server_of, member_of, services_of, whereabouts_of
from bot.ui.responses import Responder
from storage.members import Preferences
from storage.models import JobMode

DEFAULT_CHOICE = "usual"
"""The value in a menu that leaves the choice to the server, or to the model registry."""

MAX_SELECT_OPTIONS = 25
"""Discord's limit of a select menu."""

NOTHING_MORE: Mapping[str, str] = {}

MODELS_PER_MENU = MAX_SELECT_OPTIONS - 1
"""Models in one menu, which also has the line for the server's default."""

VALUES: Mapping[str, Mapping[str, Any]] = {
    "stealth": {"public": False, "stealth": True},
    "mode": {mode.value: mode.value for mode in (JobMode.TURBO, JobMode.FAST, JobMode.RELAX)},
    "variability": {"strong": "strong", "subtle": "subtle"},
    "raw": {"styled": False, "raw": True},
    "remix": {"remix-on": True, "remix-off": False},
    "auto_dm": {"auto-dm-on": True, "auto-dm-off": False},
}
"""The preferences with a button for each value: the names of the values, as in custom_ids."""


class PanelSelect(PersistentSelect, template=r"me:(?P<choice>model|temperament|stylize)"):
    """A menu of the panel: sets a preference to one of several values."""

    async def act(self, interaction: discord.Interaction) -> None:
        choice, (chosen,) = self.groups["choice"], self.item.values
        value: Any = None if chosen == DEFAULT_CHOICE else chosen
        if value is not None and choice == "stylize":
            value = int(value)
        work = services_of(interaction).preferences.prefer(
            member_of(interaction), **{choice: value}
        )
        await show_panel(interaction, work)


class PanelButton(
    PersistentButton, template=rf"me:(?P<choice>{'|'.join(VALUES)}):(?P<value>[a-z-]+)"
):
    """A button of the panel: sets a preference to the value that it names."""

    async def act(self, interaction: discord.Interaction) -> None:
        choice, value = self.groups["choice"], self.groups["value"]
        if value not in VALUES[choice]:
            raise NotOffered
        work = services_of(interaction).preferences.prefer(
            member_of(interaction), **{choice: VALUES[choice][value]}
        )
        await show_panel(interaction, work)


class ModelMenuButton(PersistentButton, template=r"me:models:(?P<part>[0-9]{1,4})"):
    """Shows another part of the models in the panel's menu."""

    async def act(self, interaction: discord.Interaction) -> None:
        preferences = services_of(interaction).preferences.preferences(interaction.user.id)
        await show_panel(interaction, preferences, int(self.groups["part"]))


class OldPanelButton(
    PersistentButton, template=r"me:(?P<choice>raw|remix|variability|stealth|turbo|fast|relax)"
):
    """A button of a panel from an earlier version, which switched a setting or set the mode."""

    async def act(self, interaction: discord.Interaction) -> None:
        choice, member = self.groups["choice"], member_of(interaction)
        preferences = services_of(interaction).preferences
        if choice in list(JobMode):
            work = preferences.prefer(member, mode=choice)
        else:
            work = preferences.toggle(member, choice)
        await show_panel(interaction, work)


class ResetButton(PersistentButton, template=r"me:reset(?::(?P<answer>yes|no))?"):
    """Asks whether to reset a member's settings, and takes the answer."""

    async def act(self, interaction: discord.Interaction) -> None:
        preferences = services_of(interaction).preferences
        match self.groups["answer"]:
            case "yes":
                await show_panel(interaction, preferences.forget(member_of(interaction)))
            case "no":
                await show_panel(interaction, preferences.preferences(interaction.user.id))
            case _:
                await _ask_to_reset(interaction)


class ResetServerButton(PersistentButton, template=r"server-reset:(?P<answer>yes|no)"):
    """The answer to whether to reset a server's settings."""

    async def act(self, interaction: discord.Interaction) -> None:
        server_id = managed_server_of(interaction)
        preferences, responder = services_of(interaction).preferences, Responder(interaction)
        is_reset = self.groups["answer"] == "yes"
        work = preferences.reset_server(server_id) if is_reset else preferences.server(server_id)
        settings = await responder.run(work, ephemeral=True, updates=True)
        embed = settings_embeds.server(settings, is_reset, interaction.locale.value)
        await responder.update_embed(embed)


async def show_panel(
    interaction: discord.Interaction,
    chosen: Coroutine[Any, Any, Preferences],
    models: int | None = None,
) -> None:
    """Show the panel of the preferences that `chosen` returns, in place of the one before.

    `models` is which part of the models its menu shows, as in `panel`.
    """
    services, responder = services_of(interaction), Responder(interaction)
    service, locale = services.preferences, interaction.locale.value

    async def look_up() -> tuple[Preferences, Mapping[str, str], Mapping[str, str]]:
        preferences = await chosen
        options = await service.options(interaction.user.id)
        mine = await services.authorization.access_of(whereabouts_of(interaction))
        versions = await service.versions()
        # Who may use one of several models has to choose it here.
        if len(versions) > 1:
            versions = {name: title for name, title in versions.items() if mine.offers(name)}
        else:
            versions = {}
        return preferences, options, versions

    preferences, options, versions = await responder.run(look_up(), ephemeral=True, updates=True)
    await responder.show_layout(panel(preferences, options, versions, locale, models))


def panel(
    preferences: Preferences,
    options: Mapping[str, str],
    versions: Mapping[str, str],
    locale: str,
    models: int | None = None,
) -> discord.ui.LayoutView:
    """The menus and buttons, with the present preferences marked.

    `versions` are what the models are called by their names. A menu has few of many; `models` is
    which part of them is shown, from 0, None for the one with the member's own.
    """
    shown: list[discord.ui.Item[Any]] = [
        discord.ui.TextDisplay(settings_embeds.panel_heading(locale))
    ]
    if versions:
        shown += _models(preferences.model, versions, locale, models)
    temperaments = [(DEFAULT_CHOICE, say("panel.temperament-server", locale))]
    temperaments += [(name, say(f"panel.{name}", locale)) for name in TEMPERAMENT_NAMES]
    shown.append(_menu("temperament", preferences.temperament, temperaments))
    shown.append(_menu("stylize", preferences.stylize, _stylizes(preferences.stylize, locale)))
    for choice in VALUES:
        shown.append(discord.ui.TextDisplay(say(f"panel-group.{choice}", locale)))
        shown.append(_buttons(choice, getattr(preferences, choice), locale))
    shown.append(discord.ui.Separator())
    shown.append(discord.ui.TextDisplay(settings_embeds.panel_notes(preferences, options, locale)))
    reset: discord.ui.Button[Any] = discord.ui.Button(
        label=say("panel.reset", locale), custom_id="me:reset"
    )
    shown.append(discord.ui.ActionRow(reset))
    return layout_of(*shown, colour=EmbedColour.GREY.value)


async def _ask_to_reset(interaction: discord.Interaction) -> None:
    locale = interaction.locale.value
    question = settings_embeds.reset_question(locale)
    buttons = _yes_or_no("me:reset", locale)
    layout = layout_of(
        discord.ui.TextDisplay(f"### {question.title}\n{question.text}"),
        discord.ui.ActionRow(*buttons),
        colour=question.colour.value,
    )
    await Responder(interaction).show_layout(layout)


async def ask_to_reset_server(interaction: discord.Interaction) -> None:
    """Ask a member who manages the server whether to reset its settings."""
    locale = interaction.locale.value
    view = view_of(*_yes_or_no("server-reset", locale))
    await Responder(interaction).send_embed(settings_embeds.server_reset_question(locale), view)


def _models(
    chosen: str | None, versions: Mapping[str, str], locale: str, part: int | None
) -> list[discord.ui.ActionRow[Any]]:
    """A menu with one part of the models, and buttons for the parts before and after it."""
    named = list(versions)
    parts = -(-len(named) // MODELS_PER_MENU)
    if part is None:
        part = (
            named.index(chosen) // MODELS_PER_MENU
            if chosen is not None and chosen in versions
            else 0
        )
    part = min(part, parts - 1)

    def lines_of(number: int) -> list[str]:
        return named[number * MODELS_PER_MENU : (number + 1) * MODELS_PER_MENU]

    lines = [(DEFAULT_CHOICE, say("panel.version-server", locale))]
    lines += [(name, f"{say('panel.version', locale)} {name}") for name in lines_of(part)]
    rows = [_menu("model", chosen, lines, versions)]
    turns: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    for arrow, number in (("◀", part - 1), ("▶", part + 1)):
        if 0 <= number < parts:
            first = number * MODELS_PER_MENU + 1
            label = say("panel.models", locale, first=first, last=first + len(lines_of(number)) - 1)
            turns.add_item(
                discord.ui.Button(label=f"{arrow} {label}", custom_id=f"me:models:{number}")
            )
    return [*rows, turns] if turns.children else rows


def _stylizes(chosen: int | None, locale: str) -> list[tuple[str, str]]:
    lines = [(DEFAULT_CHOICE, say("panel.stylize-server", locale))]
    for name, value in STYLIZE_LEVELS.items():
        lines.append((str(value), say(f"panel.{name}", locale, value=value)))
    if chosen is not None and chosen not in STYLIZE_LEVELS.values():
        lines.append((str(chosen), say("panel.own", locale, value=chosen)))
    return lines


def _menu(
    choice: str,
    chosen: str | int | None,
    lines: Sequence[tuple[str, str]],
    more: Mapping[str, str] = NOTHING_MORE,
) -> discord.ui.ActionRow[Any]:
    """A menu of values and their labels; `more` is a second line for some of the values."""
    current = DEFAULT_CHOICE if chosen is None else str(chosen)
    options = [
        discord.SelectOption(
            label=visible(label, 100),
            value=value,
            description=visible(more.get(value, ""), 100) or None,
            default=value == current,
        )
        for value, label in lines[:MAX_SELECT_OPTIONS]
    ]
    return discord.ui.ActionRow(discord.ui.Select(custom_id=f"me:{choice}", options=options))


def _buttons(choice: str, chosen: object, locale: str) -> discord.ui.ActionRow[Any]:
    """A button for each value of a preference; the present one has a tick and is green."""
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    for name, value in VALUES[choice].items():
        label = say(f"panel.{name}", locale)
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=f"✓ {label}" if value == chosen else label,
            style=discord.ButtonStyle.success if value == chosen else discord.ButtonStyle.secondary,
            custom_id=f"me:{choice}:{name}",
        )
        row.add_item(button)
    return row


def _yes_or_no(custom_id: str, locale: str) -> tuple[discord.ui.Button[Any], ...]:
    styles = {"yes": discord.ButtonStyle.danger, "no": discord.ButtonStyle.secondary}
    return tuple(
        discord.ui.Button(
            style=style,
            label=say(f"reset-question.{answer}", locale),
            custom_id=f"{custom_id}:{answer}",
        )
        for answer, style in styles.items()
    )
