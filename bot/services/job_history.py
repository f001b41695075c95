"""Looks up jobs: finds, shows again, sends and searches what members made before.

The texts are made in `bot.messages.job_embeds`.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.delivery.end_publisher import MIN_ATTACHMENT_LIMIT_BYTES
from bot.delivery.job_publisher import JobPublisher
from bot.delivery.messenger import CannotPost, Messenger
from bot.delivery.picture_gate import PictureGate
from bot.delivery.picture_marks import PictureMarks
from bot.engines.places import EnginePlaces, EngineStatus
from bot.errors import (
    CannotWriteToYou,
    JobNotReady,
    NoHighlights,
    NoJobHere,
    NoModel,
    NothingYet,
    NotInItsServer,
    PicturesBusy,
    PictureWithheld,
    SearchTooLong,
    UnclearJob,
)
from bot.images.grid import PictureFile, compose_thumbnail
from bot.images.turns import MemberTurns
from bot.messages import job_actions, job_embeds
from bot.messages.job_embeds import (
    ALL_KINDS,
    FAVOURITES,
    HISTORY_KINDS,
    HistoryPage,
    QueuePosition,
)
from bot.messages.specs import MessageSpec
from bot.models.registry import ModelRegistry
from bot.models.versions import Versions
from bot.policy.access import is_withheld
from bot.policy.picture_policy import ShowingPlace
from bot.policy.verdicts import Verdict
from bot.prompts.recipe import Recipe, recipe_of
from bot.retry import until_stored
from bot.services.moderation.pictures import check_shown
from bot.services.removals import Removals
from diffusion.protocol.requests import ImageRequest
from storage import history, jobs, servers
from storage.database import Database
from storage.jobs import Job
from storage.models import JobState
from storage.pictures import (
    Picture,
    PictureMissing,
    PictureStore,
    PicturesUnavailable,
    of_job,
    retention,
)
from storage.removals import Copy

log = logging.getLogger(__name__)

JOBS_PER_PAGE = 5
PAGES_PER_PORTION = 1000
"""Numbers of pages for each portion of a member's jobs that a search looks at. It has fewer pages:
MAX_SEARCHED_JOBS, and in the first one MAX_FAVOURITES besides."""
MAX_SUGGESTIONS = 25
MAX_COMPLETION_CHARS = 100
"""Discord's limits for an autocomplete."""

MAX_ID = 2**63 - 1
"""The largest id that databases store; Discord's message ids are smaller."""


@dataclass(frozen=True, slots=True)
class JobDetails:
    """What a finished job was made with, the pictures that it became, and how to repeat it."""

    request: ImageRequest
    pictures: tuple[Picture, ...]
    recipe: Recipe | None


@dataclass(frozen=True, slots=True)
class JobThumbnail:
    """A small JPEG, and whether it is shown behind a spoiler."""

    encoded: bytes
    is_spoiler: bool = False


