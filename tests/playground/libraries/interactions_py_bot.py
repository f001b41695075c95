"""A bot on interactions.py: looks around, registers a command, answers it with a file, edits it."""

import io
import sys

import interactions
from interactions.api.events import Startup
from interactions.api.http.route import Route

url = sys.argv[1]
Route.BASE = f"{url}/api/v10"
# With every intent it asks for all members of a server before it is ready.
bot = interactions.Client(intents=interactions.Intents.ALL, send_command_tracebacks=False)


@interactions.listen(Startup)
async def start() -> None:
    (guild,) = bot.guilds
    channel = next(each for each in guild.channels if each.name == "darkroom")
    await guild.fetch_active_threads()
    await guild.fetch_all_webhooks()
    await channel.fetch_all_threads()
    await channel.fetch_pinned_messages()
    await channel.fetch_webhooks()
    assert await guild.fetch_role(guild.id, force=True)


@interactions.slash_command("draw", description="Draw")
@interactions.slash_option("prompt", "What", interactions.OptionType.STRING, required=True)
async def draw(context: interactions.SlashContext, prompt: str) -> None:
    await context.send("waiting")
    style = interactions.ButtonStyle.PRIMARY
    button = interactions.Button(style=style, label="More", custom_id="more")
    file = interactions.File(io.BytesIO(b"bytes"), "file.txt")
    await context.edit(content=prompt, files=[file], components=[button])


@interactions.component_callback("more")
async def press(context: interactions.ComponentContext) -> None:
    await context.edit_origin(content="more", components=[])


bot.start("any token")
