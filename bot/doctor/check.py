"""What a check is, and what it can ask.

A new one is a class with `name`, `gather` and `judge`, texts `doctor-NAME` in `bot/i18n`, and its
place in `bot.doctor.examination.CHECKS`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from bot.config import Settings
from bot.doctor.discord_login import DiscordLogin
from bot.doctor.findings import Finding
from bot.engines.connections import ConnectedEngines
from bot.images.classifiers.classifier import PictureClassifier
from storage.database import Database

Facts = TypeVar("Facts")


class NotApplicable(Exception):
    """A check has nothing to look at here, or another one says why it cannot look."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What is examined. What only a running bot has is None for `darkroom doctor`.

    `server_id` is the only server to look at; None looks at all. `command_skew_s` is how many
    seconds after its own creation, by Discord's clock, the command came in by ours.
    """

    settings: Settings
    login: DiscordLogin
    engines: ConnectedEngines | None = None
    database: Database | None = None
    server_id: int | None = None
    command_skew_s: float | None = None
    classifier: PictureClassifier | None = None


class Check(ABC, Generic[Facts]):
    """Looks at one part of an installation."""

    name: ClassVar[str]
    """Its texts are `doctor-NAME`, and machines know it by this."""

    for_servers: ClassVar[bool] = False
    """Whether the admins of a server may see its findings, without their details."""

    @abstractmethod
    async def gather(self, installation: Installation) -> Facts:
        """Find out what is so. Changes nothing. Raises NotApplicable."""

    @abstractmethod
    def judge(self, facts: Facts) -> Iterable[Finding]:
        """Say what of it is right and what is wrong. Pure."""
