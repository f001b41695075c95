"""Deletes a picture everywhere: all jobs that show it, with files, recipes and messages."""

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
        try:
            await self._erasure.erase_jobs(shown_by)
        except PictureNotRemoved as error:
            raise CannotDelete(str(error)) from error
        return len(shown_by)

    async def _showing(self, job: Job) -> list[str]:
        """The job whose picture it is, and all that only show it, or show it larger.

        Of a picture of a grid, all of the grid: its message shows the picture too.
        """
        while only_shows(job) and (parent := await jobs.parent_of(self._database, job)):
            job = parent
        found, below = [job.id], [job]
        while below:
            for child in await jobs.children(self._database, below.pop().id):
                if only_shows(child):
                    found.append(child.id)
                    below.append(child)
        return found


def only_shows(job: Job) -> bool:
    """Whether a job's picture is that of its parent."""
    is_larger = job.kind is JobKind.ENLARGE and job.detail == "subtle"
    return job.kind is JobKind.UPSCALE or is_larger
