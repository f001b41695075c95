"""Quotas: how much a member may have on a server, what they used, and what admins change.

What is drawn counts: grids, variations, enlargements and all else that needs the GPU for pictures.
A picture that is only shown by itself costs nothing, unless it is not kept any more and has to be
drawn again. In direct messages there are no roles, and no quota but the jobs at a time.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.errors import QuotaReached
from bot.policy.actors import Requester
from bot.policy.quotas import PRESETS, effective
from diffusion.protocol.requests import ImageRequest
from storage import servers
from storage.database import Database
from storage.jobs import NewJob
from storage.models import COPIED_KINDS
from storage.rules import quotas
from storage.rules.quotas import OverQuota, Quota, Usage
from storage.servers import ServerSettings


@dataclass(frozen=True, slots=True)
class ServerQuotas:
    """The quotas of a server's roles by their ids, and everybody's jobs at a time."""

    by_role: Mapping[int, Quota]
    jobs_per_member: int


class QuotaService:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, requester: Requester, settings: ServerSettings | None = None) -> Quota:
        """What this member may have where they ask; `settings` are the server's, if known."""
        return await self.of_member(requester.server_id, requester.roles, settings)

    async def of_member(
        self,
        server_id: int | None,
        roles: Collection[int],
        settings: ServerSettings | None = None,
    ) -> Quota:
        """What a member with these roles may have; without a server there are no roles."""
        if server_id is None:
            return Quota(jobs=ServerSettings(server_id=0).jobs_per_member, weight=1)
        there = await self.of_server(server_id, settings)
        return effective(there.by_role, server_id, roles, there.jobs_per_member)

    async def usage(self, server_id: int | None, member_id: int) -> Usage:
        """What a member has used there."""
        if server_id is None:
            return Usage(datetime.now(UTC))
        return await quotas.get_usage(self._database, server_id, member_id)

    async def check_requester(self, requester: Requester, quota: Quota, pictures: int = 1) -> None:
        """Refuse a member whose quota forbids so many pictures more. Raises QuotaReached.

        Before anything is spent; the queue counts again, for those who ask at once.
        """
        usage = await self.usage(requester.server_id, requester.member_id)
        try:
            quotas.check(quota, usage, pictures)
        except OverQuota as error:
            raise quota_reached(error) from error

    async def check_jobs(
        self, requester: Requester, new: Sequence[NewJob], quota: Quota | None = None
    ) -> tuple[NewJob, ...]:
        """The jobs with what they cost and how they wait; `quota` is the member's, if known.

        Raises QuotaReached.
        """
        quota = quota or await self.of(requester)
        counted = tuple(_counted(job, quota) for job in new)
        pictures = sum(job.counted_pictures for job in counted)
        if pictures:
            await self.check_requester(requester, quota, pictures)
        return counted

    # What admins change.

    async def of_server(
        self, server_id: int, settings: ServerSettings | None = None
    ) -> ServerQuotas:
        if settings is None:
            settings = await servers.get_settings(self._database, server_id)
        by_role = await quotas.get_quotas(self._database, server_id)
        return ServerQuotas(by_role, settings.jobs_per_member)

    async def change(self, server_id: int, role_id: int, changed: Quota) -> ServerQuotas:
        """Change what a role may have; None keeps a limit.

        The jobs at a time of @everyone are the server's setting of that name.
        """
        if role_id == server_id and changed.jobs is not None:
            jobs = changed.jobs
            await servers.change_settings(
                self._database, server_id, lambda now: replace(now, jobs_per_member=jobs)
            )
            changed = replace(changed, jobs=None)

        def merged(now: Quota) -> Quota:
            return Quota(
                changed.pictures or now.pictures,
                changed.gpu_seconds or now.gpu_seconds,
                now.jobs if changed.jobs is None else changed.jobs,
                now.cooldown_s if changed.cooldown_s is None else changed.cooldown_s,
                now.weight if changed.weight is None else changed.weight,
            )

        await quotas.change_quota(self._database, server_id, role_id, merged)
        return await self.of_server(server_id)

    async def clear(self, server_id: int, role_id: int) -> ServerQuotas:
        """Let a role say nothing any more."""
        await quotas.change_quota(self._database, server_id, role_id, lambda _: Quota())
        return await self.of_server(server_id)

    async def use_preset(self, server_id: int, name: str) -> ServerQuotas:
        """Give @everyone one of `PRESETS`; other roles keep what they have."""
        return await self.change(server_id, server_id, PRESETS[name])


def quota_reached(error: OverQuota) -> QuotaReached:
    """The refusal, for the member who asked for more than they may have."""
    return QuotaReached(
        error.what,
        error.period.value,
        used=error.used,
        wanted=error.wanted,
        limit=error.limit,
        renews_at=math.ceil(error.renews_at.timestamp()),
    )


def _counted(job: NewJob, quota: Quota) -> NewJob:
    if job.kind in COPIED_KINDS:
        return job
    pictures = len(ImageRequest.from_json(job.request).noises)
    weight = quota.weight or 1
    return replace(job, counted_pictures=pictures, weight=weight, at_a_time=quota.jobs)
