"""Whether members may ask for what they ask for, decided before anything is queued or spent.

Everything that queues a job asks here twice: who asks and where, before their prompt is read; and
what they ask for, when it is known.
"""

from collections.abc import Sequence

from bot.policy.actors import Requester
from bot.policy.places import Places
from bot.services.admin.quotas import QuotaService
from storage.jobs import Job, NewJob


class Authorization:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(self, places: Places, quotas: QuotaService) -> None:
        self._places = places
        self._quotas = quotas

    async def check_requester(self, requester: Requester, job: Job | None = None) -> None:
        """Refuse somebody who may not use the bot here, or not this job of another place."""
        await self._places.check(requester, job)

    async def check_jobs(self, requester: Requester, new: Sequence[NewJob]) -> tuple[NewJob, ...]:
        """Refuse jobs that this member may not have; the others, with the verdict on each."""
        return await self._quotas.check_jobs(requester, new)
