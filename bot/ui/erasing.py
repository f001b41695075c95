"""The question before everything about a member is deleted, and its answer."""

from typing import Any

import discord

from bot.i18n.texts import say
from bot.messages import privacy_embeds
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.interactions import services_of
from bot.ui.responses import Responder


class EraseButton(PersistentButton, template=r"privacy:delete:(?P<answer>yes|no)"):
    """The answer to whether to delete everything. It is always about the member who presses."""

    async def act(self, interaction: discord.Interaction) -> None:
        responder, locale = Responder(interaction), interaction.locale.value
        if self.groups["answer"] == "no":
            await responder.update_embed(privacy_embeds.kept(locale))
            return
        work = services_of(interaction).erasure.erase_member(interaction.user.id)
        erased = await responder.run(work, ephemeral=True, updates=True)
        await responder.update_embed(privacy_embeds.erased(erased, locale))


async def ask_to_erase(interaction: discord.Interaction) -> None:
    """Say what would be deleted, and ask whether to delete it."""
    locale, responder = interaction.locale.value, Responder(interaction)
    work = services_of(interaction).erasure.stored(interaction.user.id)
    stored = await responder.run(work, ephemeral=True)
    styles = {"yes": discord.ButtonStyle.danger, "no": discord.ButtonStyle.secondary}
    buttons: list[discord.ui.Button[Any]] = [
        discord.ui.Button(
            style=style,
            label=say(f"erase-question.{answer}", locale),
            custom_id=f"privacy:delete:{answer}",
        )
        for answer, style in styles.items()
    ]
    await responder.send_embed(privacy_embeds.question(stored, locale), view_of(*buttons))
