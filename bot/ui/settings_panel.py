"""The panel of a member's settings: menus, and buttons that switch a setting.

A panel is ephemeral, so only the member who opened it can use it.
"""

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import discord

from bot.i18n.markdown import visible
from bot.i18n.texts import say
from bot.messages import settings_embeds
from bot.services.preferences import STYLIZE_LEVELS, TEMPERAMENT_NAMES
from bot.ui.dynamic_items import PersistentButton, PersistentSelect, view_of
from bot.ui.interactions import member_of, services_of
from bot.ui.responses import Responder
from storage.members import Preferences
from storage.models import JobMode

DEFAULT_CHOICE = "usual"
"""The value in a menu that leaves the choice to the server, or to the model registry."""

MAX_SELECT_OPTIONS = 25
"""Discord's limit of a select menu."""


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
    PersistentButton,
    template=r"me:(?P<choice>raw|remix|variability|stealth|reset|turbo|fast|relax)",
):
    """A button of the panel: switches a preference, sets the mode, or resets all."""

    async def act(self, interaction: discord.Interaction) -> None:
        choice, member = self.groups["choice"], member_of(interaction)
        preferences = services_of(interaction).preferences
        if choice == "reset":
            work = preferences.forget(member)
        elif choice in list(JobMode):
            work = preferences.prefer(member, mode=choice)
        else:
            work = preferences.toggle(member, choice)
        await show_panel(interaction, work)


async def show_panel(
    interaction: discord.Interaction, chosen: Coroutine[Any, Any, Preferences]
) -> None:
    """Show the panel of the preferences that `chosen` returns, in place of the one before."""
    service, responder = services_of(interaction).preferences, Responder(interaction)
    locale = interaction.locale.value

    async def look_up() -> tuple[Preferences, Mapping[str, str], tuple[str, ...]]:
        preferences = await chosen
        options = await service.options(interaction.user.id)
        return preferences, options, await service.versions()

    preferences, options, versions = await responder.run(look_up(), ephemeral=True, updates=True)
    embed = settings_embeds.panel(preferences, options, locale)
    await responder.update_embed(embed, panel(preferences, versions, locale))


def panel(preferences: Preferences, versions: Sequence[str], locale: str) -> discord.ui.View:
    """The menus and buttons, with the present preferences selected."""
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
    # These two show what is chosen, so they are always green. Raw and Remix are green when on.
    toggles = (
        ("raw", "raw", preferences.raw),
        ("remix", "remix", preferences.remix),
        ("variability", preferences.variability, True),
        ("stealth", stealth, True),
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
