"""Buttons and select menus that keep working after a restart.

discord.py finds their class by their custom_id, which holds all that a press needs. So nothing has
to be remembered of the messages that were sent.
"""

import re
from typing import Any, Self, TypeVar

import discord

from bot.errors import NotOffered
from bot.ui.interactions import check_allowed
from bot.ui.responses import Responder
from bot.ui.typed_text import TypedText

Item = TypeVar("Item", bound=discord.ui.Item[Any])


class PersistentItem(discord.ui.DynamicItem[Item], template=""):
    """A button or a select menu. `groups` are the named groups of its custom_id's template."""

    def __init__(self, item: Item, groups: dict[str, str]) -> None:
        super().__init__(item)
        self.groups = groups

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(item, match.groupdict(""))  # type: ignore[arg-type]  # of the kind we sent

    async def callback(self, interaction: discord.Interaction) -> None:
        try:
            check_allowed(interaction)
            self._check_offered()
            await self.act(interaction)
        except Exception as error:
            await Responder(interaction).error(error, await self.typed(interaction))

    async def typed(self, interaction: discord.Interaction) -> TypedText | None:
        """What the member had typed that this press was to use; None if nothing."""
        return None

    def _check_offered(self) -> None:
        """Raises NotOffered for a choice that the menu, as it is shown, does not have.

        Discord's own clients send no other, but a modified one can.
        """
        if isinstance(menu := self.item, discord.ui.Select):
            offered = {option.value for option in menu.options}
            fits = menu.min_values <= len(menu.values) <= menu.max_values
            if not fits or not offered.issuperset(menu.values):
                raise NotOffered

    async def act(self, interaction: discord.Interaction) -> None:
        """Handle a press or a choice. Errors are shown to the member."""
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


def layout_of(*items: discord.ui.Item[Any], colour: int) -> discord.ui.LayoutView:
    """A message that is made of components alone, in one box with this colour at its edge."""
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(discord.ui.Container(*items, accent_colour=colour))
    # As in `view_of`.
    layout.stop()
    return layout
