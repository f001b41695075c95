"""The services of one bot, built once and handed to its commands, buttons and menus."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from bot.config import Settings
from bot.delivery.end_messages import EndMessages
from bot.delivery.job_publisher import JobPublisher
from bot.delivery.message_remover import MessageRemover
from bot.delivery.messenger import Messenger
from bot.delivery.picture_gate import PictureGate
from bot.delivery.picture_marks import PictureMarks
from bot.delivery.review_publisher import ReviewPublisher
from bot.doctor.server_doctor import ServerDoctor
from bot.duties import Duties
from bot.engines.connections import ConnectedEngines
from bot.engines.places import EnginePlaces
from bot.engines.pool import EnginePool
from bot.images.classifiers.choice import chosen_classifier
from bot.images.credentials import own_credentials, read_credentials
from bot.images.fetch import PictureFetcher
from bot.images.provenance import PictureMarker
from bot.images.turns import MemberTurns
from bot.leases import Leases
from bot.models.registry import ModelRegistry
from bot.policy.admission import Admission
from bot.policy.places import Places
from bot.policy.rate_limit import RateLimiter
from bot.policy.showing_places import ShowingPlaces
from bot.services.admin.access import AccessReader
from bot.services.admin.access_settings import AccessSettings
from bot.services.admin.authorization import Authorization
from bot.services.admin.blocking import BlockService
from bot.services.admin.defaults import DefaultsService
from bot.services.admin.quotas import QuotaService
from bot.services.admin.setup import SetupService
from bot.services.completion import PromptCompletion
from bot.services.describe import DescribeService
from bot.services.followup_jobs import FollowupJobs
from bot.services.followups import FollowupService
from bot.services.generation import GenerationService
from bot.services.job_builder import JobBuilder
from bot.services.job_history import JobHistory
from bot.services.later_followups import LaterFollowups
from bot.services.moderation.events import ModerationLog
from bot.services.moderation.held_back import HeldBackJobs
from bot.services.moderation.pictures import PictureFilter, StartPictureCheck
from bot.services.moderation.words import WordFilter
from bot.services.preferences import PreferenceService
from bot.services.privacy.erasure import Erasure
from bot.services.privacy.export import MemberExport
from bot.services.queue_worker import QueueWorker
from bot.services.removals import Removals
from bot.services.reviews.decisions import Decisions
from bot.services.reviews.requests import ReviewRequests
from bot.services.reviews.settings import ReviewSettings
from bot.services.reviews.takedown import Takedown
from bot.services.upkeep.disk_budget import DiskBudget
from bot.services.upkeep.retention import Retention
from storage.database import Database
from storage.pictures import PictureStore
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

    authorization: Authorization
    access_settings: AccessSettings
    blocks: BlockService
    generation: GenerationService
    followups: FollowupService
    history: JobHistory
    completion: PromptCompletion
    preferences: PreferenceService
    defaults: DefaultsService
    descriptions: DescribeService
    removals: Removals
    quotas: QuotaService
    words: WordFilter
    erasure: Erasure
    decisions: Decisions
    review_requests: ReviewRequests
    review_settings: ReviewSettings
    takedown: Takedown
    moderation_log: ModerationLog
    export: MemberExport
    message_remover: MessageRemover
    retention: Retention
    budget: DiskBudget
    places: Places
    rate_limiter: RateLimiter
    messenger: Messenger
    doctor: ServerDoctor
    setup: SetupService

    registry: ModelRegistry
    queue_worker: QueueWorker
    engine_places: EnginePlaces
    start_pictures: StartPictures
    fetcher: PictureFetcher
    marker: PictureMarker
    gate: PictureGate
    picture_filter: PictureFilter
    held_back: HeldBackJobs
    duties: Duties

    def background_loops(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """The loops that run until the bot stops, when they are cancelled.

        What is done for the whole database, one bot does.
        """
        shared = (
            self.start_pictures.keep_swept,
            self.erasure.keep_ending,
            self.decisions.keep_taking_up,
            self.message_remover.run,
            self.retention.keep_swept,
            self.held_back.keep_checking,
        )
        return (
            self.registry.keep_fresh(),
            self.queue_worker.run(),
            self.decisions.run(),
            self.budget.keep_measured(),
            self.duties.keep_renewing(),
            self.duties.do_shared_work(shared),
        )

    async def close(self) -> None:
        """Close the connections and threads that the services opened themselves."""
        await self.fetcher.close()
        await self.gate.close()
        await asyncio.to_thread(self.marker.close)


def build_services(
    settings: Settings,
    database: Database,
    picture_store: PictureStore,
    connected: ConnectedEngines,
    messenger: Messenger,
    places: Places,
    showing_places: ShowingPlaces,
) -> Services:
    """Build all services. `database` and the engines are open, and closed by the caller.

    Raises UnusableCertificate.
    """
    marker = picture_marker(settings)
    registry = _registry(settings, connected)
    engines = EnginePool(connected.engines, registry)
    rules = _rules(database, registry, connected, places, messenger)
    words, quotas, defaults = rules.words, rules.quotas, rules.defaults
    authorization, moderation_log = rules.authorization, rules.moderation_log
    marks = PictureMarks(database, picture_store, marker)
    classifier = chosen_classifier(settings.picture_filter, settings.picture_filter_key)
    gate = PictureGate(database, picture_store, classifier, showing_places, moderation_log.note)
    leases, duties = Leases(database), Duties(database)
    showing = _showing(database, picture_store, registry, messenger, marks, gate, leases, duties)
    publisher, review_publisher = showing.publisher, showing.review_publisher
    start_pictures = StartPictures(database, picture_store)
    followup_jobs = FollowupJobs(database, picture_store, registry, start_pictures)
    queue_worker = QueueWorker(
        database,
        picture_store,
        engines.places,
        registry,
        publisher,
        places,
        words,
        start_pictures,
        LaterFollowups(database, followup_jobs).complete,
        authorization.check_resolved,
        gate,
        leases,
    )
    fetcher = PictureFetcher(_cdn(settings), proxies=settings.proxies)
    budget = DiskBudget(settings.folders, picture_store, settings.data_budget_bytes)
    admission = Admission(database, budget.check)
    start_check = StartPictureCheck(gate, moderation_log)
    job_builder = JobBuilder(database, registry, engines, start_pictures, fetcher, start_check)
    generation = GenerationService(
        database,
        job_builder,
        admission,
        start_pictures,
        queue_worker,
        publisher,
        authorization,
        quotas,
        defaults,
    )
    turns = _turns()
    followups = FollowupService(
        database,
        followup_jobs,
        job_builder,
        generation,
        admission,
        start_pictures,
        publisher,
        marks,
        gate,
        authorization,
        quotas,
        defaults,
        turns,
    )
    removals = Removals(database, picture_store, messenger)
    remover = MessageRemover(database, messenger)
    erasure = Erasure(database, picture_store, start_pictures, queue_worker, remover, duties)
    takedown = Takedown(database, erasure, moderation_log)
    blocks = BlockService(database, queue_worker)
    decisions = Decisions(
        database, messenger, publisher, review_publisher, moderation_log, takedown, blocks, duties
    )
    history = JobHistory(
        database,
        picture_store,
        registry,
        publisher,
        messenger,
        removals,
        turns,
        engines.places,
        marks,
        gate,
    )
    picture_filter = PictureFilter(database, gate)
    return Services(
        authorization=authorization,
        access_settings=rules.access_settings,
        blocks=blocks,
        generation=generation,
        followups=followups,
        history=history,
        completion=PromptCompletion(database, registry, authorization),
        preferences=PreferenceService(database, registry),
        defaults=defaults,
        descriptions=DescribeService(engines, registry, fetcher, start_check),
        removals=removals,
        quotas=quotas,
        words=words,
        erasure=erasure,
        decisions=decisions,
        review_requests=ReviewRequests(
            database, review_publisher, moderation_log, words, authorization
        ),
        review_settings=ReviewSettings(database, review_publisher),
        takedown=takedown,
        moderation_log=moderation_log,
        export=MemberExport(database, picture_store, messenger, marks),
        message_remover=remover,
        retention=Retention(database, picture_store),
        budget=budget,
        places=places,
        rate_limiter=RateLimiter(),
        messenger=messenger,
        doctor=ServerDoctor(settings, database, connected, classifier),
        setup=SetupService(
            database, quotas, defaults, words, rules.access_settings, blocks, picture_filter
        ),
        registry=registry,
        queue_worker=queue_worker,
        engine_places=engines.places,
        start_pictures=start_pictures,
        fetcher=fetcher,
        marker=marker,
        gate=gate,
        picture_filter=picture_filter,
        held_back=HeldBackJobs(database, gate, publisher),
        duties=duties,
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What admins decided, and who asks for it."""

    words: WordFilter
    quotas: QuotaService
    defaults: DefaultsService
    access_settings: AccessSettings
    authorization: Authorization
    moderation_log: ModerationLog


