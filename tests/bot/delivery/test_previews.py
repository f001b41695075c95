"""The progress of a job, as its message shows it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from bot.delivery.live_message import LiveMessage
from bot.delivery.messenger import Messenger, PostedMessage
from bot.delivery.pacing import EditPacer
from bot.delivery.picture_gate import PictureGate
from bot.delivery.picture_marks import PictureMarks
from bot.delivery.previews import JobProgress
from bot.images.credentials import own_credentials
from bot.images.provenance import PictureMarker
from bot.invite import INTENTS
from bot.messages import job_messages
from bot.messages.specs import MessageSpec
from bot.policy.showing_places import ShowingPlaces
from bot.services.moderation.events import ModerationLog
from diffusion.protocol.events import Progress
from storage.database import Database, migrate
from storage.pictures import PictureFolder, PictureStore
from tests.support.bot.manifests import actions_in
from tests.support.pictures import opened, picture
from tests.support.stored_jobs import JOB


class RecordingMessenger(Messenger):
    """A messenger that records previews instead of sending them."""

    def __init__(self) -> None:
        self.pacer = EditPacer()
        self.shown: asyncio.Queue[MessageSpec] = asyncio.Queue()

    async def show_preview(
        self, channel_id: int, message_id: int, message: MessageSpec, token: str | None = None
    ) -> PostedMessage:
        self.shown.put_nowait(message)
        return PostedMessage(channel_id, message_id, None)


@pytest.fixture
async def marks(tmp_path: Path) -> AsyncIterator[PictureMarks]:
    url = f"sqlite:///{tmp_path / 'darkroom.db'}"
    await migrate(url)
    database = Database(url)
    marker = PictureMarker(own_credentials(tmp_path / "c2pa.pem"))
    yield PictureMarks(database, PictureStore(PictureFolder(tmp_path / "pictures")), marker)
    marker.close()
    await database.close()


@pytest.fixture
def gate(tmp_path: Path) -> PictureGate:
    """A gate without a filter: it asks neither database nor Discord."""
    database = Database(f"sqlite:///{tmp_path / 'darkroom.db'}")
    places = ShowingPlaces(discord.Client(intents=INTENTS), explicit_direct_messages=False)
    note = ModerationLog(database, RecordingMessenger()).note
    return PictureGate(
        database, PictureStore(PictureFolder(tmp_path / "pictures")), None, places, note
    )


async def shown(progress: Progress, marks: PictureMarks, gate: PictureGate) -> MessageSpec:
    messenger = RecordingMessenger()
    message = LiveMessage(messenger, 1, 2)
    JobProgress(JOB, None, message, marks, gate).show(progress)
    try:
        return await messenger.shown.get()
    finally:
        await message.stop()


async def test_previews_are_one_picture_named_by_the_step(
    marks: PictureMarks, gate: PictureGate
) -> None:
    previews = tuple(picture(colour) for colour in ("red", "green", "blue", "white"))
    message = await shown(Progress(3, 12, previews), marks, gate)
    assert "(25%)" in message.content
    assert message.attachment is not None
    assert message.attachment.filename == "preview_3.jpg"
    assert message.attachment.alt == job_messages.alt_text(JOB)
    one, four = opened(previews[0]), opened(message.attachment.encoded)
    assert four.width / four.height == one.width / one.height
    assert four.width >= 2 * one.width
    assert actions_in(message.attachment.encoded) == ["c2pa.created"]


async def test_a_preview_that_cannot_be_read_leaves_the_progress(
    marks: PictureMarks, gate: PictureGate
) -> None:
    message = await shown(Progress(6, 12, (b"no picture",)), marks, gate)
    assert "(50%)" in message.content
    assert message.attachment is None
