"""Follow-up jobs: turns a button press (vary, upscale, zoom, pan) into a queued job.

How each action becomes a job is in `bot.services.followup_jobs`.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.delivery.job_publisher import JobPublisher
from bot.delivery.picture_gate import PictureGate
from bot.delivery.picture_marks import PictureMarks
from bot.errors import OneFollowupOnly, PictureLost
from bot.images import outpaint
from bot.images.grid import PictureFile, fit
from bot.images.provenance import MAX_MARK_BYTES
from bot.images.turns import MemberTurns
from bot.messages.job_actions import JobAction
from bot.policy.access import Action, Actor
from bot.policy.actors import Requester
from bot.policy.admission import Admission
from bot.policy.picture_policy import ShowingPlace
from bot.policy.verdicts import Verdict
from bot.prompts.effective_settings import SettingsSources, queue_settings
from bot.prompts.recipe import to_edit
from bot.services.admin.authorization import Authorization, as_approved, with_verdict_of
from bot.services.admin.defaults import DefaultsService
from bot.services.admin.quotas import QuotaService
from bot.services.followup_jobs import FollowupJobs, FollowupRequest, FollowupSource
from bot.services.generation import GenerationService
from bot.services.job_builder import JobBuilder, with_visibility
from bot.services.later_followups import LaterFollowups
from bot.services.moderation.pictures import check_shown
from storage import jobs, members, pictures
from storage.database import Database
from storage.jobs import Job, NewJob
from storage.members import Preferences
from storage.models import JobKind
from storage.rules.quotas import Quota
from storage.servers import ServerSettings
from storage.start_pictures import StartPictures

MAX_POSTING_S = 60.0
"""Seconds after which a finished job without a message counts as one that could not be posted."""

__all__ = ["FollowupRequest", "FollowupService", "Made"]


@dataclass(frozen=True, slots=True)
class Made:
    """The job that a button led to.

    `new` is False if the job was there already: the same picture is not made twice.
    `is_linkable` is whether the job's message is known to be there.
    """

    job: Job
    new: bool = True
    is_linkable: bool = True


class FollowupService:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        followup_jobs: FollowupJobs,
        job_builder: JobBuilder,
        generation: GenerationService,
        admission: Admission,
        start_pictures: StartPictures,
        publisher: JobPublisher,
        marks: PictureMarks,
        gate: PictureGate,
        authorization: Authorization,
        quotas: QuotaService,
        defaults: DefaultsService,
        turns: MemberTurns,
    ) -> None:
        self._database = database
        self._admission = admission
        self._start_pictures = start_pictures
        self._jobs = followup_jobs
        self._later = LaterFollowups(database, followup_jobs)
        self._job_builder = job_builder
        self._generation = generation
        self._publisher = publisher
        self._marks = marks
        self._gate = gate
        self._authorization = authorization
        self._quotas = quotas
        self._defaults = defaults
        self._turns = turns

    async def submit(
        self,
        actor: Actor,
        requester: Requester,
        followup: FollowupRequest,
        member: Preferences | None = None,
    ) -> Made:
        """Queue the job that a button asks for, or find it if it exists already.

        `member` is what the requester prefers; None if it is still to be read.
        """
        job = await self._generation.job(Action.FOLLOW_UP, actor, followup.job_id)
        await self._authorization.check_requester(requester, job)
        # Showing one stored picture needs no GPU time, so no limit applies.
        shows = _only_shows(job, followup)
        async with self._database.reading_at_once():
            requester = await self._defaults.placed(requester)
            here = settings = await self._generation.server_settings(job.server_id)
            if requester.server_id != job.server_id:
                here = await self._generation.server_settings(requester.server_id)
            quota = await self._quotas.of(requester, here)
            if not shows:
                await self._quotas.check_requester(requester, quota)
            if member is None:
                member = await members.get_preferences(self._database, requester.member_id)
        limit = quota.jobs
        if requester.server_id != job.server_id and limit is not None:
            limit = min(limit, settings.jobs_per_member)
        async with self._start_pictures.holding():
            # Limits are checked first: refused work prepares and saves nothing.
            async with self._admission.place(requester.member_id, 1, None if shows else limit):
                new = await self._build(requester, job, followup, here, member)
                (new,) = await self._authorization.check_jobs(requester, [new], quota=quota)
                if shows and await self._is_expired(new):
                    # It has to be drawn again, unless it was: so it counts where it is queued.
                    new = replace(new, counted_pictures=1)
                new = as_approved(job, new)
            made = await self._queue(new, limit if new.counted_pictures else None, quota)
        if made.new:
            self._publisher.show_used(new.parent_id)
        return made

    async def like(self, actor: Actor, member_name: str, job_id: str) -> bool:
        """Mark a single picture, or take the mark away; returns whether it is marked now."""
        job = await self._generation.job(Action.LIKE, actor, job_id)
        picture = await self._jobs.picture(job, 0)
        return await members.toggle_favourite(
            self._database, actor.member_id, member_name, picture.id
        )

    async def with_numbers(
        self, actor: Actor, job_id: str, grid_size: int, most_bytes: int, place: ShowingPlace
    ) -> tuple[PictureFile, Verdict]:
        """The picture of a job with numbered cells, as a file of at most `most_bytes` bytes.

        Also how it is shown in `place`: as it is, or behind a spoiler. Raises PicturesBusy,
        PictureWithheld.
        """
        job = await self._generation.job(Action.FOLLOW_UP, actor, job_id)
        async with self._turns.turn(actor.member_id):
            ruling = check_shown(await self._gate.ruling(job, place))
            picture = await self._to_number(job)
            numbered = await asyncio.to_thread(outpaint.number_cells, picture, grid_size)
            file = await asyncio.to_thread(fit, numbered, most_bytes - MAX_MARK_BYTES)
            marked = await self._marks.mark(file, await self._marks.origin(job))
            return marked, ruling.verdict

    async def _to_number(self, job: Job) -> bytes:
        """The picture; one without anything on it where its file is gone."""
        stored = await self._jobs.picture(job, 0)
        try:
            return await self._jobs.read(stored)
        except PictureLost:
            return await asyncio.to_thread(outpaint.blank, stored.width, stored.height)

    async def _build(
        self,
        requester: Requester,
        job: Job,
        followup: FollowupRequest,
        here: ServerSettings,
        member: Preferences,
    ) -> NewJob:
        """The new job; `here` are the settings of the server where the button was pressed.

        What the old job's place decided is in its prompt already.
        """
        typed = await self._typed(requester, job, followup.prompt, here, member)
        if typed is None:
            await self._authorization.check_prompt(requester, job)
        new = await self._later.build(FollowupSource(requester, job, followup, typed, member))
        # Parameters in a modal override preferences; follow-ups of a stealth job are stealth.
        queue = typed or queue_settings(None, SettingsSources(member, defaults=requester.defaults))
        stealth = job.stealth or queue.stealth
        new = with_visibility(replace(new, mode=queue.mode), requester, stealth)
        return with_verdict_of(job, new)

    async def _is_expired(self, new: NewJob) -> bool:
        """Whether the picture that a job only shows is not kept any more."""
        assert new.parent_id is not None, "it is another job's picture"
        picture = await pictures.at(self._database, new.parent_id, new.parent_index or 0)
        return picture is not None and picture.expired_at is not None

    async def _queue(self, new: NewJob, limit: int | None, quota: Quota) -> Made:
        """Queue a job; one that always makes the same picture is queued only once."""
        is_random = new.kind is not JobKind.ENLARGE or new.detail != "subtle"
        if new.kind is not JobKind.UPSCALE and is_random:
            (job,) = await self._generation.queue([new], limit, quota)
            return Made(job)
        job, is_new = await self._generation.queue_unique(new, limit, quota)
        if is_new or job.state in jobs.UNFINISHED or _is_being_posted(job):
            return Made(job, is_new)
        shown = await self._publisher.is_shown(job)
        if shown is not False:
            return Made(job, new=False, is_linkable=bool(shown))
        # Its message is gone, so it is made again. If two members find that out at once, the
        # second gets the job of the first.
        return Made(*await self._generation.queue_unique(new, limit, quota, since=job))

    async def _typed(
        self,
        requester: Requester,
        job: Job,
        prompt: str | None,
        settings: ServerSettings,
        member: Preferences,
    ) -> NewJob | None:
        """The job of a new prompt, before it is a follow-up; None if the prompt was not changed."""
        if prompt is None or prompt.split() == to_edit(job.prompt).split():
            return None
        start = (await self._jobs.request_of(job)).start
        stored = None if start is None or start.mask is not None else start.image
        asked = await self._job_builder.read(
            requester,
            prompt,
            await self._job_builder.sources(requester, settings, member),
            has_picture=stored is not None,
            may_wait=job.is_unresolved,
        )
        # Nothing is fetched for a prompt that is refused.
        await self._authorization.check_jobs(requester, asked.jobs)
        # One picture has one follow-up.
        if len(asked.jobs) > 1:
            raise OneFollowupOnly(len(asked.jobs))
        return (await self._job_builder.with_pictures(requester, asked, stored))[0]


def _is_being_posted(job: Job) -> bool:
    """Whether a job has just been finished and its first message is on its way."""
    if job.message_id is not None or job.finished_at is None:
        return False
    return datetime.now(UTC) - job.finished_at < timedelta(seconds=MAX_POSTING_S)


def _only_shows(job: Job, followup: FollowupRequest) -> bool:
    """Whether nothing is generated: the follow-up only posts a stored picture."""
    if followup.action is JobAction.REROLL:
        return job.kind is JobKind.UPSCALE
    return followup.action is JobAction.UPSCALE
