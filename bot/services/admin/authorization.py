"""Whether members may ask for what they ask for, decided before anything is queued or spent.

Everything that queues a job asks here twice: who asks and where, before their prompt is read; and
what they ask for, when it is known.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.policy import blocks
from bot.policy.access import Action, Actor, check_job
from bot.policy.actors import Requester
from bot.policy.channels import check_place
from bot.policy.places import Places
from bot.policy.verdicts import Verdict
from bot.services.admin.access import Access, AccessReader
from bot.services.admin.quotas import QuotaService
from bot.services.moderation.words import WordFilter
from storage import servers
from storage.database import Database
from storage.jobs import Job, NewJob
from storage.models import JobKind
from storage.rules import access
from storage.rules.blocks import find_block
from storage.rules.quotas import Quota
from storage.servers import ServerSettings


class Authorization:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        places: Places,
        reader: AccessReader,
        words: WordFilter,
        quotas: QuotaService,
    ) -> None:
        self._database = database
        self._places = places
        self._reader = reader
        self._words = words
        self._quotas = quotas

    async def check_requester(self, requester: Requester, job: Job | None = None) -> None:
        """Refuse somebody who may not use the bot here, or not this job of another place."""
        async with self._database.reading_at_once():
            await self._check_block(requester.member_id, requester.server_id, job)
            if requester.server_id is not None:
                check_place(await access.get_rules(self._database, requester.server_id), requester)
        # Outside of the block: it may ask Discord.
        await self._places.check(requester, job)

    async def check_jobs(
        self,
        requester: Requester,
        new: Sequence[NewJob],
        *,
        quota: Quota | None = None,
        repeat: int = 1,
        uploads: bool = False,
    ) -> tuple[NewJob, ...]:
        """Refuse jobs that this member may not have; the others, with the verdict on each.

        `quota` is what the member may have, if it is known. `repeat` is the largest `--repeat` of
        their prompt, `uploads` whether a file came with it.
        """
        async with self._database.reading_at_once():
            mine = await self.access_of(requester)
            # In a thread: their texts are parsed again.
            await asyncio.to_thread(mine.check_jobs, new, repeat=repeat, uploads=uploads)
            new = await self._words.check_jobs(requester.location, new)
            return await self._quotas.check_jobs(requester, new, quota)

    async def check_prompt(self, requester: Requester, job: Job) -> None:
        """Refuse a follow-up of a job whose prompt is not allowed here any more."""
        await self._words.check(requester.location, job.prompt)

    async def access_of(self, requester: Requester) -> Access:
        """What this member may ask for here."""
        return await self._reader.of(
            requester.member_id, requester.server_id, requester.roles, requester.defaults
        )

    async def check_resolved(self, job: Job) -> None:
        """The same for a job that waited for its model, with the roles of its member now."""
        roles: frozenset[int] | None = frozenset()
        if job.server_id is not None:
            roles = await self._places.roles_of(job.server_id, job.member_id)
        # As with memberships: while Discord does not say, nobody loses anything.
        if roles is not None:
            mine = await self._reader.of(job.member_id, job.server_id, roles)
            await asyncio.to_thread(mine.check_jobs, [job])

    async def check_action(self, action: Action, actor: Actor, job: Job) -> None:
        """Refuse what this member may not do with a job of theirs or of others."""
        settings = ServerSettings(server_id=0)
        button_roles: frozenset[int] = frozenset()
        async with self._database.reading_at_once():
            if job.server_id is not None:
                settings = await servers.get_settings(self._database, job.server_id)
                if settings.buttons_for == "roles":
                    rules = await access.get_rules(self._database, job.server_id)
                    button_roles = frozenset(rules.button_roles)
            check_job(action, actor, job, settings, button_roles)
            await self._check_block(actor.member_id, actor.server_id, job)

    async def _check_block(self, member_id: int, server_id: int | None, job: Job | None) -> None:
        """A block holds on its server, and for the jobs from there wherever they are shown."""
        there = {server_id, job.server_id if job else None} - {None}
        if there:
            now = datetime.now(UTC)
            block = await find_block(self._database, [*filter(None, there)], member_id, now)
            if block is not None:
                raise blocks.refusal(block)


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
