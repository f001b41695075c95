"""The buttons under a job's message. They carry only the job's id, so old ones work for ever."""

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.answers import asker, explain, in_time, show_jobs

if TYPE_CHECKING:
    from bot.bot import DarkroomBot


class JobButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"job:(?P<job_id>[0-9a-f]{32}):"
    r"(?P<action>upscale|vary|reroll|cancel)(?::(?P<index>[1-9][0-9]?))?",
):
    """Any button under any message of ours, from its custom_id alone."""

    def __init__(self, item: discord.ui.Button[Any], job_id: str, action: str, index: int) -> None:
        super().__init__(item)
        self.job_id = job_id
        self.action = action
        self.index = index

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "JobButton":
        assert isinstance(item, discord.ui.Button)
        # People count pictures from 1.
        return cls(item, match["job_id"], match["action"], int(match["index"] or 1) - 1)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            if self.action == "cancel":
                await self._cancel(interaction)
            else:
                await self._start(interaction)
        except Exception as error:
            await explain(interaction, error)

    async def _start(self, interaction: "discord.Interaction[DarkroomBot]") -> None:
        studio, who = interaction.client.studio, asker(interaction)
        match self.action:
            case "upscale":
                work = studio.upscale(who, self.job_id, self.index)
            case "vary":
                work = studio.vary(who, self.job_id, self.index)
            case _:
                work = studio.reroll(who, self.job_id)
        job = await in_time(interaction, work)
        await show_jobs(interaction, studio, [job])

    async def _cancel(self, interaction: "discord.Interaction[DarkroomBot]") -> None:
        may_moderate = interaction.permissions.manage_messages
        work = interaction.client.studio.cancel(interaction.user.id, may_moderate, self.job_id)
        await in_time(interaction, work, thinking=False)
        # The dispatcher changes the message itself, so nothing needs to be said beside it.
        if not interaction.response.is_done():
            await interaction.response.defer()
