"""Live messages show the newest state, and lose no picture on the way."""

import asyncio

from bot.delivery.live_message import LiveMessage
from bot.delivery.messenger import Messenger, PostedMessage, build_embeds
from bot.delivery.pacing import EditPacer
from bot.i18n.markdown import code_block
from bot.messages.specs import AttachmentSpec, EmbedColour, EmbedSpec, MessageSpec

PREVIEW = AttachmentSpec("preview_1.jpg", b"", "a fox")


class SlowMessenger(Messenger):
    """A messenger whose edits take until the test lets them through."""

    def __init__(self) -> None:
        self.shown: list[MessageSpec] = []
        self.let_through = asyncio.Event()
        self.pacer = EditPacer()
        self.asked = asyncio.Event()

    async def show_preview(
        self, channel_id: int, message_id: int, message: MessageSpec, token: str | None = None
    ) -> PostedMessage:
        self.shown.append(message)
        self.asked.set()
        await self.let_through.wait()
        return PostedMessage(channel_id, message_id, None)


async def test_states_that_had_no_time_are_skipped_but_their_picture_is_not() -> None:
    messenger = SlowMessenger()
    live = LiveMessage(messenger, 1, 2)
    live.show(MessageSpec("(1%)"))
    await messenger.asked.wait()
    messenger.asked.clear()
    live.show(MessageSpec("(2%)", PREVIEW))
    live.show(MessageSpec("(3%)"))
    messenger.let_through.set()
    await messenger.asked.wait()
    assert messenger.shown == [MessageSpec("(1%)"), MessageSpec("(3%)", PREVIEW)]
    await live.stop()


async def test_after_the_stop_nothing_comes_late() -> None:
    messenger = SlowMessenger()
    live = LiveMessage(messenger, 1, 2)
    live.show(MessageSpec("(1%)"))
    await messenger.asked.wait()
    live.show(MessageSpec("(2%)"))
    stopping = asyncio.create_task(live.stop())
    messenger.let_through.set()
    await stopping
    assert messenger.shown == [MessageSpec("(1%)")]


async def test_what_is_dropped_is_not_made_but_an_edit_that_was_sent_is_waited_for() -> None:
    messenger = SlowMessenger()
    live = LiveMessage(messenger, 1, 2)
    begun, made = asyncio.Event(), asyncio.Event()

    async def compose() -> AttachmentSpec:
        begun.set()
        await made.wait()
        return PREVIEW

    live.show(MessageSpec("(1%)"), compose)
    await begun.wait()
    live.drop()
    made.set()
    live.show(MessageSpec("(2%)"))
    await messenger.asked.wait()
    live.drop()
    stopping = asyncio.create_task(live.stop())
    await asyncio.wait([stopping], timeout=0.01)
    assert not stopping.done()
    messenger.let_through.set()
    await stopping
    assert messenger.shown == [MessageSpec("(2%)")]


async def test_a_code_block_has_the_whole_width_however_short_it_is() -> None:
    fields = (("Model", "1"), ("Prompt", code_block("a fox", 100)))
    (embed,) = build_embeds([EmbedSpec("Seed", "", EmbedColour.GREY, fields)])
    assert [field.inline for field in embed.fields] == [True, False]
