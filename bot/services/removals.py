"""Taking the messages of jobs away: who may, what goes with them, and what stays away.

Discord does not tell who deleted a message. What is gone without its member having asked the bot
to delete it was deleted by somebody who manages messages, and is shown to its member alone after
that. The bot asks Discord when it matters, so what happened while it was away counts too.
"""

import logging

import aiohttp
import discord

from bot.delivery.messenger import CannotPost, Messenger
from bot.errors import CannotDelete, OutOfReach
from bot.retry import until_stored
from storage import jobs, pictures, removals
from storage.database import Database
from storage.jobs import Job
from storage.models import RemovedBy
from storage.pictures import PictureFolder, PictureNotRemoved
from storage.removals import Copy

log = logging.getLogger(__name__)

MAX_COPIES = 10
"""How many of a job's further messages in a channel are looked for, the latest."""

TRANSIENT_REMOVAL_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What happens where Discord does not say whether a message is there."""


class Removals:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(self, database: Database, folder: PictureFolder, messenger: Messenger) -> None:
        self._database = database
        self._folder = folder
        self._messenger = messenger

    async def delete(self, job: Job, member_id: int, place: Copy) -> None:
        """Take a message that shows a job away; `bot.policy.access` says who may.

        A member's own job stays in their history, with its pictures. Where another member, who
        moderates, deletes in the job's own channel, all of the job's messages go and its pictures
        with their files, elsewhere the message alone. Raises OutOfReach, CannotDelete.
        """
        if job.member_id == member_id:
            await self._delete_own(job, place)
        elif place.channel_id == job.channel_id:
            await self._take_down(job, place)
        else:
            # Known from now on, and gone: in this channel it is not shown again.
            await removals.add_copy(self._database, job.id, place)
            await self._delete_message(job, place)

    async def is_private(self, job: Job, channel_id: int) -> bool:
        """Whether a job may be shown in this channel to its member alone.

        So it is with what is stealth, and with what somebody other than its member deleted, or
        deleted in this channel.
        """
        if job.stealth or job.removed_by is RemovedBy.MODERATOR:
            return True
        try:
            if await self._own_message_is_deleted(job):
                return True
            copies = await removals.copies(self._database, job.id, channel_id)
            for copy in copies[:MAX_COPIES]:
                if await self._messenger.is_deleted(copy.channel_id, copy.message_id):
                    return True
        except TRANSIENT_REMOVAL_ERRORS:
            log.warning("Discord does not say whether a job's message is there.", exc_info=True)
            return True
        return False

    async def shown_again(self, job: Job, place: Copy) -> None:
        """Remember one more message that shows a job before others."""
        await until_stored(lambda: removals.add_copy(self._database, job.id, place))

    async def _own_message_is_deleted(self, job: Job) -> bool:
        # What goes by a token the bot cannot look at; in a conversation nobody else deletes.
        reachable = job.server_id is not None and job.reply_token is None
        if job.message_id is None or job.removed_by is not None or not reachable:
            return False
        if not await self._messenger.is_deleted(job.channel_id, job.message_id):
            return False
        await removals.note(self._database, job.id, job.message_id, RemovedBy.MODERATOR)
        # Its member may have had it deleted this very moment.
        newest = await jobs.get(self._database, job.id)
        return newest is None or newest.removed_by is RemovedBy.MODERATOR

    async def _delete_own(self, job: Job, place: Copy) -> None:
        if place.message_id != job.message_id:
            await self._delete_message(job, place)
            await removals.forget_copy(self._database, place.message_id)
            return
        # Before the message is gone, or whoever misses it first would blame a moderator.
        await removals.note(self._database, job.id, place.message_id, RemovedBy.MEMBER)
        try:
            await self._delete_message(job, place)
        except Exception:
            await until_stored(lambda: removals.take_back(self._database, job.id))
            raise

    async def _take_down(self, job: Job, place: Copy) -> None:
        # First of all: from here on nothing of it is shown before others, or drawn again.
        await removals.take_down(self._database, job.id)
        try:
            await self._folder.remove(await pictures.of_job(self._database, job.id))
        except PictureNotRemoved as error:
            raise CannotDelete(str(error)) from error
        await removals.forget_pictures(self._database, job.id)
        others = {*await removals.copies(self._database, job.id)}
        if job.message_id is not None:
            others.add(Copy(job.channel_id, job.message_id))
        for other in others - {place}:
            try:
                await self._delete_message(job, other)
            except OutOfReach:
                log.warning("A message of job %s could not be taken away.", job.id)
        await self._delete_message(job, place)

    async def _delete_message(self, job: Job, place: Copy) -> None:
        token = job.reply_token if place.message_id == job.message_id else None
        try:
            await self._messenger.delete(place.channel_id, place.message_id, token)
        except CannotPost as error:
            raise OutOfReach from error
