"""The message of a running job: how far it is, with previews of its pictures."""

import asyncio
import functools
import logging

from bot.delivery.live_message import LiveMessage
from bot.delivery.picture_gate import PictureGate
from bot.delivery.picture_marks import PictureMarks
from bot.images.grid import PictureFile, compose_preview
from bot.images.provenance import Origin
from bot.messages import job_messages
from bot.messages.specs import AttachmentSpec
from bot.policy.verdicts import Verdict
from diffusion.protocol.events import Progress
from storage.database import StorageUnavailable
from storage.jobs import Job

log = logging.getLogger(__name__)


class JobProgress:
    """Shows the progress of one job in its message.

    Of previews that may not be seen, as `gate` says, blots of colour are shown.
    """

    def __init__(
        self,
        job: Job,
        parent: Job | None,
        message: LiveMessage,
        marks: PictureMarks,
        gate: PictureGate,
    ) -> None:
        self._job = job
        self._parent = parent
        self._message = message
        self._marks = marks
        self._gate = gate
        self._origin: Origin | None = None

    def show(self, progress: Progress) -> None:
        """Show this next. Its previews are composed only if they are shown."""
        message = job_messages.running(self._job, self._parent, progress.step, progress.steps, None)
        # Nothing of what moderators have to look at first is shown.
        is_shown = progress.previews and self._job.verdict < Verdict.REVIEW
        compose = functools.partial(self._compose, progress) if is_shown else None
        self._message.show(message, compose)

    def drop(self) -> None:
        """Show nothing more of what was to be shown: the end is near."""
        self._message.drop()

    async def show_pictures_away(self) -> None:
        """Show that the job waits for the place where pictures are kept."""
        self._message.show(job_messages.waiting_for_pictures(self._job, self._parent))

    async def _compose(self, progress: Progress) -> AttachmentSpec | None:
        """The previews as one picture; None if they cannot be read, checked or signed now."""
        try:
            blurred = not await self._gate.may_preview(self._job, progress.previews)
            self._origin = self._origin or await self._marks.origin(self._job)
        except StorageUnavailable as error:
            log.warning("A preview is left out: %s", error)
            return None
        try:
            grid = await asyncio.to_thread(compose_preview, progress.previews, blurred=blurred)
        except (OSError, ValueError):
            log.warning("Inference sent a preview that is not a picture.")
            return None
        marked = await self._marks.mark(PictureFile(grid, "jpg"), self._origin)
        return AttachmentSpec(
            job_messages.preview_name(self._job, progress.step),
            marked.encoded,
            job_messages.alt_text(self._job),
        )
