"""Deletes a picture everywhere: all jobs that show it, with files, recipes and messages."""

from collections.abc import Sequence

from bot.errors import CannotDelete, JobNotFound, NotModerator
from bot.policy.access import Actor
from bot.services.moderation.events import MAX_TEXT_CHARS, ModerationLog
from bot.services.privacy.erasure import Erasure
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.models import JobKind
from storage.moderation.log import NewEntry
from storage.pictures import PictureNotRemoved


class Takedown:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(self, database: Database, erasure: Erasure, log: ModerationLog) -> None:
        self._database = database
        self._erasure = erasure
        self._log = log

    async def delete_everywhere(self, actor: Actor, job_id: str) -> int:
        """Delete a picture for a moderator; returns how many jobs showed it.

        Raises NotModerator, JobNotFound, CannotDelete.
        """
        if not actor.moderates:
            raise NotModerator
        job = await jobs.get(self._database, job_id)
        # Of other servers, nobody here learns anything.
        if job is None or job.server_id is None or job.server_id != actor.server_id:
            raise JobNotFound
        await self._log.note(
            NewEntry(
                job.server_id,
                "delete.everywhere",
                job.prompt[:MAX_TEXT_CHARS],
                actor.member_id,
                job.member_id,
                job.channel_id,
                job.id,
            )
        )
        return await self.erase(job)

    async def erase(self, job: Job) -> int:
        """Delete the jobs that show a job's pictures. Raises CannotDelete."""
        shown_by = await self._showing(job)
        count = 0
        # Somebody may press a button meanwhile; of an erased job nothing more is made.
        while shown_by:
            try:
                await self._erasure.erase_jobs(shown_by)
            except PictureNotRemoved as error:
                raise CannotDelete(str(error)) from error
            count += len(shown_by)
            shown_by = await self._below(shown_by)
        return count

    async def _showing(self, job: Job) -> list[str]:
        """The job whose picture it is, and all that only show it, or show it larger.

        Of a picture of a grid, all of the grid: its message shows the picture too.
        """
        while only_shows(job) and (parent := await jobs.parent_of(self._database, job)):
            job = parent
        return [job.id, *await self._below([job.id])]

    async def _below(self, job_ids: Sequence[str]) -> list[str]:
        """The jobs that only show pictures of these, or of one another."""
        found, below = [], [*job_ids]
        while below:
            for child in await jobs.children(self._database, below.pop()):
                if only_shows(child):
                    found.append(child.id)
                    below.append(child.id)
        return found


def only_shows(job: Job) -> bool:
    """Whether a job's picture is that of its parent."""
    is_larger = job.kind is JobKind.ENLARGE and job.detail == "subtle"
    return job.kind is JobKind.UPSCALE or is_larger
