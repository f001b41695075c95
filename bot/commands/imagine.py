"""`/imagine`: a prompt becomes jobs."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import asker, in_time, show_jobs
from diffusion.protocol import MAX_PROMPT

if TYPE_CHECKING:
    from bot.bot import DarkroomBot


class Imagine(commands.Cog):
    """Drawing."""

    def __init__(self, bot: "DarkroomBot") -> None:
        self._bot = bot

    @app_commands.command(description="Draw four pictures of what you describe.")
    @app_commands.describe(prompt="What to draw, then parameters such as --ar 3:2 --seed 7")
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def imagine(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, MAX_PROMPT],
    ) -> None:
        jobs = await in_time(interaction, self._bot.studio.imagine(asker(interaction), prompt))
        await show_jobs(interaction, self._bot.studio, jobs)
