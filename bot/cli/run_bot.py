"""`darkroom bot`: open the database and the connections, and run the Discord client."""

import asyncio
import signal

import aiohttp
import discord

from bot.cli.errors import CannotStart
from bot.client import DarkroomBot, point_at
from bot.config import Settings
from bot.engines.comfyui import ComfyUIEngine
from diffusion.protocol.client import InferenceClient
from storage.database import Database, files_of, migrate
from storage.permissions import close_files, close_folder
from storage.pictures import PictureFolder


class WrongSettings(CannotStart):
    """The settings are wrong, so a restart would not help."""


async def run_bot(settings: Settings) -> None:
    """Run the bot until SIGINT or SIGTERM. Raises CannotStart, or StorageUnavailable."""
    if settings.discord_token is None:
        raise WrongSettings(
            "Set DISCORD_TOKEN to the bot's token, or run `darkroom` alone to play."
        )
    if settings.inference_url is None:
        raise WrongSettings("Set INFERENCE_URL to an inference server, or run `darkroom` alone.")
    if settings.discord_url:
        point_at(settings.discord_url)
    close_folder(settings.data_folder)
    close_files(settings.models_file, settings.picture_folder, *files_of(settings.database))
    await migrate(settings.database)
    database = Database(settings.database)
    folder = PictureFolder(settings.picture_folder)
    try:
        async with (
            engine_of(settings) as inference,
            DarkroomBot(settings, database, folder, inference) as bot,
        ):
            await _connect(bot, settings.discord_token.get_secret_value())
    finally:
        await database.close()


def engine_of(settings: Settings) -> InferenceClient | ComfyUIEngine:
    """The engine at INFERENCE_URL: `comfyui+http://…` is a ComfyUI server."""
    assert settings.inference_url is not None
    kind, separator, address = settings.inference_url.partition("+")
    if separator and kind == "comfyui":
        return ComfyUIEngine(address, settings.api_key, workflows=settings.workflows)
    return InferenceClient(settings.inference_url, settings.api_key)


async def _connect(bot: DarkroomBot, token: str) -> None:
    connection = asyncio.create_task(bot.start(token))
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
