"""The buttons under a job's message. They carry only the job's id, so old ones work for ever."""

from typing import TYPE_CHECKING, Any

import discord

from bot.i18n.texts import say
from bot.messages.specs import MessageSpec
from bot.ui.dynamic_items import PersistentButton
from bot.ui.modals import (
    REMIX_ACTIONS,
    ask_for_cells,
    ask_for_prompt,
    followup_of,
    submit_followup,
    wants_remix,
)
from bot.ui.responses import actor, run_in_time, show_message

if TYPE_CHECKING:
    from bot.client import DarkroomBot

DIRECT_ACTIONS = ("upscale", "upscale_subtle", "upscale_creative", "redo_subtle", "redo_creative")
OTHER_ACTIONS = ("cancel", "like", "region", "raster", "zoom_custom")

ACTION_PATTERN = "|".join((*REMIX_ACTIONS, *DIRECT_ACTIONS, *OTHER_ACTIONS))


class JobButton(
    PersistentButton,
    template=r"job:(?P<job_id>[0-9a-f]{32}):"
    rf"(?P<action>{ACTION_PATTERN})(?::(?P<number>[1-9][0-9]?))?",
):
    """Any button under any message of ours, from its custom_id alone."""

    def __init__(self, item: discord.ui.Button[Any], said: dict[str, str]) -> None:
        super().__init__(item, said)
        self.job_id = said["job_id"]
        self.action = said["action"]
        self.number = int(said["number"]) if said["number"] else None

    async def act(self, interaction: "discord.Interaction[DarkroomBot]") -> None:
        match self.action:
            case "cancel":
                await self._cancel(interaction)
            case "like":
                await self._like(interaction)
            case "region":
                await ask_for_cells(interaction, self.job_id, 3, again=False)
            case "raster":
                await ask_for_cells(interaction, self.job_id, self.number or 3, again=True)
            case "zoom_custom":
                await self._ask(interaction)
            case action if action in REMIX_ACTIONS and await wants_remix(interaction):
                await self._ask(interaction)
            case _:
                await submit_followup(
                    interaction, followup_of(self.job_id, self.action, self.number)
                )

    async def _ask(self, interaction: "discord.Interaction[DarkroomBot]") -> None:
        await ask_for_prompt(interaction, self.custom_id, self.job_id, self.action)

    async def _like(self, interaction: "discord.Interaction[DarkroomBot]") -> None:
        name = interaction.user.name
        work = interaction.client.followups.like(actor(interaction), name, self.job_id)
        liked = await run_in_time(interaction, work, hidden=True)
        words = say("liked" if liked else "liked.not-any-more", interaction.locale.value)
        await show_message(interaction, MessageSpec(words), hidden=True)

    async def _cancel(self, interaction: "discord.Interaction[DarkroomBot]") -> None:
        work = interaction.client.generation.cancel(actor(interaction), self.job_id)
        await run_in_time(interaction, work, thinking=False)
        # The dispatcher changes the message itself, so nothing needs to be said beside it.
        if not interaction.response.is_done():
            await interaction.response.defer()
