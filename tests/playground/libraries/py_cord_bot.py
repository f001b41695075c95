"""A bot on py-cord: looks around, registers a command, answers it with a file, edits the answer."""

import io
import sys

import discord

url = sys.argv[1]
discord.http.Route.API_BASE_URL = f"{url}/api/v10"
discord.asset.Asset.BASE = f"{url}/cdn"
bot = discord.Bot(intents=discord.Intents.all())


class More(discord.ui.View):
    @discord.ui.button(label="More", custom_id="more")
    async def press(self, _: discord.ui.Button, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content="more", view=None)


@bot.event
async def on_guild_available(guild: discord.Guild) -> None:
    channel = discord.utils.get(guild.text_channels, name="darkroom")
    assert channel is not None
    assert await guild.fetch_roles()
    assert [member async for member in guild.fetch_members()]
    assert [each async for each in bot.fetch_guilds()]
    await guild.active_threads()
    assert not [thread async for thread in channel.archived_threads()]
    assert not [pin async for pin in channel.pins()]
    await channel.webhooks()
    await guild.webhooks()


@bot.slash_command(description="Draw")
async def draw(context: discord.ApplicationContext, prompt: str) -> None:
    await context.respond("waiting")
    file = discord.File(io.BytesIO(b"bytes"), "file.txt")
    await context.edit(content=prompt, file=file, view=More())


bot.run("any token")
