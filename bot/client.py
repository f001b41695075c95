"""The Discord client: puts the parts together when it logs in, and takes them apart again."""

import asyncio
import logging
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands

from bot.config import Settings
from bot.delivery.job_publisher import JobPublisher
from bot.delivery.messenger import Messenger
from bot.errors import UserError
from bot.i18n.translator import Translator
from bot.images.fetch import PictureFetcher
from bot.models.registry import ModelRegistry
from bot.policy.admission import Admission
from bot.policy.places import Places
from bot.policy.rate_limit import RateLimiter
from bot.services.describe import DescribeService
from bot.services.followups import FollowupService
from bot.services.generation import GenerationService
from bot.services.job_builder import JobBuilder
from bot.services.job_history import JobHistory
from bot.services.preferences import PreferenceService
from bot.services.queue_worker import QueueWorker
from bot.services.removals import Removals
from bot.ui.cogs.context_menus import context_menus
from bot.ui.cogs.describe import DescribeCog
from bot.ui.cogs.history import HistoryCog
from bot.ui.cogs.imagine import ImagineCog
from bot.ui.cogs.info import InfoCog
from bot.ui.cogs.prefer import PreferCog
from bot.ui.cogs.server import ServerCog
from bot.ui.cogs.settings import SettingsCog
from bot.ui.confirmations import ConfirmationButton
from bot.ui.job_buttons import JobButton
from bot.ui.modals import CellSelect, on_modal_submit
from bot.ui.pagination import PageButton, ShowAgainSelect, TopicButton
from bot.ui.reactions import react
from bot.ui.responses import show_error
from bot.ui.settings_panel import PanelButton, PanelSelect
from bot.ui.suggestions import SuggestionButton
from diffusion.protocol.client import InferenceClient
from storage.database import Database
from storage.pictures import PictureFolder
from storage.start_pictures import StartPictures

COGS = (HistoryCog, ImagineCog, InfoCog, PreferCog, ServerCog, SettingsCog, DescribeCog)

PRESSED = (
    JobButton,
    CellSelect,
    PanelSelect,
    PanelButton,
    TopicButton,
    PageButton,
    ShowAgainSelect,
    ConfirmationButton,
    SuggestionButton,
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
    async def interaction_check(self, interaction: discord.Interaction["DarkroomBot"], /) -> bool:
        """Answers in words where the bot is not to be used: clients may remember old commands."""
        suggests = interaction.type is discord.InteractionType.autocomplete
        try:
            # Suggestions come with every key that is typed.
            if not suggests:
                interaction.client.rate_limiter.count(interaction.user.id)
            interaction.client.places.check_open(interaction)
        except UserError as error:
            if suggests:
                await interaction.response.autocomplete([])
            else:
                await show_error(interaction, error)
            return False
        return True

    async def on_error(
        self,
        interaction: discord.Interaction["DarkroomBot"],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        await show_error(interaction, error)


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
                guild=True,
                dm_channel=settings.direct_messages,
                # Between others the bot is only where somebody brought it along.
                private_channel=settings.user_installs,
            ),
            allowed_installs=app_commands.AppInstallationType(
                guild=True, user=settings.user_installs
            ),
            # What members typed is shown again; it must never ping anybody.
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            # Nothing here needs the list of servers; waiting for it may outlast a short life.
            guild_ready_timeout=0,
        )
        self.rate_limiter = RateLimiter()
        messenger = Messenger(self)
        self._registry = ModelRegistry(
            inference,
            settings.models_file,
            settings.model,
            settings.named_versions,
        )
        self.places = Places(
            self,
            database,
            direct_messages=settings.direct_messages,
            user_installs=settings.user_installs,
        )
        publisher = JobPublisher(database, folder, messenger, self._registry)
        self._queue_worker = QueueWorker(
            database,
            folder,
            inference,
            self._registry,
            publisher,
            self.places,
            settings.jobs_at_once,
        )
        self._fetcher = PictureFetcher(_cdn(settings))
        admission = Admission(database)
        self._start_pictures = start_pictures = StartPictures(database, folder)
        job_builder = JobBuilder(database, self._registry, inference, start_pictures, self._fetcher)
        self.generation = GenerationService(
            database,
            job_builder,
            admission,
            start_pictures,
            self._queue_worker,
            publisher,
            self.places,
        )
        self.followups = FollowupService(
            database,
            folder,
            self._registry,
            job_builder,
            self.generation,
            admission,
            start_pictures,
            publisher,
            self.places,
        )
        self.descriptions = DescribeService(inference, self._registry, self._fetcher)
        self.preferences = PreferenceService(database, self._registry)
        self.removals = Removals(database, folder, messenger)
        self.history = JobHistory(
            database, self._registry, publisher, messenger, self.removals, settings.jobs_at_once
        )
        self._work: list[asyncio.Task[Any]] = []

    async def setup_hook(self) -> None:
        self.add_dynamic_items(*PRESSED)
        for cog in COGS:
            await self.add_cog(cog(self))
        for menu in context_menus():
            self.tree.add_command(menu)
        await self.tree.set_translator(Translator())
        await self.tree.sync()
        for work in (
            self._registry.keep_fresh(),
            self._queue_worker.run(),
            self._start_pictures.keep_swept(),
        ):
            task = asyncio.create_task(work)
            task.add_done_callback(_report_end)
            self._work.append(task)

    async def on_ready(self) -> None:
        log.info("connected as %s", self.user)

    async def on_interaction(self, interaction: discord.Interaction["DarkroomBot"]) -> None:
        await on_modal_submit(interaction)

    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        await react(self, reaction)

    async def close(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await super().close()
        await self._fetcher.close()


def _cdn(settings: Settings) -> str | None:
    """Where the files of a stand-in for Discord are; those of Discord itself are public."""
    return f"{settings.discord_url.rstrip('/')}/cdn" if settings.discord_url else None


def _report_end(task: asyncio.Task[Any]) -> None:
    """A loop that ends by itself has failed: say so and let the process be started again."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("The bot's work broke off.", exc_info=error)
        raise SystemExit(1) from error
