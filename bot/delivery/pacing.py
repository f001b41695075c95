"""Who edits a channel next: Discord takes five edits in five seconds from a channel's messages.

Edits that stay, such as the end of a job, never wait here. Previews wait for them, leave room for
them, and take turns: of many jobs in a channel each shows one before any shows a second.
"""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

WINDOW_S = 5.0
MAX_EDITS_BESIDE_PREVIEWS = 4
"""Edits in a window from which on no preview is added: Discord takes one more, for an end."""

PREVIEW_INTERVAL_S = 1.25
"""Between two previews in a channel, so that they do not use a window up at its beginning."""


@dataclass(slots=True)
class _Channel:
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    """Previews, in their turn."""
    edits: deque[float] = field(default_factory=deque)
    """When those of the last window began."""
    staying: int = 0
    """Edits that stay, on their way."""
    next_preview: float = 0.0
    timer: asyncio.TimerHandle | None = None


class EditPacer:
    """Shares out the edits of each channel. A `place` is whatever Discord counts edits by.

    Remembers only places with edits in the last window, or on their way.
    """

    def __init__(self) -> None:
        self._channels: dict[Hashable, _Channel] = {}

    def __len__(self) -> int:
        return len(self._channels)

    @contextmanager
    def staying(self, place: Hashable) -> Iterator[None]:
        """While an edit is on its way that is not to wait for any preview."""
        channel = self._channels.setdefault(place, _Channel())
        channel.staying += 1
        channel.edits.append(asyncio.get_running_loop().time())
        try:
            yield
        finally:
            channel.staying -= 1
            self._go_on(place)

    async def preview_turn(self, place: Hashable) -> None:
        """Wait until a preview may be shown; a job asks for its next turn after its last edit."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._channels.setdefault(place, _Channel()).waiting.append(turn)
        self._go_on(place)
        await turn

    def _go_on(self, place: Hashable) -> None:
        """Give the next turn if it is time for it, and come back when it will be."""
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
            return  # Whoever is on the way comes by here at the end.
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
        if len(channel.edits) < MAX_EDITS_BESIDE_PREVIEWS:
            return channel.next_preview
        oldest = channel.edits[len(channel.edits) - MAX_EDITS_BESIDE_PREVIEWS]
        return max(channel.next_preview, oldest + WINDOW_S)
