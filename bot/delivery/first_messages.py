"""The first message of a job where the answer to its member was not one that is known of.

Discord may have taken that answer, or a message that was posted later, at the very moment at which
the bot died or the connection was lost. A job that may have such a message is searched for in its
channel before it gets another.
"""

from datetime import timedelta

from bot.delivery.messenger import CannotPost, Messenger, PostedMessage
from bot.messages import job_actions
from bot.messages.specs import MessageSpec
from storage import removals
from storage.database import Database
from storage.jobs import Job

CLOCK_TOLERANCE_S = 60.0
"""Seconds by which our clock and Discord's may differ."""


class FirstMessages:
    """Posts first messages, each once. All methods may raise TRANSIENT_ERRORS."""

    def __init__(self, database: Database, messenger: Messenger) -> None:
        self._database = database
        self._messenger = messenger
        self._begun: set[str] = set()
        """The jobs whose message was posted by this process, as far as it knows in vain."""

    async def post(
        self, job: Job, message: MessageSpec, *, may_be_there: bool = False
    ) -> PostedMessage:
        """Post a job's first message, unless it `may_be_there` already and is found.

        May be called again. Raises CannotPost, StorageUnavailable.
        """
        may_be_there = may_be_there or job.id in self._begun
        self._begun.add(job.id)
        try:
            posted = await self.find(job) if may_be_there else None
            if posted is None:
                posted = await self._messenger.post(
                    job.channel_id, message, job.reply_token, hidden=job.hidden, nonce=_nonce(job)
                )
        except CannotPost:
            self._begun.discard(job.id)
            raise
        self._begun.discard(job.id)
        return posted

    async def find(self, job: Job) -> PostedMessage | None:
        """The message that shows a job, which Discord has and the database does not know.

        None if there is none, or if the bot may not look. Raises StorageUnavailable.
        """
        if job.reply_token is not None:
            return await self._messenger.find_answer(
                job.channel_id, job.reply_token, lambda custom_id: is_of(custom_id, job)
            )
        copies = await removals.copies(self._database, job.id)
        try:
            return await self._messenger.find_own(
                job.channel_id,
                lambda custom_id: is_of(custom_id, job),
                after=job.created_at - timedelta(seconds=CLOCK_TOLERANCE_S),
                except_ids={copy.message_id for copy in copies},
                answers=True,
            )
        except CannotPost:
            return None


def is_of(custom_id: str, job: Job) -> bool:
    """Whether a button belongs to a job."""
    read = job_actions.parse(custom_id)
    return read is not None and read.job_id == job.id


def _nonce(job: Job) -> str:
    """What makes the first message one, however often it is posted. At most 25 characters."""
    return f"{job.id[:22]}w"
