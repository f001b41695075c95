"""The Discord client: builds the services, registers the commands, and receives the events."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands

from bot.config import Settings
from bot.delivery.messenger import Messenger
from bot.engines.connections import ConnectedEngines
from bot.errors import UserError
from bot.gateway import SessionStarts, ShardedBot
from bot.i18n.translator import Translator
from bot.invite import INTENTS, invite_link
from bot.observability.discord_traffic import http_trace
from bot.observability.gauges import BotFigures, EngineFigures
from bot.observability.job_changes import watch
from bot.policy.places import Places
from bot.policy.showing_places import ShowingPlaces
from bot.services.container import build_services
from bot.shard_duties import ShardDuties
from bot.ui.cogs.context_menus import JobMenus
from bot.ui.cogs.describe import DescribeCog
from bot.ui.cogs.history import HistoryCog
from bot.ui.cogs.imagine import ImagineCog
from bot.ui.cogs.info import InfoCog
from bot.ui.cogs.prefer import PreferCog
from bot.ui.cogs.privacy import PrivacyCog
from bot.ui.cogs.server import ServerCog
from bot.ui.cogs.settings import SettingsCog
from bot.ui.confirmations import ConfirmationButton
from bot.ui.edit_button import EditButton
from bot.ui.erasing import EraseButton
from bot.ui.greeting import greet, take_leave
from bot.ui.help_pages import TopicButton
from bot.ui.interactions import check_allowed
from bot.ui.job_buttons import JobButton
from bot.ui.modals import on_modal_submit
from bot.ui.model_pages import ModelPageButton
from bot.ui.pagination import KindSelect, PageButton, ShowAgainSelect
from bot.ui.reactions import Reactions
from bot.ui.region_select import CellSelect
from bot.ui.reports import on_report_submit
from bot.ui.responses import Responder
from bot.ui.review_buttons import AppealButton, DeleteEverywhereButton, ReviewButton
from bot.ui.server.defaults import DefaultsOfSelect, DefaultsSelect, ResetDefaultsButton
from bot.ui.server.doctor import ExamineAgainButton
from bot.ui.server.review import LogPageButton
from bot.ui.server.setup import (
    SetupButton,
    SetupChannelsSelect,
    SetupQuotaButton,
    SetupReviewSelect,
    SetupSelect,
)
from bot.ui.settings_panel import (
    ModelMenuButton,
    OldPanelButton,
    PanelButton,
    PanelSelect,
    ResetButton,
    ResetServerButton,
)
from bot.ui.suggestions import SuggestionButton
from storage.database import Database, StorageUnavailable
from storage.pictures import PictureStore

COGS = (
    HistoryCog,
    ImagineCog,
    InfoCog,
    PreferCog,
    PrivacyCog,
    ServerCog,
    SettingsCog,
    DescribeCog,
)

PRESSED = (
    JobButton,
    CellSelect,
    PanelSelect,
    ModelMenuButton,
    PanelButton,
    OldPanelButton,
    ResetButton,
    ResetServerButton,
    DefaultsSelect,
    DefaultsOfSelect,
    ResetDefaultsButton,
    TopicButton,
    ModelPageButton,
    PageButton,
    KindSelect,
    ShowAgainSelect,
    ConfirmationButton,
    EditButton,
    EraseButton,
    SuggestionButton,
    ExamineAgainButton,
    ReviewButton,
    AppealButton,
    DeleteEverywhereButton,
    LogPageButton,
    SetupButton,
    SetupQuotaButton,
    SetupSelect,
    SetupReviewSelect,
    SetupChannelsSelect,
)
"""The buttons and select menus, found by their custom_ids under messages of any age."""

log = logging.getLogger(__name__)

COMMANDS_INTERVAL_S = 30.0
"""Seconds between questions for the ids of commands that another process registers."""

REGISTER_RETRY_S = 5.0
"""Seconds between two tries to register the commands."""

STOP_TIMEOUT_S = 5.0
"""Seconds that the database has to take back shards when the bot stops."""


def point_at(stand_in: str) -> None:
    """Send all traffic to a stand-in for Discord, such as the playground, instead."""
    url = yarl.URL(stand_in)
    discord.http.Route.BASE = str(url / "api/v10")
    gateway = url.with_scheme("wss" if url.scheme == "https" else "ws") / "gateway"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway
    discord.asset.Asset.BASE = str(url / "cdn")


class _CommandTree(app_commands.CommandTree["DarkroomBot"]):
    async def interaction_check(self, interaction: discord.Interaction["DarkroomBot"], /) -> bool:
        """Refuse where the bot is switched off, with an explanation: clients remember commands."""
        try:
            check_allowed(interaction)
        except UserError as error:
            if interaction.type is discord.InteractionType.autocomplete:
                # A list of suggestions cannot show an error.
                await interaction.response.autocomplete([])
            else:
                await Responder(interaction).error(error)
            return False
        return True

    async def on_error(
        self,
        interaction: discord.Interaction["DarkroomBot"],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        await Responder(interaction).error(error)


class DarkroomBot(ShardedBot):
    """The bot, or those of its shards that `settings` give to this process.

    `database` and `engines` are open already; the caller closes them.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        picture_store: PictureStore,
        engines: ConnectedEngines,
    ) -> None:
        proxy, proxy_auth = _proxy_of(settings)
        shards = settings.shard_range
        super().__init__(
            # A shard waits for its turn for as long as it takes.
            shard_connect_timeout=None,
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=_CommandTree,
            intents=INTENTS,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True,
                dm_channel=settings.direct_messages,
                # In private channels there are only bots that users installed for themselves.
                private_channel=settings.user_installs,
            ),
            allowed_installs=app_commands.AppInstallationType(
                guild=True, user=settings.user_installs
            ),
            # Messages repeat what members typed; it must never ping anybody.
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            # Nothing waits for the list of servers, so being ready does not either.
            guild_ready_timeout=0,
            proxy=proxy,
            proxy_auth=proxy_auth,
            http_trace=http_trace(),
        )
        if shards is not None:
            self.shard_ids, self.shard_count = [*shards.ids], shards.count
        shares = shards is not None and not shards.is_all
        self.session_starts = SessionStarts(database if shares or database.is_shared else None)
        self.shard_duties = ShardDuties(database, settings.shards_file)
        self._launches, self._turns = {}, set()
        watch(database)
        places = Places(
            self,
            database,
            direct_messages=settings.direct_messages,
            user_installs=settings.user_installs,
            servers=settings.only_servers,
        )
        showing_places = ShowingPlaces(
            self, explicit_direct_messages=settings.explicit_direct_messages
        )
        self.services = build_services(
            settings, database, picture_store, engines, Messenger(self), places, showing_places
        )
        registry = self.services.registry
        self.figures = BotFigures(
            self,
            database,
            self._engine_figures,
            lambda: {one.id for one in registry.models},
            self.shard_states,
            self.standby_shards,
        )
        self._reactions = Reactions(self, self.services)
        self.command_ids: dict[str, int] = {}
        self._is_on_discord = settings.discord_url is None
        self._loops = set()
        self._leaving: set[int] = set()

    def _engine_figures(self) -> list[EngineFigures]:
        places = self.services.engine_places
        return [
            EngineFigures(name, one.is_away, one.running, one.jobs_at_once)
            for name, one in zip(places.names, places.statuses(), strict=True)
        ]

    async def setup_hook(self) -> None:
        self.bound_requests()
        await self.learn_session_limits()
        self.add_dynamic_items(*PRESSED)
        for cog in COGS:
            await self.add_cog(cog(self.services))
        for menu in JobMenus(self.services).commands():
            self.tree.add_command(menu)
        await self.tree.set_translator(Translator())
        if self.has_first_shard and not self.shard_duties.are_shared:
            self._remember_commands(await self.tree.sync())
        else:
            self.run_beside(self._learn_commands())
        if self._is_on_discord:
            assert self.application_id is not None, "it is known after the login"
            log.info("To add the bot to a server, open %s", invite_link(self.application_id))
        for loop in self.services.background_loops():
            self.run_beside(loop)

    def _remember_commands(self, there: Sequence[app_commands.AppCommand]) -> None:
        self.command_ids = {
            command.name: command.id
            for command in there
            if command.type is discord.AppCommandType.chat_input
        }

    async def take_first_shard(self) -> None:
        """Register the commands: a process that stands by does not, which may be a newer one."""
        while True:
            try:
                self._remember_commands(await self.tree.sync())
                return
            except (discord.HTTPException, aiohttp.ClientError, OSError):
                log.warning("Discord does not take the commands.", exc_info=True)
            await asyncio.sleep(REGISTER_RETRY_S)

    async def _learn_commands(self) -> None:
        """Ask for the ids of the commands until the process with the first shard has made them."""
        ours = {one.name for one in self.tree.get_commands(type=discord.AppCommandType.chat_input)}
        while not ours <= set(self.command_ids):
            try:
                self._remember_commands(await self.tree.fetch_commands())
            except (discord.HTTPException, aiohttp.ClientError, OSError):
                log.warning("Discord does not say which commands there are.", exc_info=True)
            await asyncio.sleep(COMMANDS_INTERVAL_S)

    async def on_ready(self) -> None:
        log.info("connected as %s", self.user)
        # Of servers whose news came before this, discord.py says no more than this.
        for guild in self.guilds:
            if not guild.unavailable:
                await self._leave_unserved(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        if self.services.places.serves(guild.id):
            await greet(self, self.services, guild, self.command_ids)
        await self._leave_unserved(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        await self._leave_unserved(guild)

    async def _leave_unserved(self, guild: discord.Guild) -> None:
        """Leave a server that the operator's list does not have."""
        if not self.services.places.serves(guild.id) and guild.id not in self._leaving:
            self._leaving.add(guild.id)
            try:
                await take_leave(guild)
            finally:
                self._leaving.discard(guild.id)

    async def on_interaction(self, interaction: discord.Interaction["DarkroomBot"]) -> None:
        await on_modal_submit(interaction)
        await on_report_submit(interaction)

    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        await self._reactions.handle(reaction)

    async def close(self) -> None:
        loops = tuple(self._loops)
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await super().close()
        # Only now, when Discord sends this process nothing any more.
        with contextlib.suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self.shard_duties.lay_down(self.shard_count or 1)
        self.shard_duties.close()
        await self.services.close()


def _proxy_of(settings: Settings) -> tuple[str | None, aiohttp.BasicAuth | None]:
    """The proxy for Discord, and its login apart: discord.py logs errors that hold the address."""
    proxy = settings.proxies.of_discord()
    if proxy is None:
        return None, None
    url = yarl.URL(proxy)
    if url.user is None and url.password is None:
        return proxy, None
    return str(url.with_user(None)), aiohttp.BasicAuth(url.user or "", url.password or "")
