"""A bot on hikari: looks around, registers a command, answers it with a file, edits the answer."""

import sys

import hikari

url = sys.argv[1]
# hikari reads the application's id from the token, so it has to look like one.
bot = hikari.GatewayBot(
    "MTIzNA.any.token",
    rest_url=f"{url}/api/v10",
    banner=None,
    logs="WARNING",
    suppress_optimization_warning=True,
)


@bot.listen()
async def start(event: hikari.GuildAvailableEvent) -> None:
    guild = event.guild
    channel = next(c for c in guild.get_channels().values() if c.name == "darkroom")
    assert await bot.rest.fetch_my_guilds()
    assert await bot.rest.fetch_roles(guild)
    assert await bot.rest.fetch_members(guild)
    await bot.rest.fetch_active_threads(guild)
    await bot.rest.fetch_public_archived_threads(channel.id)
    await bot.rest.fetch_pins(channel.id)
    await bot.rest.fetch_channel_webhooks(channel.id)
    await bot.rest.fetch_guild_webhooks(guild)
    application = await bot.rest.fetch_application()
    prompt = hikari.CommandOption(
        type=hikari.OptionType.STRING, name="prompt", description="What", is_required=True
    )
    draw = bot.rest.slash_command_builder("draw", "Draw").add_option(prompt)
    await bot.rest.set_application_commands(application.id, [draw])


@bot.listen()
async def answer(event: hikari.CommandInteractionCreateEvent) -> None:
    interaction = event.interaction
    assert interaction.options is not None
    words = str(interaction.options[0].value)
    await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "waiting")
    row = hikari.impl.MessageActionRowBuilder()
    row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "more", label="More")
    file = hikari.Bytes(b"bytes", "file.txt")
    await interaction.edit_initial_response(words, attachment=file, component=row)


@bot.listen()
async def press(event: hikari.ComponentInteractionCreateEvent) -> None:
    update = hikari.ResponseType.MESSAGE_UPDATE
    await event.interaction.create_initial_response(update, "more", components=[])


bot.run()
