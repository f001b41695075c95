"""The pace of edits in a channel, with real live messages and a clock that the test moves."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from bot.delivery.live_message import LiveMessage
from bot.delivery.messenger import Messenger, PostedMessage, edit_bucket
from bot.delivery.pacing import WINDOW_S, EditPacer
from bot.messages.specs import MessageSpec

CHANNEL = 1
PER_WINDOW = 5
"""Edits that Discord accepts from a channel in a window."""


class Unhurried(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer: no test waits, and no timer is late."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=Unhurried) as runner:
        runner.run(work())


class RecordingMessenger(Messenger):
    """A messenger that records what it would send, and when."""

    def __init__(self) -> None:
        self.pacer = EditPacer()
        self.previews: list[tuple[float, int]] = []
        self.all: list[float] = []

    async def show_preview(
        self, channel_id: int, message_id: int, message: MessageSpec, token: str | None = None
    ) -> PostedMessage:
        now = asyncio.get_running_loop().time()
        self.all.append(now)
        if message.content == "preview":
            self.previews.append((now, message_id))
        await asyncio.sleep(0.1)
        return PostedMessage(channel_id, message_id, None)


async def keep_showing(live: LiveMessage, seconds: float) -> None:
    for _ in range(int(seconds / 0.2)):
        live.show(MessageSpec("preview"))
        await asyncio.sleep(0.2)


def most_in_a_window(times: list[float]) -> int:
    return max(sum(start <= time < start + WINDOW_S for time in times) for start in times)


def test_previews_of_many_jobs_take_turns_within_what_discord_takes() -> None:
    async def work() -> None:
        messenger = RecordingMessenger()
        lives = [LiveMessage(messenger, CHANNEL, number) for number in range(7)]
        await asyncio.gather(*(keep_showing(live, 60) for live in lives))
        for live in lives:
            await live.stop()
        assert most_in_a_window(messenger.all) < PER_WINDOW
        shown = [number for _, number in messenger.previews]
        assert len(shown) > 40
        for start in range(0, len(shown) - 7, 7):
            assert set(shown[start : start + 7]) == set(range(7))
        assert max(Counter(shown).values()) - min(Counter(shown).values()) <= 1

    run(work)


def test_an_end_goes_at_once_and_finds_room_whatever_previews_wait() -> None:
    async def work() -> None:
        messenger, loop = RecordingMessenger(), asyncio.get_running_loop()
        lives = [LiveMessage(messenger, CHANNEL, number) for number in range(7)]
        showing = [asyncio.create_task(keep_showing(live, 60)) for live in lives]
        for number in range(10):
            await asyncio.sleep(5.3)
            asked = loop.time()
            await messenger.edit(CHANNEL, 100 + number, MessageSpec("end"))
            # Nothing but the request itself took time.
            assert asked in messenger.all
            assert most_in_a_window(messenger.all) <= PER_WINDOW
        await asyncio.gather(*showing)
        for live in lives:
            await live.stop()
        assert len(messenger.previews) > 20

    run(work)


def test_previews_wait_for_all_ends_on_their_way() -> None:
    async def work() -> None:
        messenger, loop = RecordingMessenger(), asyncio.get_running_loop()
        live = LiveMessage(messenger, CHANNEL, 1)
        with messenger.pacer.staying(edit_bucket(CHANNEL, None)):
            with messenger.pacer.staying(edit_bucket(CHANNEL, None)):
                live.show(MessageSpec("preview"))
                await asyncio.sleep(9)
            await asyncio.sleep(9)
            assert not messenger.previews
        await asyncio.sleep(0.01)
        assert len(messenger.previews) == 1
        # Elsewhere nobody waits.
        other = LiveMessage(messenger, CHANNEL, 2, token="token")
        with messenger.pacer.staying(edit_bucket(CHANNEL, None)):
            asked = loop.time()
            other.show(MessageSpec("preview"))
            await asyncio.sleep(0.01)
            assert messenger.previews[-1] == (asked, 2)
        await live.stop()
        await other.stop()

    run(work)


def test_a_job_that_ends_gives_its_turn_to_the_next_and_nothing_is_remembered() -> None:
    async def work() -> None:
        messenger = RecordingMessenger()
        first, second, third = (LiveMessage(messenger, CHANNEL, number) for number in range(3))
        for live in (first, second, third):
            live.show(MessageSpec("preview"))
        await asyncio.sleep(0.01)
        await second.stop()
        await asyncio.sleep(2)
        assert [number for _, number in messenger.previews] == [0, 2]
        await first.stop()
        await third.stop()
        await asyncio.sleep(2 * WINDOW_S)
        assert len(messenger.pacer) == 0

    run(work)
