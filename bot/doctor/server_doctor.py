"""The doctor of a running bot: what the admins of one server may know, a few at a time."""

import asyncio

import discord

from bot.config import Settings
from bot.doctor.check import Installation
from bot.doctor.discord_login import DiscordLogin
from bot.doctor.examination import CHECKS, examine
from bot.doctor.findings import Finding
from bot.engines.connections import ConnectedEngines
from bot.errors import TooFast
from bot.images.classifiers.classifier import PictureClassifier
from storage.database import Database

MAX_CONCURRENT = 2
"""Servers that are examined at the same time."""

MAX_WAITING = 20
"""Servers that are examined or wait for it."""

RETRY_AFTER_S = 10
"""Seconds after which to ask again where too many are waiting."""


class ServerDoctor:
    """Examines one server at a time for its admins, without what belongs to the operator."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        engines: ConnectedEngines,
        classifier: PictureClassifier | None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._engines = engines
        self._classifier = classifier
        self._places = asyncio.Semaphore(MAX_CONCURRENT)
        self._here: set[int] = set()

    async def examine(
        self, client: discord.Client, server_id: int, command_skew_s: float
    ) -> tuple[Finding, ...]:
        """Examine what concerns a server; see `Installation`.

        Raises TooFast while this server is being examined already, or too many others wait.
        """
        if server_id in self._here or len(self._here) >= MAX_WAITING:
            raise TooFast(RETRY_AFTER_S)
        self._here.add(server_id)
        installation = Installation(
            self._settings,
            DiscordLogin(None, client),
            self._engines,
            self._database,
            server_id,
            command_skew_s,
            self._classifier,
        )
        try:
            async with self._places:
                return await examine(installation, [one for one in CHECKS if one.for_servers])
        finally:
            self._here.discard(server_id)
