"""Queues jobs: from a prompt, or from what another service built. Also cancels and counts them.

Knows nothing of Discord's API.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from bot.delivery.job_publisher import JobPublisher
from bot.errors import (
    ConfirmationExpired,
    JobAlreadyEnded,
    JobNotFound,
    TooManyOpenJobs,
)
from bot.images.sanitize import UploadedFile
from bot.messages.job_messages import waiting, waiting_for_inference
from bot.messages.specs import MessageSpec
from bot.policy import blocks
from bot.policy.access import Action, Actor, check_draft, is_withheld
from bot.policy.actors import Requester
from bot.policy.admission import Admission
from bot.prompts.effective_settings import SettingsSources
from bot.retry import until_stored
from bot.services.admin.authorization import Authorization
from bot.services.admin.defaults import DefaultsService
from bot.services.admin.quotas import QuotaService, quota_reached
from bot.services.job_builder import BuiltJobs, JobBuilder, from_draft, to_draft
from bot.services.queue_worker import QueueWorker
from storage import drafts, jobs, servers, unique_jobs
from storage.database import Database
from storage.drafts import Draft
from storage.jobs import Job, NewJob, Totals
from storage.models import JobKind, JobState
from storage.rules.quotas import OverQuota, Quota, Usage
from storage.servers import ServerSettings
from storage.start_pictures import StartPictures, digests_in

MAX_UNCONFIRMED_JOBS = 3
"""How many jobs one prompt with `--repeat` may become without a confirmation."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's open jobs, the totals of all their jobs, and how many may be open at a time.

    `confirmed_limit` holds for several jobs that are confirmed together. `quota` is what they may
    have where they are, and `usage` what they have used of it.
    """

    open_jobs: tuple[Job, ...]
    totals: Totals
    limit: int
    confirmed_limit: int
    quota: Quota
    usage: Usage


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A prompt with more jobs than its member may start without confirming them.

    `limit` is how many jobs the member may otherwise have at a time.
    """

    draft_id: str
    prompts: tuple[str, ...]
    jobs: int
    limit: int


