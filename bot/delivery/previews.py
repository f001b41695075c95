"""The message of a running job: how far it is, with previews of its pictures."""

import asyncio
import logging

from bot.delivery.live_message import LiveMessage
from bot.delivery.picture_marks import PictureMarks
from bot.images.grid import PictureFile, compose_preview
from bot.images.provenance import Origin
from bot.messages import job_messages
from bot.messages.specs import AttachmentSpec
from bot.policy.verdicts import Verdict
from diffusion.protocol.events import Progress
from storage.jobs import Job

log = logging.getLogger(__name__)


class JobProgress:
    """Shows the progress of one job in its message."""

    def __init__(
        self, job: Job, parent: Job | None, message: LiveMessage, marks: PictureMarks
    ) -> None:
        self._job = job
        self._parent = parent
        self._message = message
        self._marks = marks
        self._origin: Origin | None = None

    async def show(self, progress: Progress) -> None:
        """Show this next. Waits until the previews are composed, not until they are shown."""
        preview = await self._compose(progress)
        self._message.show(
            job_messages.running(self._job, self._parent, progress.step, progress.steps, preview)
        )

    async def _compose(self, progress: Progress) -> AttachmentSpec | None:
        """The previews as one picture; None if there are none or they cannot be read."""
        # Nothing of what moderators have to look at first is shown.
        if not progress.previews or self._job.verdict >= Verdict.REVIEW:
            return None
        try:
            grid = await asyncio.to_thread(compose_preview, progress.previews)
        except (OSError, ValueError):
            log.warning("Inference sent a preview that is not a picture.")
            return None
        if self._origin is None:
            self._origin = await self._marks.origin(self._job)
        marked = await self._marks.mark(PictureFile(grid, "jpg"), self._origin)
        return AttachmentSpec(
            job_messages.preview_name(self._job, progress.step),
            marked.encoded,
            job_messages.alt_text(self._job),
        )
