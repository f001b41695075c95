"""The pages of `/models`, with buttons to turn them."""

from typing import Any

import discord

from bot.errors import NoModel
from bot.messages import model_cards
from bot.messages.model_cards import ModelsPage
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.interactions import services_of
from bot.ui.responses import Responder


class ModelPageButton(
    PersistentButton, template=r"models:(?P<number>[0-9]{1,6}):(?P<query>.{0,60})"
):
    """Shows another page of the models."""

    async def act(self, interaction: discord.Interaction) -> None:
        await show_models(interaction, self.groups["query"], int(self.groups["number"]))


async def show_models(interaction: discord.Interaction, query: str, number: int) -> None:
    """Show a page of the models, in place of the one before."""
    history, responder = services_of(interaction).history, Responder(interaction)

    async def look_up() -> ModelsPage:
        versions = await history.versions()
        if versions is None:
            raise NoModel
        return model_cards.models_page(versions, query, number)

    page = await responder.run(look_up(), ephemeral=True, updates=True)
    embed = model_cards.cards(page, history.engines(), interaction.locale.value)
    await responder.update_embed(embed, view_of(*_turns(page)))


def _turns(page: ModelsPage) -> list[discord.ui.Button[Any]]:
    """The buttons for the pages before and after this one."""
    return [
        discord.ui.Button(emoji=emoji, custom_id=":".join(("models", str(number), page.query)))
        for emoji, number in (("◀️", page.number - 1), ("▶️", page.number + 1))
        if 0 <= number < page.pages
    ]