class GenerationService:
    """Each method is one thing that a member does. Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        job_builder: JobBuilder,
        admission: Admission,
        start_pictures: StartPictures,
        queue_worker: QueueWorker,
        publisher: JobPublisher,
        authorization: Authorization,
        quotas: QuotaService,
        defaults: DefaultsService,
    ) -> None:
        self._database = database
        self._job_builder = job_builder
        self._admission = admission
        self._start_pictures = start_pictures
        self._queue_worker = queue_worker
        self._publisher = publisher
        self._authorization = authorization
        self._quotas = quotas
        self._defaults = defaults

    async def imagine(
        self, requester: Requester, typed: str, images: Sequence[UploadedFile] = ()
    ) -> tuple[Job, ...] | Confirmation:
        """Queue a prompt: one job, or several where it says `--repeat`.

        `images` are files to start from, besides the pictures that the prompt links to. If the
        prompt stands for several prompts, or for more than a few jobs, nothing is queued: it is
        kept as a draft until its member confirms it.
        """
        await self._authorization.check_requester(requester)
        requester, sources, quota = await self._place(requester)
        asked = await self._job_builder.read(requester, typed, sources, images)
        asked = await self._authorized(requester, asked, quota)
        at_a_time = _at_a_time(quota)
        few = min(MAX_UNCONFIRMED_JOBS, at_a_time)
        needs_no_confirmation = len(asked.prompts) == 1 and len(asked.jobs) <= few
        limit = at_a_time if needs_no_confirmation else _max_jobs(sources.server, quota)
        if needs_no_confirmation and not asked.has_pictures:
            # Nothing has to be prepared, and the queue counts the member's jobs itself.
            self._admission.check_room()
            return await self.queue(asked.jobs, limit, quota)
        async with self._start_pictures.holding():
            # Nothing is fetched or kept for a prompt that is refused.
            async with self._admission.place(requester.member_id, len(asked.jobs), limit):
                new = await self._job_builder.with_pictures(requester, asked)
            if needs_no_confirmation:
                return await self.queue(new, limit, quota)
            await self._drop_pictures(await drafts.make_room(self._database, requester.member_id))
            draft_id = await drafts.keep(
                self._database, requester.member_id, to_draft(new, asked.repeat)
            )
        return Confirmation(draft_id, asked.prompts, len(new), at_a_time)

    async def imagine_all(self, requester: Requester, prompts: Sequence[str]) -> tuple[Job, ...]:
        """Queue several suggested prompts, all of them or none."""
        await self._authorization.check_requester(requester)
        requester, sources, quota = await self._place(requester)
        read = [await self._job_builder.read(requester, prompt, sources) for prompt in prompts]
        asked = [await self._authorized(requester, one, quota) for one in read]
        limit, wanted = _max_jobs(sources.server, quota), sum(len(one.jobs) for one in asked)
        async with self._start_pictures.holding():
            async with self._admission.place(requester.member_id, wanted, limit):
                new = [await self._job_builder.with_pictures(requester, one) for one in asked]
            return await self.queue([job for some in new for job in some], limit, quota)

    async def confirm(self, requester: Requester, draft_id: str) -> tuple[Job, ...]:
        """Queue the jobs of a draft. Raises ConfirmationExpired."""
        draft = check_draft(requester.member_id, await drafts.get(self._database, draft_id))
        await self._authorization.check_requester(requester)
        self._admission.check_room()
        requester, sources, quota = await self._place(requester)
        new = from_draft(requester, draft.content)
        repeat = draft.content.get("repeat", 1)
        new = await self._authorization.check_jobs(requester, new, quota=quota, repeat=repeat)
        return await self.queue(new, _max_jobs(sources.server, quota), quota, draft_id)

    async def decline(self, member_id: int, draft_id: str) -> None:
        """Delete a draft. Raises ConfirmationExpired."""
        draft = check_draft(member_id, await drafts.get(self._database, draft_id))
        await drafts.forget(self._database, draft_id)
        await self._drop_pictures([draft])

    async def cancel(self, actor: Actor, job_id: str) -> None:
        """Stop a job that is queued or running; only its owner and moderators may."""
        await self.job(Action.CANCEL, actor, job_id)
        if not await self._queue_worker.cancel(job_id):
            raise JobAlreadyEnded

    async def standing(
        self, member_id: int, server_id: int | None, roles: Collection[int] = ()
    ) -> Standing:
        async with self._database.reading_at_once():
            settings = await self.server_settings(server_id)
            quota = await self._quotas.of_member(server_id, roles, settings)
            return Standing(
                await jobs.open_jobs(self._database, member_id),
                await jobs.totals(self._database, member_id),
                _at_a_time(quota),
                _max_jobs(settings, quota),
                quota,
                await self._quotas.usage(server_id, member_id),
            )

    async def first_message(self, job: Job) -> tuple[MessageSpec, bool]:
        """The first message of a new job, and whether it shows the finished job.

        A job that only shows a stored picture is finished here. The others wait in the queue.
        """
        ended = await self._queue_worker.copy_at_once(job)
        # What moderators have to look at is shown as waiting, and then as all other ends.
        if ended is not None and not is_withheld(ended):
            message = await self._publisher.end_of(ended, ended.attachment_limit)
            return message, ended.state is JobState.DONE
        return await self._waiting_message(job), False

    async def _waiting_message(self, job: Job) -> MessageSpec:
        parent = await jobs.parent_of(self._database, job)
        asks = job.kind is not JobKind.UPSCALE and not job.is_unresolved
        if asks and self._queue_worker.waits_for_engine(job):
            return waiting_for_inference(job, parent)
        return waiting(job, parent)

    async def posted(
        self, job: Job, channel_id: int, message_id: int, *, is_finished: bool
    ) -> None:
        """Note the message of a job, which may start from now on unless it shows the end."""
        note = jobs.attach_end if is_finished else jobs.attach_message
        if not await until_stored(
            lambda: note(self._database, job.id, channel_id, message_id, seen=job)
        ):
            # It came so late that another bot has given the job a message.
            return
        if is_finished:
            self._publisher.shown_at_once(job)
            return
        self._queue_worker.wake()
        # Its button may have cancelled it before the message was noted.
        self._publisher.show_end(job.id)

    def post(self, some: Sequence[Job], *, may_be_there: bool = False) -> None:
        """Post the messages of jobs that have none yet, in their order, in the background.

        `may_be_there` is whether Discord may have taken one of them before.
        """
        self._publisher.post(some, self._queue_worker.wake, may_be_there=may_be_there)

    def holding(self, some: Sequence[Job]) -> AbstractContextManager[None]:
        """Keep new jobs from other bots while they are given their messages within the block."""
        return self._publisher.holding(some)

    async def server_settings(self, server_id: int | None) -> ServerSettings:
        """The settings of a server; the defaults for direct messages, which have no server."""
        if server_id is None:
            return ServerSettings(server_id=0)
        return await servers.get_settings(self._database, server_id)

    async def _place(self, requester: Requester) -> tuple[Requester, SettingsSources, Quota]:
        """The requester with the defaults of where they are, what else decides, and their quota."""
        async with self._database.reading_at_once():
            requester = await self._defaults.placed(requester)
            settings = await self.server_settings(requester.server_id)
            sources = await self._job_builder.sources(requester, settings)
            return requester, sources, await self._quotas.of(requester, settings)

    async def _authorized(self, requester: Requester, asked: BuiltJobs, quota: Quota) -> BuiltJobs:
        """The same jobs, with the verdict on each. Raises the refusal of one."""
        jobs = await self._authorization.check_jobs(
            requester, asked.jobs, quota=quota, repeat=asked.repeat, uploads=asked.has_uploads
        )
        return replace(asked, jobs=jobs)

    async def queue(
        self,
        new: Sequence[NewJob],
        limit: int | None,
        quota: Quota,
        draft_id: str | None = None,
    ) -> tuple[Job, ...]:
        """Queue all of these or none; `limit` is how many open jobs a member may have."""
        try:
            return await jobs.add(self._database, new, limit=limit, draft_id=draft_id, quota=quota)
        except OverQuota as error:
            raise quota_reached(error) from error
        except jobs.MemberBlocked as error:
            raise blocks.refusal(error.block) from error
        except jobs.TooManyJobs as error:
            raise TooManyOpenJobs(error.open, len(new), error.limit) from error
        except jobs.DraftGone as error:
            raise ConfirmationExpired from error
        except jobs.ParentGone as error:
            raise JobNotFound from error

    async def queue_unique(
        self, new: NewJob, limit: int | None, quota: Quota, since: Job | None = None
    ) -> tuple[Job, bool]:
        """Queue a job unless there is one like it; see `storage.unique_jobs`."""
        try:
            return await unique_jobs.add_unique(
                self._database, new, limit=limit, since=since, quota=quota
            )
        except OverQuota as error:
            raise quota_reached(error) from error
        except jobs.MemberBlocked as error:
            raise blocks.refusal(error.block) from error
        except jobs.TooManyJobs as error:
            raise TooManyOpenJobs(error.open, 1, error.limit) from error
        except jobs.ParentGone as error:
            raise JobNotFound from error

    async def _drop_pictures(self, gone: Sequence[Draft]) -> None:
        """Delete the pictures that were kept for deleted drafts."""
        for draft in gone:
            await self._start_pictures.drop(digests_in(draft.content))

    async def job(self, action: Action, actor: Actor, job_id: str) -> Job:
        """Load a job and check that a member may do this with it. Raises JobNotFound."""
        async with self._database.reading_at_once():
            job = await jobs.get(self._database, job_id)
            if job is None:
                raise JobNotFound
            await self.check(action, actor, job)
            return job

    async def check(self, action: Action, actor: Actor, job: Job) -> None:
        """Raise the refusal if this member may not do this with the job."""
        await self._authorization.check_action(action, actor, job)


def _at_a_time(quota: Quota) -> int:
    assert quota.jobs is not None, "every member has a limit of jobs"
    return quota.jobs


def _max_jobs(settings: ServerSettings, quota: Quota) -> int:
    """How many open jobs a member may have who asks for several at once.

    They all wait, and no more of them run than the member may have at a time.
    """
    return max(_at_a_time(quota), settings.permutations)
