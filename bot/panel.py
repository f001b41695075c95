"""The panel of a member's settings: menus and buttons that work for ever, like those of a job.

Only its member sees a panel, so whoever uses one is the member it belongs to.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord

from bot import cards
from bot.answers import chooser, explain, in_time, redraw
from bot.choices import STYLIZES, TEMPERAMENTS
from bot.texts import say
from storage.members import Preferences
from storage.models import JobMode

if TYPE_CHECKING:
    from bot.bot import DarkroomBot

USUAL = "usual"
"""The value in a menu that leaves the choice to the server, or to the catalogue."""

MOST_OPTIONS = 25
"""Lines of a select menu."""


class PanelMenu(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"me:(?P<choice>model|temperament|stylize)",
):
    """A menu of the panel: one preference, one of several values."""

    def __init__(self, item: discord.ui.Select[Any], choice: str) -> None:
        super().__init__(item)
        self.choice = choice

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "PanelMenu":
        assert isinstance(item, discord.ui.Select)
        return cls(item, match["choice"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            (chosen,) = self.item.values
            value: Any = None if chosen == USUAL else chosen
            if value is not None and self.choice == "stylize":
                value = int(value)
            choices = interaction.client.choices
            work = choices.prefer(chooser(interaction), **{self.choice: value})
            await show_panel(interaction, await in_time(interaction, work, thinking=False))
        except Exception as error:
            await explain(interaction, error)


class PanelButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"me:(?P<choice>raw|remix|variability|stealth|reset|turbo|fast|relax)",
):
    """A button of the panel: turns a preference round, sets the mode, or resets all."""

    def __init__(self, item: discord.ui.Button[Any], choice: str) -> None:
        super().__init__(item)
        self.choice = choice

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "PanelButton":
        assert isinstance(item, discord.ui.Button)
        return cls(item, match["choice"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            who, choices = chooser(interaction), interaction.client.choices
            if self.choice == "reset":
                work = choices.forget(who)
            elif self.choice in list(JobMode):
                work = choices.prefer(who, mode=self.choice)
            else:
                work = choices.toggle(who, self.choice)
            await show_panel(interaction, await in_time(interaction, work, thinking=False))
        except Exception as error:
            await explain(interaction, error)


async def show_panel(
    interaction: "discord.Interaction[DarkroomBot]", preferences: Preferences
) -> None:
    """Answer with the panel, or renew the one that was used."""
    client, locale = interaction.client, interaction.locale.value
    options = await client.choices.options(interaction.user.id)
    versions = await client.choices.versions()
    card = cards.panel(preferences, options, locale)
    await redraw(interaction, card, panel(preferences, versions, locale))


def panel(preferences: Preferences, versions: Sequence[str], locale: str) -> discord.ui.View:
    """The menus and buttons, showing what is chosen now."""
    shown = discord.ui.View(timeout=None)
    if len(versions) > 1:
        models = [(USUAL, say("panel.version-server", locale))]
        models += [(name, f"{say('panel.version', locale)} {name}") for name in versions]
        shown.add_item(_menu("model", preferences.model, models))
    temperaments = [(USUAL, say("panel.temperament-server", locale))]
    temperaments += [(name, say(f"panel.{name}", locale)) for name in TEMPERAMENTS]
    shown.add_item(_menu("temperament", preferences.temperament, temperaments))
    shown.add_item(_menu("stylize", preferences.stylize, _stylizes(preferences.stylize, locale)))
    stealth = "stealth" if preferences.stealth else "public"
    toggles = (
        ("raw", "raw", preferences.raw),
        ("remix", "remix", preferences.remix),
        ("variability", preferences.variability, preferences.variability == "subtle"),
        ("stealth", stealth, preferences.stealth),
    )
    for choice, label, on in toggles:
        shown.add_item(_button(choice, say(f"panel.{label}", locale), on, row=3))
    for mode in JobMode:
        on = preferences.mode == mode
        shown.add_item(_button(mode, say(f"panel.{mode}", locale), on, row=4))
    reset = discord.ButtonStyle.danger
    label = say("panel.reset", locale)
    shown.add_item(discord.ui.Button(style=reset, label=label, custom_id="me:reset", row=4))
    # As in `bot.board`: presses are found by their custom_id.
    shown.stop()
    return shown


def _stylizes(chosen: int | None, locale: str) -> list[tuple[str, str]]:
    lines = [(USUAL, say("panel.stylize-server", locale))]
    for name, value in STYLIZES.items():
        lines.append((str(value), say(f"panel.{name}", locale, value=value)))
    if chosen is not None and chosen not in STYLIZES.values():
        lines.append((str(chosen), say("panel.own", locale, value=chosen)))
    return lines


def _menu(
    choice: str, chosen: str | int | None, lines: Sequence[tuple[str, str]]
) -> discord.ui.Select[Any]:
    current = USUAL if chosen is None else str(chosen)
    options = [
        discord.SelectOption(label=label[:100], value=value, default=value == current)
        for value, label in lines[:MOST_OPTIONS]
    ]
    return discord.ui.Select(custom_id=f"me:{choice}", options=options)


def _button(choice: str, label: str, on: bool, row: int) -> discord.ui.Button[Any]:
    style = discord.ButtonStyle.success if on else discord.ButtonStyle.secondary
    return discord.ui.Button(style=style, label=label, custom_id=f"me:{choice}", row=row)
