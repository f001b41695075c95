"""The services of one bot, built once and handed to its commands, buttons and menus."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from bot.config import Settings
from bot.delivery.job_publisher import JobPublisher
from bot.delivery.messenger import Messenger
from bot.images.fetch import PictureFetcher
from bot.images.turns import MemberTurns
from bot.models.registry import ModelRegistry
from bot.policy.admission import Admission
from bot.policy.places import Places
from bot.policy.rate_limit import RateLimiter
from bot.services.completion import PromptCompletion
from bot.services.describe import DescribeService
from bot.services.followups import FollowupService
from bot.services.generation import GenerationService
from bot.services.job_builder import JobBuilder
from bot.services.job_history import JobHistory
from bot.services.preferences import PreferenceService
from bot.services.queue_worker import QueueWorker
from bot.services.removals import Removals
from diffusion.protocol.engine import Engine
from storage.database import Database
from storage.pictures import PictureFolder
from storage.start_pictures import StartPictures

MAX_CONCURRENT_SHOWINGS = 2
"""Members for whom stored pictures are put together and encoded at the same time."""

MAX_WAITING_SHOWINGS = 64
"""Requests of all members that are shown pictures or wait for it."""

MAX_SHOWINGS_PER_MEMBER = 4
"""Requests of one member that are shown pictures or wait for it."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the user interface calls, and what runs beside it."""

    generation: GenerationService
    followups: FollowupService
    history: JobHistory
    completion: PromptCompletion
    preferences: PreferenceService
    descriptions: DescribeService
    removals: Removals
    places: Places
    rate_limiter: RateLimiter

    registry: ModelRegistry
    queue_worker: QueueWorker
    start_pictures: StartPictures
    fetcher: PictureFetcher

    def background_loops(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """The loops that run until the bot stops, when they are cancelled."""
        return (
            self.registry.keep_fresh(),
            self.queue_worker.run(),
            self.start_pictures.keep_swept(),
        )

    async def close(self) -> None:
        """Close the connections that the services opened themselves."""
        await self.fetcher.close()


def build_services(
    settings: Settings,
    database: Database,
    folder: PictureFolder,
    inference: Engine,
    messenger: Messenger,
    places: Places,
) -> Services:
    """Build all services. `database` and `inference` are open, and closed by the caller."""
    registry = ModelRegistry(
        inference,
        settings.models_file,
        settings.model,
        settings.named_versions,
    )
    publisher = JobPublisher(database, folder, messenger, registry)
    queue_worker = QueueWorker(
        database,
        folder,
        inference,
        registry,
        publisher,
        places,
        settings.jobs_at_once,
    )
    fetcher = PictureFetcher(_cdn(settings))
    admission = Admission(database)
    start_pictures = StartPictures(database, folder)
    job_builder = JobBuilder(database, registry, inference, start_pictures, fetcher)
    generation = GenerationService(
        database,
        job_builder,
        admission,
        start_pictures,
        queue_worker,
        publisher,
        places,
    )
    # Showing pictures needs no place in the queue, yet a grid takes seconds of CPU time.
    turns = MemberTurns(
        concurrency=MAX_CONCURRENT_SHOWINGS,
        most_waiting=MAX_WAITING_SHOWINGS,
        most_of_one=MAX_SHOWINGS_PER_MEMBER,
    )
    followups = FollowupService(
        database,
        folder,
        registry,
        job_builder,
        generation,
        admission,
        start_pictures,
        publisher,
        places,
        turns,
    )
    removals = Removals(database, folder, messenger)
    history = JobHistory(
        database, registry, publisher, messenger, removals, turns, settings.jobs_at_once
    )
    return Services(
        generation=generation,
        followups=followups,
        history=history,
        completion=PromptCompletion(database, registry),
        preferences=PreferenceService(database, registry),
        descriptions=DescribeService(inference, registry, fetcher),
        removals=removals,
        places=places,
        rate_limiter=RateLimiter(),
        registry=registry,
        queue_worker=queue_worker,
        start_pictures=start_pictures,
        fetcher=fetcher,
    )


def _cdn(settings: Settings) -> str | None:
    """The address of the files of a stand-in for Discord; None for Discord itself."""
    return f"{settings.discord_url.rstrip('/')}/cdn" if settings.discord_url else None
