"""Paces the edits of each channel: Discord accepts five edits in five seconds.

Final edits, such as the end of a job, never wait here. Previews wait for them and leave room for
them. They take turns: each job of a channel shows one preview before any job shows a second.
"""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

WINDOW_S = 5.0
MAX_EDITS_BEFORE_PREVIEW = 4
"""Edits in a window after which previews wait: one more edit stays free for a job's end."""

PREVIEW_INTERVAL_S = 1.25
"""Seconds between two previews in a channel, so that they are spread over the window."""


@dataclass(slots=True)
class _Channel:
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    """Previews that wait, in the order of their turns."""
    edits: deque[float] = field(default_factory=deque)
    """When the edits of the last window began, by the event loop's clock."""
    staying: int = 0
    """How many final edits are being sent."""
    next_preview: float = 0.0
    timer: asyncio.TimerHandle | None = None


class EditPacer:
    """Paces edits. A `place` is what Discord counts edits by; see `messenger.edit_bucket`.

    Only places with edits in the last window, or with edits being sent, are kept in memory.
    """

    def __init__(self) -> None:
        self._channels: dict[Hashable, _Channel] = {}

    def __len__(self) -> int:
        return len(self._channels)

    @contextmanager
    def staying(self, place: Hashable) -> Iterator[None]:
        """Wrap a final edit: it does not wait, and previews wait until it is done."""
        channel = self._channels.setdefault(place, _Channel())
        channel.staying += 1
        channel.edits.append(asyncio.get_running_loop().time())
        try:
            yield
        finally:
            channel.staying -= 1
            self._go_on(place)

    async def preview_turn(self, place: Hashable) -> None:
        """Wait until a preview may be shown. Each caller waits for one turn at a time."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._channels.setdefault(place, _Channel()).waiting.append(turn)
        self._go_on(place)
        await turn

    def _go_on(self, place: Hashable) -> None:
        """Give the next turn if it is due, and set a timer for the one after it."""
        channel, loop = self._channels[place], asyncio.get_running_loop()
        now = loop.time()
        if channel.timer is not None:
            channel.timer.cancel()
            channel.timer = None
        while channel.edits and now - channel.edits[0] >= WINDOW_S:
            channel.edits.popleft()
        while channel.waiting and channel.waiting[0].done():
            channel.waiting.popleft()  # Cancelled: its job has ended.
        if channel.staying:
            return  # The final edit calls this when it is done.
        if channel.waiting and self._free_at(channel) <= now:
            channel.waiting.popleft().set_result(None)
            channel.edits.append(now)
            channel.next_preview = now + PREVIEW_INTERVAL_S
        if channel.waiting:
            channel.timer = loop.call_at(self._free_at(channel), self._go_on, place)
        elif channel.edits:
            channel.timer = loop.call_at(channel.edits[-1] + WINDOW_S, self._go_on, place)
        else:
            del self._channels[place]

    def _free_at(self, channel: _Channel) -> float:
        if len(channel.edits) < MAX_EDITS_BEFORE_PREVIEW:
            return channel.next_preview
        oldest = channel.edits[len(channel.edits) - MAX_EDITS_BEFORE_PREVIEW]
        return max(channel.next_preview, oldest + WINDOW_S)
