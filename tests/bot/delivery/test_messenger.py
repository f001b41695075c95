"""A live message: the newest state wins, and no picture is lost on the way."""

import asyncio

from bot.delivery.messenger import Board, LiveMessage, Posted
from bot.delivery.pacing import EditPacer
from bot.messages.job_messages import Attachment, Message

PREVIEW = Attachment("preview_1.jpg", b"", "a fox")


class SlowBoard(Board):
    """A board whose edits take until they are let through, which no real one can promise."""

    def __init__(self) -> None:
        self.shown: list[Message] = []
        self.let_through = asyncio.Event()
        self.pacer = EditPacer()
        self.asked = asyncio.Event()

    async def show_preview(
        self, channel_id: int, message_id: int, message: Message, token: str | None = None
    ) -> Posted:
        self.shown.append(message)
        self.asked.set()
        await self.let_through.wait()
        return Posted(channel_id, message_id, None)


async def test_states_that_had_no_time_are_skipped_but_their_picture_is_not() -> None:
    board = SlowBoard()
    live = LiveMessage(board, 1, 2)
    live.show(Message("(1%)"))
    await board.asked.wait()
    board.asked.clear()
    live.show(Message("(2%)", PREVIEW))
    live.show(Message("(3%)"))
    board.let_through.set()
    await board.asked.wait()
    assert board.shown == [Message("(1%)"), Message("(3%)", PREVIEW)]
    await live.stop()


async def test_after_the_stop_nothing_comes_late() -> None:
    board = SlowBoard()
    live = LiveMessage(board, 1, 2)
    live.show(Message("(1%)"))
    await board.asked.wait()
    live.show(Message("(2%)"))
    stopping = asyncio.create_task(live.stop())
    board.let_through.set()
    await stopping
    assert board.shown == [Message("(1%)")]
