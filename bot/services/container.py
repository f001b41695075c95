"""The services of one bot, built once and handed to its commands, buttons and menus."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from bot.config import Settings
from bot.delivery.job_publisher import JobPublisher
from bot.delivery.messenger import Messenger
from bot.delivery.picture_marks import PictureMarks
from bot.doctor.server_doctor import ServerDoctor
from bot.engines.connections import ConnectedEngines
from bot.engines.places import EnginePlaces
from bot.engines.pool import EnginePool
from bot.images.credentials import own_credentials, read_credentials
from bot.images.fetch import PictureFetcher
from bot.images.provenance import PictureMarker
from bot.images.turns import MemberTurns
from bot.models.registry import ModelRegistry
from bot.policy.admission import Admission
from bot.policy.places import Places
from bot.policy.rate_limit import RateLimiter
from bot.services.admin.authorization import Authorization
from bot.services.admin.quotas import QuotaService
from bot.services.completion import PromptCompletion
from bot.services.describe import DescribeService
from bot.services.followups import FollowupService
from bot.services.generation import GenerationService
from bot.services.job_builder import JobBuilder
from bot.services.job_history import JobHistory
from bot.services.preferences import PreferenceService
from bot.services.queue_worker import QueueWorker
from bot.services.removals import Removals
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
    quotas: QuotaService
    places: Places
    rate_limiter: RateLimiter
    messenger: Messenger
    doctor: ServerDoctor

    registry: ModelRegistry
    queue_worker: QueueWorker
    engine_places: EnginePlaces
    start_pictures: StartPictures
    fetcher: PictureFetcher
    marker: PictureMarker

    def background_loops(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """The loops that run until the bot stops, when they are cancelled."""
        return (
            self.registry.keep_fresh(),
            self.queue_worker.run(),
            self.start_pictures.keep_swept(),
        )

    async def close(self) -> None:
        """Close the connections and threads that the services opened themselves."""
        await self.fetcher.close()
        await asyncio.to_thread(self.marker.close)


def build_services(
    settings: Settings,
    database: Database,
    folder: PictureFolder,
    connected: ConnectedEngines,
    messenger: Messenger,
    places: Places,
) -> Services:
    """Build all services. `database` and the engines are open, and closed by the caller.

    Raises UnusableCertificate.
    """
    configuration = connected.configuration
    marker = picture_marker(settings)
    marks = PictureMarks(database, folder, marker)
    registry = ModelRegistry(
        {one.name: one.engine for one in connected.engines},
        settings.models_file,
        settings.model,
        {**configuration.named_versions, **settings.named_versions},
        configuration.apply,
    )
    engines = EnginePool(connected.engines, registry)
    publisher = JobPublisher(database, folder, messenger, registry, marks)
    queue_worker = QueueWorker(
        database,
        folder,
        engines.places,
        registry,
        publisher,
        places,
    )
    fetcher = PictureFetcher(_cdn(settings))
    admission = Admission(database)
    quotas = QuotaService(database)
    authorization = Authorization(places, quotas)
    start_pictures = StartPictures(database, folder)
    job_builder = JobBuilder(database, registry, engines, start_pictures, fetcher)
    generation = GenerationService(
        database,
        job_builder,
        admission,
        start_pictures,
        queue_worker,
        publisher,
        authorization,
        quotas,
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
        marks,
        authorization,
        quotas,
        turns,
    )
    removals = Removals(database, folder, messenger)
    history = JobHistory(
        database, folder, registry, publisher, messenger, removals, turns, engines.places, marks
    )
    return Services(
        generation=generation,
        followups=followups,
        history=history,
        completion=PromptCompletion(database, registry),
        preferences=PreferenceService(database, registry),
        descriptions=DescribeService(engines, registry, fetcher),
        removals=removals,
        quotas=quotas,
        places=places,
        rate_limiter=RateLimiter(),
        messenger=messenger,
        doctor=ServerDoctor(settings, database, connected),
        registry=registry,
        queue_worker=queue_worker,
        engine_places=engines.places,
        start_pictures=start_pictures,
        fetcher=fetcher,
        marker=marker,
    )


def picture_marker(settings: Settings) -> PictureMarker:
    """Signs with the operator's certificate, or with a self-made one in the data folder.

    Raises UnusableCertificate.
    """
    if settings.c2pa_certificate and settings.c2pa_key:
        return PictureMarker(read_credentials(settings.c2pa_certificate, settings.c2pa_key))
    return PictureMarker(own_credentials(settings.own_c2pa_file))


def _cdn(settings: Settings) -> str | None:
    """The address of the files of a stand-in for Discord; None for Discord itself."""
    return f"{settings.discord_url.rstrip('/')}/cdn" if settings.discord_url else None
