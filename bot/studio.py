"""What members can ask for, each one call: from words and button presses to jobs in the queue.

Knows the database and the catalogue of models, nothing of Discord's API.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.catalogue import Catalogue
from bot.descent import alone, reroll, vary
from bot.dispatcher import Dispatcher
from bot.errors import JobAlreadyEnded, JobNotFound, JobNotReady, NotYourJob, TooManyOpenJobs
from bot.messages import Message, waiting, waiting_for_inference
from bot.presenter import Presenter
from bot.prompt import clean, parse
from bot.resolve import defaults_of, resolve
from bot.retry import until_stored
from diffusion.protocol import SEEDS, ImageRequest
from storage import jobs, members, servers
from storage.database import Database
from storage.jobs import Job, NewJob, Totals
from storage.models import JobKind, JobMode, JobState
from storage.pictures import of_job
from storage.servers import ServerSettings


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where the answer goes.

    `attachment_limit` is in bytes; `locale` is the language of all who read the answer.
    """

    member_id: int
    member_name: str
    server_id: int | None
    channel_id: int
    attachment_limit: int
    locale: str = "en-US"


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's jobs: those now, all of them counted, and how many at a time are allowed."""

    open_jobs: tuple[Job, ...]
    totals: Totals
    limit: int


class Studio:
    """Every method is one thing a member does; refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        dispatcher: Dispatcher,
        presenter: Presenter,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._presenter = presenter

    async def imagine(self, asker: Asker, typed: str) -> tuple[Job, ...]:
        """Queue a prompt: one job, or several where it says `--repeat`."""
        prompt = parse(typed)
        settings = await self.server_settings(asker.server_id)
        member = await members.get_preferences(self._database, asker.member_id)
        model = (await self._catalogue.versions()).choose(prompt, member.model)
        requests = resolve(prompt, model, defaults_of(settings, member), _new_seed())
        stealth = member.stealth if prompt.stealth is None else prompt.stealth
        mode = JobMode(prompt.mode or member.mode)
        new = [
            replace(
                _new_job(asker, JobKind.IMAGINE, clean(typed), request), mode=mode, stealth=stealth
            )
            for request in requests
        ]
        return await self._queue(new, settings)

    async def vary(self, asker: Asker, job_id: str, index: int) -> Job:
        """Four pictures close to picture `index` (from 0) of a job."""
        parent, request = await self._finished(job_id, index)
        return await self._descend(
            asker, parent, JobKind.VARY, vary(request, index, _new_seed()), index
        )

    async def upscale(self, asker: Asker, job_id: str, index: int) -> Job:
        """Picture `index` (from 0) of a job by itself at full size."""
        parent, request = await self._finished(job_id, index)
        return await self._descend(asker, parent, JobKind.UPSCALE, alone(request, index), index)

    async def reroll(self, asker: Asker, job_id: str) -> Job:
        """The same as a job, with new noise; also after a job that failed."""
        parent = await self._job(job_id)
        request = ImageRequest.from_json(parent.request)
        if parent.kind is JobKind.UPSCALE:
            # One picture by itself has no chance in it: what failed is tried again as it was.
            origin = await jobs.parent_of(self._database, parent) or parent
            return await self._descend(asker, origin, JobKind.UPSCALE, request, parent.parent_index)
        request = reroll(request, _new_seed())
        return await self._descend(asker, parent, JobKind.REROLL, request, None)

    async def cancel(self, member_id: int, may_moderate: bool, job_id: str) -> None:
        """Stop a job that is queued or running; only its owner and moderators may."""
        job = await self._job(job_id)
        if job.member_id != member_id and not may_moderate:
            raise NotYourJob
        if not await self._dispatcher.cancel(job_id):
            raise JobAlreadyEnded

    async def standing(self, member_id: int, server_id: int | None) -> Standing:
        return Standing(
            await jobs.open_jobs(self._database, member_id),
            await jobs.totals(self._database, member_id),
            (await self.server_settings(server_id)).jobs_per_member,
        )

    async def first_message(self, job: Job) -> Message:
        """What is shown of a job before it is begun."""
        parent = await jobs.parent_of(self._database, job)
        if self._dispatcher.waits_for_inference:
            return waiting_for_inference(job, parent)
        return waiting(job, parent)

    async def posted(self, job: Job, channel_id: int, message_id: int) -> None:
        """The job has its message, and may start."""
        await until_stored(
            lambda: jobs.attach_message(self._database, job.id, channel_id, message_id)
        )
        self._dispatcher.wake()
        # It may have been cancelled by its button before the message was known.
        self._presenter.show_end(job.id)

    def post(self, job: Job) -> None:
        """The job has no message yet: post one, beside all else."""
        self._presenter.post(job.id, self._dispatcher.wake)

    async def server_settings(self, server_id: int | None) -> ServerSettings:
        """A conversation with the bot alone, without a server, has the plain settings."""
        if server_id is None:
            return ServerSettings(server_id=0)
        return await servers.get_settings(self._database, server_id)

    # Shared steps.

    async def _queue(self, new: Sequence[NewJob], settings: ServerSettings) -> tuple[Job, ...]:
        try:
            return await jobs.add(self._database, new, limit=settings.jobs_per_member)
        except jobs.TooManyJobs as error:
            raise TooManyOpenJobs(error.open, len(new), error.limit) from error

    async def _descend(
        self, asker: Asker, parent: Job, kind: JobKind, request: ImageRequest, index: int | None
    ) -> Job:
        new = _new_job(asker, kind, parent.prompt, request)
        new = replace(new, parent_id=parent.id, parent_index=index)
        (job,) = await self._queue([new], await self.server_settings(asker.server_id))
        return job

    async def _job(self, job_id: str) -> Job:
        job = await jobs.get(self._database, job_id)
        if job is None:
            raise JobNotFound
        return job

    async def _finished(self, job_id: str, index: int) -> tuple[Job, ImageRequest]:
        job = await self._job(job_id)
        pictures = await of_job(self._database, job_id)
        if job.state is not JobState.DONE or not any(p.index == index for p in pictures):
            raise JobNotReady
        return job, ImageRequest.from_json(job.request)


def _new_seed() -> int:
    return secrets.randbelow(SEEDS)


def _new_job(asker: Asker, kind: JobKind, prompt: str, request: ImageRequest) -> NewJob:
    return NewJob(
        kind=kind,
        prompt=prompt,
        request=request.to_json(),
        member_id=asker.member_id,
        member_name=asker.member_name,
        channel_id=asker.channel_id,
        server_id=asker.server_id,
        attachment_limit=asker.attachment_limit,
        locale=asker.locale,
    )
