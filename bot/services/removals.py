"""Deletes the messages of jobs, and decides what of deleted jobs is still shown, and to whom.

Discord does not tell who deleted a message. If a member did not ask the bot to delete it, it must
have been somebody who manages messages; from then on only its member is shown the job. The bot asks
Discord whether a message is there when this matters, so deletions while it was away count too.
"""

import logging

from bot.delivery.messenger import TRANSIENT_ERRORS, CannotPost, MessageState, Messenger
from bot.errors import CannotDelete, OutOfReach
from bot.retry import until_stored
from storage import jobs, pictures, removals
from storage.database import Database
from storage.jobs import Job
from storage.models import RemovedBy
from storage.pictures import PictureNotRemoved, PictureStore
from storage.removals import Copy

log = logging.getLogger(__name__)

MAX_COPIES = 10
"""How many further messages of a job in a channel are checked, the latest first."""


class Removals:
    """Deletes messages of jobs. Refusals are `bot.errors.UserError`s."""

    def __init__(
        self, database: Database, picture_store: PictureStore, messenger: Messenger
    ) -> None:
        self._database = database
        self._picture_store = picture_store
        self._messenger = messenger

    async def delete(self, job: Job, member_id: int, place: Copy) -> None:
        """Delete a message that shows a job; `bot.policy.access` has checked that they may.

        A member's own job stays in their history, with its pictures. If a moderator deletes in the
        job's own channel, all messages of the job are deleted, and its pictures with their files;
        in other channels only the message. Raises OutOfReach, CannotDelete.
        """
        if job.member_id == member_id:
            await self._delete_own(job, place)
        elif place.channel_id == job.channel_id:
            await self._take_down(job, place)
        else:
            # Noted as a message that is deleted: the job is not shown again in this channel.
            await removals.add_copy(self._database, job.id, place)
            await self._delete_message(job, place)

    async def is_private(self, job: Job, channel_id: int) -> bool:
        """Whether only its member may see a job in this channel.

        This holds for stealth jobs, for jobs that a moderator deleted, and for jobs of which
        somebody deleted a message in this channel.
        """
        if job.stealth or job.removed_by is RemovedBy.MODERATOR:
            return True
        try:
            if await self._own_message_is_deleted(job):
                return True
            copies = await removals.copies(self._database, job.id, channel_id)
            for copy in copies[:MAX_COPIES]:
                if await self._is_deleted(copy.channel_id, copy.message_id):
                    return True
        except TRANSIENT_ERRORS:
            log.warning("Discord does not say whether a job's message is there.", exc_info=True)
            return True
        return False

    async def shown_again(self, job: Job, place: Copy) -> None:
        """Note a further message that shows a job to everybody."""
        await until_stored(lambda: removals.add_copy(self._database, job.id, place))

    async def _own_message_is_deleted(self, job: Job) -> bool:
        # The bot cannot look at messages with a token; in direct messages nobody else deletes.
        reachable = job.server_id is not None and job.reply_token is None
        if job.message_id is None or job.removed_by is not None or not reachable:
            return False
        if not await self._is_deleted(job.channel_id, job.message_id):
            return False
        await removals.note(self._database, job.id, job.message_id, RemovedBy.MODERATOR)
        # Its member may have had the bot delete it at this moment.
        newest = await jobs.get(self._database, job.id)
        return newest is None or newest.removed_by is RemovedBy.MODERATOR

    async def _is_deleted(self, channel_id: int, message_id: int) -> bool:
        """Whether a message was deleted; one that the bot may not look at counts as there."""
        state = await self._messenger.state_of(channel_id, message_id)
        return state is MessageState.DELETED

    async def _delete_own(self, job: Job, place: Copy) -> None:
        if place.message_id != job.message_id:
            await self._delete_message(job, place)
            await removals.forget_copy(self._database, place.message_id)
            return
        # Stored first: a deleted message with nothing stored counts as removed by a moderator.
        await removals.note(self._database, job.id, place.message_id, RemovedBy.MEMBER)
        try:
            await self._delete_message(job, place)
        except Exception:
            await until_stored(lambda: removals.take_back(self._database, job.id))
            raise

    async def _take_down(self, job: Job, place: Copy) -> None:
        # Noted first: from here on it is not shown to others, and not generated again.
        await removals.take_down(self._database, job.id)
        try:
            await self._picture_store.remove(await pictures.of_job(self._database, job.id))
        except PictureNotRemoved as error:
            raise CannotDelete(str(error)) from error
        await removals.forget_pictures(self._database, job.id)
        # What members were sent themselves is only deleted with everything else.
        shown = await removals.copies(self._database, job.id)
        others = {copy for copy in shown if not copy.direct}
        if job.message_id is not None:
            others.add(Copy(job.channel_id, job.message_id))
        for other in others - {place}:
            try:
                await self._delete_message(job, other)
            except OutOfReach:
                log.warning("A message of job %s could not be deleted.", job.id)
        await self._delete_message(job, place)

    async def _delete_message(self, job: Job, place: Copy) -> None:
        token = job.reply_token if place.message_id == job.message_id else None
        try:
            await self._messenger.delete(place.channel_id, place.message_id, token)
        except CannotPost as error:
            raise OutOfReach from error