def _rules(
    database: Database,
    registry: ModelRegistry,
    connected: ConnectedEngines,
    places: Places,
    messenger: Messenger,
) -> _Rules:
    models = connected.configuration.models
    audiences = {id: one.audience for id, one in models.items() if one.is_restricted}
    moderation_log = ModerationLog(database, messenger)
    words, quotas = WordFilter(database, moderation_log), QuotaService(database)
    reader = AccessReader(database, registry, audiences)
    return _Rules(
        words,
        quotas,
        DefaultsService(database, registry),
        AccessSettings(database, registry),
        Authorization(database, places, reader, words, quotas),
        moderation_log,
    )


@dataclass(frozen=True, slots=True)
class _Showing:
    """What posts pictures, and has moderators look at them."""

    review_publisher: ReviewPublisher
    publisher: JobPublisher


def _showing(
    database: Database,
    picture_store: PictureStore,
    registry: ModelRegistry,
    messenger: Messenger,
    marks: PictureMarks,
    gate: PictureGate,
    leases: Leases,
    duties: Duties,
) -> _Showing:
    end_messages = EndMessages(database, picture_store, registry, marks, gate)
    reviews = ReviewPublisher(database, messenger, end_messages, duties)
    publisher = JobPublisher(database, messenger, end_messages, marks, reviews, gate, leases)
    return _Showing(reviews, publisher)


def _registry(settings: Settings, connected: ConnectedEngines) -> ModelRegistry:
    configuration = connected.configuration
    return ModelRegistry(
        {one.name: one.engine for one in connected.engines},
        settings.models_file,
        settings.model,
        {**configuration.named_versions, **settings.named_versions},
        configuration.apply,
    )


def _turns() -> MemberTurns:
    """Showing pictures needs no place in the queue, yet a grid takes seconds of CPU time."""
    return MemberTurns(
        concurrency=MAX_CONCURRENT_SHOWINGS,
        most_waiting=MAX_WAITING_SHOWINGS,
        most_of_one=MAX_SHOWINGS_PER_MEMBER,
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
