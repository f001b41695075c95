"""The panel of a member's settings: menus and buttons that work for ever, like those of a job.

Only its member sees a panel, so whoever uses one is the member it belongs to.
"""

from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import discord

from bot.i18n.markdown import visible
from bot.i18n.texts import say
from bot.messages import settings_embeds
from bot.services.preferences import STYLIZE_LEVELS, TEMPERAMENT_NAMES
from bot.ui.dynamic_items import PersistentButton, PersistentSelect, view_of
from bot.ui.responses import member_of, redraw, run_in_time
from storage.members import Preferences
from storage.models import JobMode

if TYPE_CHECKING:
    from bot.client import DarkroomBot

DEFAULT_CHOICE = "usual"
"""The value in a menu that leaves the choice to the server, or to the catalogue."""

MAX_SELECT_OPTIONS = 25
"""Lines of a select menu."""


class PanelSelect(PersistentSelect, template=r"me:(?P<choice>model|temperament|stylize)"):
    """A menu of the panel: one preference, one of several values."""

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        choice, (chosen,) = self.said["choice"], self.item.values
        value: Any = None if chosen == DEFAULT_CHOICE else chosen
        if value is not None and choice == "stylize":
            value = int(value)
        work = interaction.client.preferences.prefer(member_of(interaction), **{choice: value})
        await show_panel(interaction, work)


class PanelButton(
    PersistentButton,
    template=r"me:(?P<choice>raw|remix|variability|stealth|reset|turbo|fast|relax)",
):
    """A button of the panel: turns a preference round, sets the mode, or resets all."""

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        choice, who, choices = (
            self.said["choice"],
            member_of(interaction),
            interaction.client.preferences,
        )
        if choice == "reset":
            work = choices.forget(who)
        elif choice in list(JobMode):
            work = choices.prefer(who, mode=choice)
        else:
            work = choices.toggle(who, choice)
        await show_panel(interaction, work)


async def show_panel(
    interaction: "discord.Interaction[DarkroomBot]", chosen: Coroutine[Any, Any, Preferences]
) -> None:
    """Answer with the panel of what is chosen, or renew the one that was used."""
    client, locale = interaction.client, interaction.locale.value

    async def look_up() -> tuple[Preferences, Mapping[str, str], tuple[str, ...]]:
        preferences = await chosen
        options = await client.preferences.options(interaction.user.id)
        return preferences, options, await client.preferences.versions()

    used = interaction.type is discord.InteractionType.component
    preferences, options, versions = await run_in_time(
        interaction, look_up(), thinking=not used, hidden=True
    )
    embed = settings_embeds.panel(preferences, options, locale)
    await redraw(interaction, embed, panel(preferences, versions, locale))


def panel(preferences: Preferences, versions: Sequence[str], locale: str) -> discord.ui.View:
    """The menus and buttons, showing what is chosen now."""
    shown: list[discord.ui.Item[Any]] = []
    if len(versions) > 1:
        models = [(DEFAULT_CHOICE, say("panel.version-server", locale))]
        models += [(name, f"{say('panel.version', locale)} {name}") for name in versions]
        shown.append(_menu("model", preferences.model, models))
    temperaments = [(DEFAULT_CHOICE, say("panel.temperament-server", locale))]
    temperaments += [(name, say(f"panel.{name}", locale)) for name in TEMPERAMENT_NAMES]
    shown.append(_menu("temperament", preferences.temperament, temperaments))
    shown.append(_menu("stylize", preferences.stylize, _stylizes(preferences.stylize, locale)))
    stealth = "stealth" if preferences.stealth else "public"
    toggles = (
        ("raw", "raw", preferences.raw),
        ("remix", "remix", preferences.remix),
        ("variability", preferences.variability, preferences.variability == "subtle"),
        ("stealth", stealth, preferences.stealth),
    )
    for choice, label, on in toggles:
        shown.append(_button(choice, say(f"panel.{label}", locale), on, row=3))
    for mode in JobMode:
        on = preferences.mode == mode
        shown.append(_button(mode, say(f"panel.{mode}", locale), on, row=4))
    reset = discord.ButtonStyle.danger
    label = say("panel.reset", locale)
    shown.append(discord.ui.Button(style=reset, label=label, custom_id="me:reset", row=4))
    return view_of(*shown)


def _stylizes(chosen: int | None, locale: str) -> list[tuple[str, str]]:
    lines = [(DEFAULT_CHOICE, say("panel.stylize-server", locale))]
    for name, value in STYLIZE_LEVELS.items():
        lines.append((str(value), say(f"panel.{name}", locale, value=value)))
    if chosen is not None and chosen not in STYLIZE_LEVELS.values():
        lines.append((str(chosen), say("panel.own", locale, value=chosen)))
    return lines


def _menu(
    choice: str, chosen: str | int | None, lines: Sequence[tuple[str, str]]
) -> discord.ui.Select[Any]:
    current = DEFAULT_CHOICE if chosen is None else str(chosen)
    options = [
        discord.SelectOption(label=visible(label, 100), value=value, default=value == current)
        for value, label in lines[:MAX_SELECT_OPTIONS]
    ]
    return discord.ui.Select(custom_id=f"me:{choice}", options=options)


def _button(choice: str, label: str, on: bool, row: int) -> discord.ui.Button[Any]:
    style = discord.ButtonStyle.success if on else discord.ButtonStyle.secondary
    return discord.ui.Button(style=style, label=label, custom_id=f"me:{choice}", row=row)