class JobHistory:
    """Answers questions about jobs. Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        picture_store: PictureStore,
        registry: ModelRegistry,
        publisher: JobPublisher,
        messenger: Messenger,
        removals: Removals,
        turns: MemberTurns,
        engines: EnginePlaces,
        marks: PictureMarks,
        gate: PictureGate,
    ) -> None:
        self._database = database
        self._picture_store = picture_store
        self._registry = registry
        self._publisher = publisher
        self._messenger = messenger
        self._removals = removals
        self._turns = turns
        self._engines = engines
        self._marks = marks
        self._gate = gate

    async def find(self, member_id: int, typed: str | None) -> Job:
        """Find a member's own job: their latest if nothing is typed.

        `typed` is the job's id or the beginning of it, the name of a picture's file, or the link to
        a message. Raises NothingYet, UnclearJob.
        """
        if typed is None:
            job = await history.latest(self._database, member_id)
            if job is None:
                raise NothingYet
            return job
        found: tuple[Job, ...] = ()
        link = re.search(r"/channels/[^/]+/[0-9]+/([0-9]{1,20})", typed)
        if link and int(link[1]) <= MAX_ID:
            job = await history.of_message(self._database, int(link[1]))
            found = (job,) if job and job.member_id == member_id else ()
        elif named := re.search(r"[0-9a-f]{32}", typed) or re.fullmatch(r"[0-9a-f]{8,31}", typed):
            found = await history.named(self._database, member_id, named[0])
        if len(found) != 1:
            raise UnclearJob(typed[:100])
        return found[0]

    async def latest(self, member_id: int, typed: str) -> Sequence[Job]:
        """A member's latest finished jobs with these words, or whose id begins with them.

        There are none for a text that is longer than an autocomplete.
        """
        if len(typed) > MAX_COMPLETION_CHARS:
            return ()
        if re.fullmatch(r"[0-9a-f]{8,32}", typed):
            return await history.named(self._database, member_id, typed)
        found = await history.search(
            self._database, member_id, typed.split(), offset=0, limit=MAX_SUGGESTIONS
        )
        return found.jobs

    async def details(self, job: Job) -> JobDetails:
        if job.is_unresolved:
            raise JobNotReady
        request, recipe = ImageRequest.from_json(job.request), None
        if versions := await self.versions():
            # In a thread: the line is read and resolved as a typed prompt is.
            recipe = await asyncio.to_thread(recipe_of, job.prompt, request, versions)
        return JobDetails(request, await of_job(self._database, job.id), recipe)

    async def again(
        self, job: Job, member_id: int, place: ShowingPlace, most_bytes: int
    ) -> MessageSpec:
        """The message of a finished job, with the jobs that it came from.

        `member_id` is who asks, and where they read it is `place`. Raises JobNotReady,
        PicturesBusy.
        """
        if job.state is not JobState.DONE:
            raise JobNotReady
        async with self._turns.turn(member_id):
            message = await self._publisher.end_of(job, most_bytes, place)
        line = (job, *await history.ancestors(self._database, job))
        if len(line) == 1:
            return message
        embed = job_embeds.ancestry(line, place.channel_id, job.locale)
        return replace(message, embeds=(*message.embeds, embed))

    async def send(self, job: Job, member_id: int, locale: str) -> None:
        """Send a member a job's pictures and its seed.

        Raises JobNotReady, PicturesBusy, PictureWithheld, CannotWriteToYou.
        """
        if job.state is not JobState.DONE:
            raise JobNotReady
        if is_withheld(job):
            raise PictureWithheld(job.verdict_reason or "")
        async with self._turns.turn(member_id):
            place = self._gate.places.direct_messages(job.channel_id)
            message = await self._shown(job, place)
        details = await self.details(job)
        embed = job_embeds.details(job, details.request, details.pictures, locale, details.recipe)
        try:
            posted = await self._messenger.post_to_member(
                member_id, replace(message, embeds=(*message.embeds, embed))
            )
        except CannotPost as error:
            raise CannotWriteToYou from error
        # So that it can be deleted with everything else that shows the picture.
        copy = Copy(posted.channel_id, posted.message_id, direct=True)
        await self._removals.shown_again(job, copy)

    async def shown_by(self, message_id: int, custom_ids: Sequence[str]) -> Job:
        """The job that a message shows, found by the message's id or by its buttons.

        Raises NoJobHere.
        """
        job = await history.of_message(self._database, message_id)
        if job is None:
            read = next(filter(None, map(job_actions.parse, custom_ids)), None)
            job = await jobs.get(self._database, read.job_id) if read else None
        if job is None:
            raise NoJobHere
        return job

    async def highlight(self, job: Job) -> None:
        """Post a job in its server's highlights channel, only once.

        Raises NoHighlights, NotInItsServer, JobNotReady, PictureWithheld.
        """
        if job.server_id is None or job.stealth:
            raise NotInItsServer
        if job.state is not JobState.DONE:
            raise JobNotReady
        if is_withheld(job):
            raise PictureWithheld(job.verdict_reason or "")
        settings = await servers.get_settings(self._database, job.server_id)
        if settings.highlights_channel is None:
            raise NoHighlights("no-channel")
        if await self._removals.is_private(job, settings.highlights_channel):
            raise NoHighlights("deleted")
        if not await jobs.highlight(self._database, job.id):
            return
        try:
            place = await self._gate.places.of_channel(job.server_id, settings.highlights_channel)
            message = await self._shown(job, place)
            posted = await self._messenger.post(settings.highlights_channel, message)
        except Exception as error:
            # The next star tries again.
            await until_stored(lambda: jobs.take_back_highlight(self._database, job.id))
            if not isinstance(error, CannotPost):
                raise
            log.warning("Cannot post in the highlights channel of server %s.", job.server_id)
            raise NoHighlights("no-permission") from error
        else:
            await self._removals.shown_again(job, Copy(posted.channel_id, posted.message_id))

    async def _shown(self, job: Job, place: ShowingPlace) -> MessageSpec:
        """The message of a finished job for another place. Raises PictureWithheld."""
        check_shown(await self._gate.ruling(job, place))
        return await self._publisher.end_of(job, MIN_ATTACHMENT_LIMIT_BYTES, place)

    async def search(
        self, member_id: int, query: str, number: int, kind: str = ALL_KINDS
    ) -> HistoryPage:
        """One page, counted from 0, of a member's jobs whose prompts have these words.

        `kind` is one of HISTORY_KINDS. Each portion of a member's jobs has PAGES_PER_PORTION
        numbers, as many as it can have pages: the pages of older ones come after. Raises
        SearchTooLong.
        """
        portion, number = divmod(number, PAGES_PER_PORTION)
        words, offset = query.split(), JOBS_PER_PAGE * number
        try:
            found = await history.search(
                self._database,
                member_id,
                words,
                offset=offset,
                limit=JOBS_PER_PAGE,
                kinds=HISTORY_KINDS[kind],
                favourites_only=kind == FAVOURITES,
                portion=portion,
            )
        except history.TooManyWords as error:
            raise SearchTooLong(history.MAX_SEARCH_WORDS, history.MAX_SEARCH_WORDS_CHARS) from error
        pages = -(-found.total // JOBS_PER_PAGE)
        return HistoryPage(query, number, pages, found, kind, portion * PAGES_PER_PORTION)

    async def thumbnails(
        self, member_id: int, found: Sequence[Job], place: ShowingPlace
    ) -> Mapping[str, JobThumbnail]:
        """A small signed JPEG of each job by its id, to be shown in `place`.

        There are none for jobs whose pictures are gone or not shown there, nor while too many other
        pictures are shown or what keeps them is away.
        """
        made: dict[str, JobThumbnail] = {}
        with contextlib.suppress(PicturesBusy, PicturesUnavailable):
            async with self._turns.turn(member_id):
                for job in found:
                    ruling = await self._gate.ruling(job, place)
                    if ruling.verdict >= Verdict.REVIEW:
                        continue
                    with contextlib.suppress(PictureMissing):
                        stored = await of_job(self._database, job.id)
                        pictures = [await self._picture_store.read(picture) for picture in stored]
                        if pictures:
                            encoded = await self._thumbnail(job, pictures)
                            is_spoiler = ruling.verdict is Verdict.SPOILER
                            made[job.id] = JobThumbnail(encoded, is_spoiler)
        return made

    async def expired(self, found: Sequence[Job]) -> frozenset[str]:
        """The ids of those jobs whose pictures are not kept any more."""
        return await retention.expired_jobs(self._database, [job.id for job in found])

    async def _thumbnail(self, job: Job, pictures: Sequence[bytes]) -> bytes:
        small = await asyncio.to_thread(compose_thumbnail, pictures)
        origin = await self._marks.origin(job)
        return (await self._marks.mark(PictureFile(small, "jpg"), origin)).encoded

    async def queue(self, member_id: int) -> QueuePosition:
        """The running and waiting jobs, and the figures to estimate when a job will begin."""
        return QueuePosition(
            await jobs.in_queue(
                self._database, first=job_embeds.MAX_LISTED_JOBS, of_member=member_id
            ),
            member_id,
            await history.run_seconds(self._database),
            self._engines.jobs_at_once,
            self.engines(),
        )

    def engines(self) -> tuple[EngineStatus, ...]:
        """How the engines stand."""
        return self._engines.statuses()

    async def versions(self) -> Versions | None:
        """The models by name; None if inference was never reached."""
        try:
            return await self._registry.versions()
        except NoModel:
            return None
