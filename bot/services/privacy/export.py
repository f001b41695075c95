"""Sends a member all that is stored about them, in ZIP files: tables as JSON, and pictures.

One ZIP file is in memory at a time. Pictures that leave the bot are marked as all others are.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.delivery.end_publisher import MIN_ATTACHMENT_LIMIT_BYTES
from bot.delivery.messenger import TRANSIENT_ERRORS, CannotPost, Messenger
from bot.delivery.picture_marks import PictureMarks
from bot.errors import CannotExport, ExportedLately
from bot.i18n.texts import say
from bot.images.grid import PictureFile
from bot.messages.specs import AttachmentSpec, MessageSpec
from bot.policy.cooldown import Cooldown
from bot.services.privacy.packing import Packer, as_json
from storage import jobs
from storage.database import Database
from storage.pictures import PictureMissing, PictureStore, at
from storage.privacy.export import rows_about, start_pictures_of

INTERVAL_S = 3600.0
"""Seconds between two exports of a member."""

MAX_FILES = 10
"""ZIP files of one export; pictures that would go into more are left out."""

MAX_FILE_BYTES = MIN_ATTACHMENT_LIMIT_BYTES - 64 * 1024
"""The size of a ZIP file: what every channel takes, less what goes around it."""

log = logging.getLogger(__name__)

Deliver = Callable[[MessageSpec], Awaitable[object]]


@dataclass(slots=True)
class Sent:
    """What a member was sent."""

    files: int = 0
    pictures: int = 0
    left_out: int = 0
    by_direct_message: bool = True


@dataclass(slots=True)
class _Export:
    """One export at work."""

    packer: Packer
    sent: Sent
    closed: int = 0
    """ZIP files that are full."""

    @property
    def is_full(self) -> bool:
        return self.closed >= MAX_FILES - 1


class MemberExport:
    """Answers `/privacy export`. Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        database: Database,
        picture_store: PictureStore,
        messenger: Messenger,
        marks: PictureMarks,
    ) -> None:
        self._database = database
        self._picture_store = picture_store
        self._messenger = messenger
        self._marks = marks
        self._cooldown = Cooldown(INTERVAL_S)
        # One at a time: each has a file in memory, and pictures to mark.
        self._working = asyncio.Lock()

    async def send(self, member_id: int, locale: str, answer: Deliver) -> Sent:
        """Send a member what is stored about them, as direct messages.

        To a member who takes none it is sent by `answer`, which only they see. Raises
        ExportedLately, CannotExport.
        """
        if minutes := self._cooldown.start(member_id):
            raise ExportedLately(minutes)
        try:
            async with self._working:
                return await self._send(member_id, locale, answer)
        except BaseException as error:
            self._cooldown.give_back(member_id)
            if isinstance(error, TRANSIENT_ERRORS):
                raise CannotExport from error
            raise

    async def _send(self, member_id: int, locale: str, answer: Deliver) -> Sent:
        sent = Sent()
        async for content in self._files(member_id, sent):
            sent.files += 1
            name = f"darkroom-{sent.files}.zip"
            text = say("exported.file", locale, number=sent.files)
            message = MessageSpec(text, AttachmentSpec(name, content, text))
            if sent.by_direct_message:
                try:
                    await self._messenger.post_to_member(member_id, message)
                    continue
                except CannotPost:
                    sent.by_direct_message = False
            await answer(message)
        return sent

    async def _files(self, member_id: int, sent: Sent) -> AsyncIterator[bytes]:
        export = _Export(Packer(MAX_FILE_BYTES), sent)
        async for name, content in self._contents(member_id, export):
            if full := await asyncio.to_thread(export.packer.add, name, content):
                export.closed += 1
                yield full
        yield await asyncio.to_thread(export.packer.close)

    async def _contents(self, member_id: int, export: _Export) -> AsyncIterator[tuple[str, bytes]]:
        """The names and contents of all files, tables before pictures."""
        numbers: Counter[str] = Counter()
        async for table, rows in rows_about(self._database, member_id):
            async for content in _fitting(export.packer, rows):
                numbers[table] += 1
                yield f"{table}/{numbers[table]:05}.json", content
        left_out: list[Mapping[str, str]] = []
        async for table, rows in rows_about(self._database, member_id):
            for row in rows if table == "pictures" else ():
                name = f"pictures/{row['file']}"
                picture, why = await self._picture(row, name, export)
                if picture is None:
                    left_out.append({"file": name, "why": why})
                else:
                    export.sent.pictures += 1
                    yield name, picture
        async for digest in start_pictures_of(self._database, member_id):
            name = f"start pictures/{digest}.png"
            picture, why = await self._start_picture(digest, name, export)
            if picture is None:
                left_out.append({"file": name, "why": why})
            else:
                yield name, picture
        export.sent.left_out = len(left_out)
        async for content in _fitting(export.packer, left_out):
            numbers["left out"] += 1
            yield f"left out/{numbers['left out']:05}.json", content

    async def _picture(
        self, row: Mapping[str, Any], name: str, export: _Export
    ) -> tuple[bytes | None, str]:
        """The marked picture; else None, and the reason."""
        if row["expired_at"] is not None:
            return None, "expired: its server keeps pictures for a limited time"
        if export.is_full:
            return None, f"all pictures together are larger than {MAX_FILES} files"
        picture = await at(self._database, row["job_id"], row["index"])
        job = await jobs.get(self._database, row["job_id"])
        if picture is None or job is None:
            return None, "deleted meanwhile"
        try:
            png = await self._picture_store.read(picture)
        except PictureMissing as error:
            return None, str(error)
        marked = await self._marks.mark(PictureFile(png, "png"), await self._marks.origin(job))
        return _if_it_fits(export.packer, name, marked.encoded)

    async def _start_picture(
        self, digest: str, name: str, export: _Export
    ) -> tuple[bytes | None, str]:
        if export.is_full:
            return None, f"all pictures together are larger than {MAX_FILES} files"
        try:
            return _if_it_fits(export.packer, name, await self._picture_store.kept(digest))
        except PictureMissing as error:
            return None, str(error)


def _if_it_fits(packer: Packer, name: str, content: bytes) -> tuple[bytes | None, str]:
    if packer.fits(name, content):
        return content, ""
    return None, f"larger than {MAX_FILE_BYTES} bytes"


async def _fitting(packer: Packer, rows: Sequence[Mapping[str, Any]]) -> AsyncIterator[bytes]:
    """The rows as JSON, in as many pieces as it takes for each to fit into a ZIP file."""
    if not rows:
        return
    content = await asyncio.to_thread(as_json, rows)
    if packer.fits("a" * 100, content):
        yield content
        return
    assert len(rows) > 1, "no row is as large as an attachment"
    half = len(rows) // 2
    for some in (rows[:half], rows[half:]):
        async for piece in _fitting(packer, some):
            yield piece
