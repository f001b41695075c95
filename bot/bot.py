"""The Discord client: puts the parts together when it logs in, and takes them apart again."""

import asyncio
import logging
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands

from bot.answers import explain
from bot.archive import Archive
from bot.asking import Asking
from bot.board import Board
from bot.buttons import JobButton
from bot.catalogue import Catalogue
from bot.choices import Choices
from bot.commands.history import History
from bot.commands.imagine import Imagine
from bot.commands.info import Info
from bot.commands.message_menus import message_menus
from bot.commands.prefer import Prefer
from bot.commands.server import Server
from bot.commands.settings import Settings as SettingsCommand
from bot.commands.words import Words
from bot.config import Settings
from bot.confirmations import ConfirmationButton
from bot.dialogs import CellMenu, hear
from bot.dispatcher import Dispatcher
from bot.fetching import PictureFetcher
from bot.panel import PanelButton, PanelMenu
from bot.presenter import Presenter
from bot.proposals import ProposalButton
from bot.reactions import react
from bot.shelf import AgainMenu, PageButton, TopicButton
from bot.studio import Studio
from bot.translation import Translator
from bot.wording import Wording
from bot.workbench import Workbench
from diffusion.client import InferenceClient
from storage.database import Database
from storage.pictures import PictureFolder

COGS = (History, Imagine, Info, Prefer, Server, SettingsCommand, Words)

PRESSED = (
    JobButton,
    CellMenu,
    PanelMenu,
    PanelButton,
    TopicButton,
    PageButton,
    AgainMenu,
    ConfirmationButton,
    ProposalButton,
)
"""What can be pressed under messages of ours, however old: found by its custom_id."""

log = logging.getLogger(__name__)


def point_at(stand_in: str) -> None:
    """Send all traffic to a stand-in for Discord, such as the playground, instead."""
    url = yarl.URL(stand_in)
    discord.http.Route.BASE = str(url / "api/v10")
    gateway = url.with_scheme("wss" if url.scheme == "https" else "ws") / "gateway"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway
    discord.asset.Asset.BASE = str(url / "cdn")


class _Tree(app_commands.CommandTree["DarkroomBot"]):
    async def on_error(
        self,
        interaction: discord.Interaction["DarkroomBot"],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        await explain(interaction, error)


class DarkroomBot(commands.Bot):
    """The bot, connected. `database`, `folder` and `inference` are open, and closed by others."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        folder: PictureFolder,
        inference: InferenceClient,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=_Tree,
            intents=discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            # What members typed is shown again; it must never ping anybody.
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            # Nothing here needs the list of servers; waiting for it may outlast a short life.
            guild_ready_timeout=0,
        )
        board = Board(self)
        self._catalogue = Catalogue(
            inference,
            settings.models_file,
            settings.model,
            settings.named_versions,
        )
        presenter = Presenter(database, folder, board, self._catalogue)
        self._dispatcher = Dispatcher(
            database, folder, inference, self._catalogue, presenter, settings.jobs_at_once
        )
        fetcher = PictureFetcher(_cdn(settings))
        asking = Asking(database, self._catalogue, inference, folder, fetcher)
        self.studio = Studio(database, asking, self._dispatcher, presenter)
        self.workbench = Workbench(
            database, folder, self._catalogue, asking, self.studio, presenter
        )
        self.wording = Wording(inference, self._catalogue, fetcher)
        self.choices = Choices(database, self._catalogue)
        self.archive = Archive(database, self._catalogue, presenter, board, settings.jobs_at_once)
        self._work: list[asyncio.Task[Any]] = []

    async def setup_hook(self) -> None:
        self.add_dynamic_items(*PRESSED)
        for cog in COGS:
            await self.add_cog(cog(self))
        for menu in message_menus():
            self.tree.add_command(menu)
        await self.tree.set_translator(Translator())
        await self.tree.sync()
        for work in (self._catalogue.keep_fresh(), self._dispatcher.run()):
            task = asyncio.create_task(work)
            task.add_done_callback(_report_end)
            self._work.append(task)

    async def on_ready(self) -> None:
        log.info("connected as %s", self.user)

    async def on_interaction(self, interaction: discord.Interaction["DarkroomBot"]) -> None:
        await hear(interaction)

    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        await react(self, reaction)

    async def close(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await super().close()


def _cdn(settings: Settings) -> str | None:
    """Where the files of a stand-in for Discord are; those of Discord itself are public."""
    return f"{settings.discord_url.rstrip('/')}/cdn" if settings.discord_url else None


def _report_end(task: asyncio.Task[Any]) -> None:
    """A loop that ends by itself has failed: say so and let the process be started again."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("The bot's work broke off.", exc_info=error)
        raise SystemExit(1) from error
