"""`darkroom bot`: open the database and the connections, and run the Discord client."""

import asyncio
import os
import signal

import aiohttp
import discord

from bot.cli.errors import CannotStart, WrongSettings
from bot.cli.memory import keep_little_free_memory, keep_what_is_loaded
from bot.client import DarkroomBot, point_at
from bot.config import Settings
from bot.engines.configuration import read_configuration
from bot.engines.connections import open_engines
from bot.images.credentials import UnusableCertificate
from bot.observability.server import CannotListen, watched
from bot.picture_store import WrongPicturePlace, open_pictures
from diffusion.telemetry import traces
from storage.database import Database, files_of, migrate
from storage.permissions import close_files, close_folder


async def run_bot(settings: Settings) -> None:
    """Run the bot until SIGINT or SIGTERM.

    Raises CannotStart, StorageUnavailable, InvalidConfiguration.
    """
    keep_little_free_memory()
    if settings.discord_token is None:
        raise WrongSettings(
            "Set DISCORD_TOKEN to the bot's token, or run `darkroom` alone to play."
        )
    configuration = read_configuration(settings)
    if not configuration.engines:
        raise WrongSettings("Set INFERENCE_URL to an inference server, or run `darkroom` alone.")
    shards = settings.shard_range
    if shards is not None and not shards.is_all and files_of(settings.database):
        raise WrongSettings(
            f"Shards {settings.shards} leave others to other processes, and these can share only "
            "a Postgres database: set DATABASE_URL to it, or leave the shards away."
        )
    if settings.discord_url:
        point_at(settings.discord_url)
    os.environ.update(settings.for_traces)
    try:
        traces.set_up("darkroom-bot")
    except traces.TelemetryMissing as error:
        raise WrongSettings(str(error)) from error
    for one in settings.folders:
        close_folder(one)
    close_files(
        *(settings.models_file, settings.picture_folder, settings.own_c2pa_file),
        *files_of(settings.database),
    )
    await migrate(settings.database)
    database = Database(settings.database)
    try:
        pictures = open_pictures(settings)
        async with (
            open_engines(configuration) as engines,
            DarkroomBot(settings, database, pictures, engines) as bot,
            watched(bot.figures, settings.metrics_host, settings.metrics_port),
        ):
            await _connect(bot, settings.discord_token.get_secret_value())
    except CannotListen as error:
        raise CannotStart(str(error)) from error
    except (UnusableCertificate, WrongPicturePlace) as error:
        raise WrongSettings(str(error)) from error
    finally:
        await database.close()
        await asyncio.to_thread(traces.shut_down)


async def _connect(bot: DarkroomBot, token: str) -> None:
    connection = asyncio.create_task(_start(bot, token))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, connection.cancel)
    try:
        await connection
    except asyncio.CancelledError:
        pass
    except discord.LoginFailure as error:
        raise WrongSettings("Discord refused the token: check DISCORD_TOKEN.") from error
    except (discord.DiscordException, aiohttp.ClientError, OSError, ValueError) as error:
        raise CannotStart(f"Discord cannot be reached: {error}") from error


async def _start(bot: DarkroomBot, token: str) -> None:
    """As discord.py's own `start`."""
    await bot.login(token)
    keep_what_is_loaded()
    await bot.connect()
