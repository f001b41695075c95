"""Whether members may ask for what they ask for, decided before anything is queued or spent.

Everything that queues a job asks here twice: who asks and where, before their prompt is read; and
what they ask for, when it is known.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.policy.actors import Requester
from bot.policy.places import Places
from bot.policy.verdicts import Verdict
from bot.services.admin.quotas import QuotaService
from bot.services.moderation.words import WordFilter
from storage.jobs import Job, NewJob
from storage.models import JobKind


class Authorization:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(self, places: Places, quotas: QuotaService, words: WordFilter) -> None:
        self._places = places
        self._quotas = quotas
        self._words = words

    async def check_requester(self, requester: Requester, job: Job | None = None) -> None:
        """Refuse somebody who may not use the bot here, or not this job of another place."""
        await self._places.check(requester, job)

    async def check_jobs(self, requester: Requester, new: Sequence[NewJob]) -> tuple[NewJob, ...]:
        """Refuse jobs that this member may not have; the others, with the verdict on each."""
        new = await self._words.check_jobs(requester.location, new)
        return await self._quotas.check_jobs(requester, new)

    async def check_prompt(self, requester: Requester, job: Job) -> None:
        """Refuse a follow-up of a job whose prompt is not allowed here any more."""
        await self._words.check(requester.location, job.prompt)


def with_verdict_of(parent: Job, new: NewJob) -> NewJob:
    """A follow-up with at least the verdict of the job that it comes from.

    A parent that a moderator has approved has the verdict to allow it.
    """
    if parent.verdict <= new.verdict:
        return new
    # What was refused has no picture; what is made from its prompt is looked at first.
    verdict = min(parent.verdict, Verdict.REVIEW)
    return replace(new, verdict=int(verdict), verdict_reason=parent.verdict_reason)


def as_approved(parent: Job, new: NewJob) -> NewJob:
    """A follow-up that only shows a picture which a moderator approved: approved too."""
    is_larger = new.kind is JobKind.ENLARGE and new.detail == "subtle"
    if parent.approved_by is None or not (new.kind is JobKind.UPSCALE or is_larger):
        return new
    return replace(
        new,
        verdict=parent.verdict,
        verdict_reason=parent.verdict_reason,
        approved_by=parent.approved_by,
    )
