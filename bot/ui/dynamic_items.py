"""Buttons and menus that work for ever: found by their custom_id, however old their message is.

A custom_id says all that a press needs, so nothing has to be remembered of what was shown.
"""

import re
from typing import Any, Self, TypeVar

import discord

from bot.ui.responses import show_error

Item = TypeVar("Item", bound=discord.ui.Item[Any])


class PersistentItem(discord.ui.DynamicItem[Item], template=""):
    """What is pressed or chosen; `said` has the named groups of its custom_id."""

    def __init__(self, item: Item, said: dict[str, str]) -> None:
        super().__init__(item)
        self.said = said

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> Self:
        return cls(item, match.groupdict(""))  # type: ignore[arg-type]  # of the kind we sent

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            interaction.client.rate_limiter.count(interaction.user.id)
            interaction.client.places.check_open(interaction)
            await self.act(interaction)
        except Exception as error:
            await show_error(interaction, error)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """What comes of it; every error is explained to who pressed."""
        raise NotImplementedError


PersistentButton = PersistentItem[discord.ui.Button[Any]]
PersistentSelect = PersistentItem[discord.ui.Select[Any]]


def view_of(*items: discord.ui.Item[Any]) -> discord.ui.View:
    """The items under a message."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    # discord.py would keep each view to dispatch to; ours are found by their custom_id.
    view.stop()
    return view
