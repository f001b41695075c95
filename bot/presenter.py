"""What members see of their jobs: shown beside the work, and again and again until it is shown.

Between the queue and the board: knows when a job's message has to change, not how it is made.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import discord

from bot import messages
from bot.board import Board, CannotPost, FileTooLarge, LiveMessage, MessageGone
from bot.pictures import PictureTooLarge, compose_grid, fit
from bot.texts import say
from storage import jobs
from storage.database import Database, StorageUnavailable
from storage.jobs import Job
from storage.models import JobState
from storage.pictures import PictureFolder, PictureMissing, of_job

log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds between two tries while Discord or the database does not answer; it doubles."""

PLAIN_LIMIT = 10 * 2**20
"""Bytes of a file that every channel takes, a conversation with one member included."""

TRANSIENT = (discord.HTTPException, aiohttp.ClientError, OSError, StorageUnavailable)
"""What passes by itself; what Discord refuses for good, the board has sorted out by then."""


class Presenter:
    """Shows jobs on the board. What it could not show, the next start takes up."""

    def __init__(self, database: Database, folder: PictureFolder, board: Board) -> None:
        self._database = database
        self._folder = folder
        self._board = board
        self._showing: set[asyncio.Task[None]] = set()

    async def take_up(self, wake: Callable[[], None]) -> None:
        """Show what an earlier process left: jobs without a message, and ends not shown."""
        unposted = await jobs.without_message(self._database)
        unshown = await jobs.ended_unshown(self._database)
        for job in unposted:
            self.post(job.id, wake)
        for job in unshown:
            self.show_end(job.id)

    async def stop(self) -> None:
        for task in self._showing:
            task.cancel()
        await asyncio.gather(*self._showing, return_exceptions=True)

    def follow(self, job: Job) -> LiveMessage:
        """The job's message while it runs."""
        assert job.message_id is not None, "only jobs with a message are claimed"
        return self._board.follow(job.channel_id, job.message_id)

    def post(self, job_id: str, wake: Callable[[], None]) -> None:
        """Give a job without a message one; `wake` is called when the job can be claimed."""
        self._keep_trying(self._post_waiting, job_id, wake)

    def show_end(self, job_id: str) -> None:
        """Show how a job ended, beside the other work, so that inference never waits for it."""
        self._keep_trying(self._show_end, job_id)

    async def show_waiting(self, job: Job) -> None:
        """Say that a job waits for inference; that it is not said is no harm."""
        assert job.message_id is not None, "only jobs with a message are claimed"
        with contextlib.suppress(MessageGone, CannotPost, *TRANSIENT):
            parent = await jobs.parent_of(self._database, job)
            message = messages.waiting_for_inference(job, parent)
            await self._board.edit(job.channel_id, job.message_id, message)

    def _keep_trying(self, show: Callable[..., Coroutine[Any, Any, None]], *about: object) -> None:
        async def keep_trying() -> None:
            pause = FIRST_PAUSE
            while True:
                try:
                    await show(*about)
                    return
                except TRANSIENT as error:
                    log.warning("Something could not be shown; trying again: %s", error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

        task = asyncio.create_task(keep_trying())
        self._showing.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._showing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Something could not be shown.", exc_info=error)

    async def _post_waiting(self, job_id: str, wake: Callable[[], None]) -> None:
        job = await jobs.get(self._database, job_id)
        if job is None or job.state is not JobState.QUEUED or job.message_id:
            return
        message = messages.waiting(job, await jobs.parent_of(self._database, job))
        try:
            place = await self._board.post(job.channel_id, message)
        except CannotPost:
            await jobs.fail(self._database, job.id, say("job-failed.no-place", job.locale))
            self.show_end(job.id)
            return
        await jobs.attach_message(self._database, job.id, *place)
        wake()

    async def _show_end(self, job_id: str) -> None:
        job = await jobs.get(self._database, job_id)
        if job is None or job.state in (JobState.QUEUED, JobState.RUNNING):
            return
        try:
            await self._show_in_place(job)
        except (MessageGone, CannotPost):
            # Who deletes the message of a job and cancels it wants to see no more of it.
            if job.state is not JobState.CANCELLED:
                await self._show_elsewhere(job)
        await jobs.mark_shown(self._database, job.id)

    async def _show_in_place(self, job: Job) -> None:
        if job.message_id is None:
            raise MessageGone
        message = await self._end_message(job, job.attachment_limit)
        try:
            await self._board.edit(job.channel_id, job.message_id, message)
        except FileTooLarge:
            message = await self._end_message(job, PLAIN_LIMIT)
            await self._board.edit(job.channel_id, job.message_id, message)

    async def _show_elsewhere(self, job: Job) -> None:
        """Post the end of a job anew: in its channel, or else to the member alone."""
        message = messages.moved(await self._end_message(job, PLAIN_LIMIT), job.locale)
        try:
            try:
                place = await self._board.post(job.channel_id, message)
            except CannotPost:
                place = await self._board.post_to_member(job.member_id, message)
        except CannotPost:
            log.warning("There is no place to show job %s; its pictures are kept.", job.id)
            return
        await jobs.attach_message(self._database, job.id, *place)

    async def _end_message(self, job: Job, most_bytes: int) -> messages.Message:
        parent = await jobs.parent_of(self._database, job)
        if job.state is not JobState.DONE:
            return messages.ended(job, parent)
        stored = await of_job(self._database, job.id)
        try:
            pictures = [await self._folder.read(picture) for picture in stored]
            shown = await asyncio.to_thread(compose_grid, pictures)
            file = await asyncio.to_thread(fit, shown, most_bytes)
        except (PictureMissing, PictureTooLarge) as error:
            return messages.not_showable(job, parent, str(error))
        name = messages.file_name(job, file.suffix)
        attachment = messages.Attachment(name, file.encoded, messages.alt_text(job))
        return messages.done(job, parent, attachment, len(stored))
