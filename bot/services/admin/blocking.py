"""Blocks members of a server, and cancels what they have there in the queue.

Knows nothing of Discord's API.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.errors import NotBlocked
from bot.services.queue_worker import QueueWorker
from storage import jobs
from storage.database import Database
from storage.rules import blocks
from storage.rules.blocks import Block


class BlockService:
    """`bot.policy.blocks` says who may be blocked; here it is done."""

    def __init__(self, database: Database, queue_worker: QueueWorker) -> None:
        self._database = database
        self._queue_worker = queue_worker

    async def block(
        self,
        server_id: int,
        member_id: int,
        moderator_id: int,
        length: timedelta | None,
        reason: str | None,
    ) -> tuple[Block, int]:
        """Block a member, and cancel their jobs on this server; returns how many.

        Running jobs too: a picture of somebody who was just blocked would otherwise still be
        posted. Their other jobs, and their finished pictures, stay.
        """
        now = datetime.now(UTC)
        until = None if length is None else now + length
        block = Block(server_id, member_id, moderator_id, reason, now, until)
        # Stored first: what they ask for from here on is refused.
        await blocks.block(self._database, block)
        cancelled = 0
        for job in await jobs.open_jobs(self._database, member_id):
            if job.server_id == server_id:
                cancelled += await self._queue_worker.cancel(job.id)
        return block, cancelled

    async def unblock(self, server_id: int, member_id: int) -> None:
        """End a block. Raises NotBlocked."""
        if not await blocks.unblock(self._database, server_id, member_id, datetime.now(UTC)):
            raise NotBlocked

    async def blocked(self, server_id: int) -> Sequence[Block]:
        """The blocks of a server that hold now, the newest first."""
        return await blocks.blocks_of(self._database, server_id, datetime.now(UTC))
