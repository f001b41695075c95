"""The connections of this process's shards: how they begin, come back, and stand."""

import asyncio
import logging
import random

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.shard import Shard

from bot.shards import shard_ids
from storage import session_starts
from storage.database import Database, StorageUnavailable

log = logging.getLogger(__name__)

SESSION_INTERVAL_S = 5.5
"""Seconds between two sessions that begin in one of Discord's buckets. Discord asks for 5; the rest
is for networks, in which two processes are not equally far away."""

NEW_SESSION_PAUSE_S = (1.0, 5.0)
"""The seconds, at random between these, that Discord asks for before a session begins in the place
of one that it ended."""

RESUMABLE_S = 300.0
"""Seconds after which a session counts as lost, and with it the address at which it was kept."""

MAX_SILENCE_S = 20.0
"""Seconds for which Discord may say nothing once it has a whole request. A connection that is dead
without anybody knowing would otherwise hold up whatever waits for the answer for five minutes."""

MAX_REQUEST_S = 300.0
"""Seconds for a whole request, with a large file on a slow line."""

MAX_GLOBAL_PAUSE_S = 30.0
"""Seconds after which Discord's limit on everything counts as over. Whoever asks too early is told
to wait again."""

MAX_EXTRA_WAIT_S = 0.5
"""Those who wait for a bucket come back at most this much later than it is free, and not all at
the same moment."""


class SessionStarts:
    """Keeps Discord's limit on new sessions: one in 5 seconds for each bucket of shards.

    `database` is where processes share their turns; None if there is only this one.
    """

    def __init__(self, database: Database | None) -> None:
        self.max_concurrency = 1
        """How many buckets Discord gives; shards of equal remainder share one."""
        self._database = database
        self._free_at: dict[int, float] = {}
        self._begun: set[int] = set()

    async def wait(self, shard_id: int) -> None:
        """Wait until this shard may begin a session. It has to do so at once after that."""
        if shard_id in self._begun:
            await asyncio.sleep(random.uniform(*NEW_SESSION_PAUSE_S))
        while True:
            wait_s = await self._try(shard_id % self.max_concurrency)
            if wait_s <= 0:
                break
            await asyncio.sleep(wait_s + random.uniform(0, MAX_EXTRA_WAIT_S))
        self._begun.add(shard_id)

    async def _try(self, bucket: int) -> float:
        """Take the bucket; else the seconds until it is free."""
        now = asyncio.get_running_loop().time()
        wait_s = self._free_at.get(bucket, now) - now
        if wait_s <= 0 and self._database is not None:
            try:
                wait_s = await session_starts.take(self._database, bucket, SESSION_INTERVAL_S)
            except StorageUnavailable:
                # Alone it can only keep its own turns, as if there were no other process.
                log.warning("The database is away: shards of other processes are not waited for.")
        if wait_s <= 0:
            self._free_at[bucket] = now + SESSION_INTERVAL_S
        return wait_s


class ResumingShard(Shard):
    """A shard that comes back from any outage with the session that it had.

    The library's own begins a new one after the first attempt that fails, which loses what was
    missed and takes a turn; and all other shards wait for as long as one of them pauses.
    """

    _pause: asyncio.Task[None] | None = None
    _lost_at: float | None = None

    def launch(self) -> None:
        self._lost_at = None
        super().launch()

    async def reconnect(self) -> None:
        now = asyncio.get_running_loop().time()
        is_over = self._lost_at is not None and now - self._lost_at > RESUMABLE_S
        if self.ws.session_id is None or is_over:
            await super().reconnect()
        else:
            await self.reidentify(discord.gateway.ReconnectWebSocket(self.id, resume=True))

    async def _handle_disconnect(self, e: Exception) -> None:
        if self._lost_at is None:
            self._lost_at = asyncio.get_running_loop().time()
        self._pause = asyncio.create_task(super()._handle_disconnect(e))

    async def close(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        await super().close()


# The library makes its shards itself, and has no way to name another class for them.
discord.shard.Shard = ResumingShard  # type: ignore[misc]


class _GlobalLimit(asyncio.Event):
    """Cleared while Discord's limit on everything holds; never for ever.

    The library sets it again after the wait, but not where the request that met the limit was
    cancelled meanwhile: then all others would wait until the process ends.
    """

    def clear(self) -> None:
        super().clear()
        asyncio.get_running_loop().call_later(MAX_GLOBAL_PAUSE_S, self.set)


class ShardedBot(commands.AutoShardedBot):
    """A client with all shards, or those of its process, that keeps Discord's limits for them."""

    session_starts: SessionStarts
    """To be set before the login."""

    _connected: frozenset[int] = frozenset()

    def shard_states(self) -> dict[int, bool]:
        """This process's shards, and whether each is connected."""
        open_ones = {number for number, shard in self.shards.items() if not shard.is_closed()}
        return {number: number in self._connected & open_ones for number in shard_ids(self)}

    @property
    def has_first_shard(self) -> bool:
        """Whether this process does what only one may do."""
        return 0 in shard_ids(self)

    def bound_requests(self) -> None:
        """Have all requests end in time. To be called once the client has logged in."""
        session: aiohttp.ClientSession = vars(self.http)["_HTTPClient__session"]
        # The library makes the session itself, and takes no limits for it.
        session._timeout = aiohttp.ClientTimeout(total=MAX_REQUEST_S, sock_read=MAX_SILENCE_S)
        limit = self.http._global_over = _GlobalLimit()
        limit.set()

    async def learn_session_limits(self) -> None:
        """Ask how many sessions may begin at a time, and how many shards there should be.

        Raises discord.DiscordException.
        """
        recommended, _, limits = await self.http.get_bot_gateway()
        self.session_starts.max_concurrency = max(1, limits["max_concurrency"])
        self.shard_count = self.shard_count or recommended
        if recommended > self.shard_count:
            log.warning("Discord recommends %d shards, not %d.", recommended, self.shard_count)

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        # The library tries again and again, also after the client was closed.
        if not self.is_closed():
            await super().launch_shard(gateway, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        await self.session_starts.wait(shard_id or 0)

    async def on_shard_connect(self, shard_id: int) -> None:
        self._connected |= {shard_id}

    async def on_shard_resumed(self, shard_id: int) -> None:
        self._connected |= {shard_id}

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self._connected -= {shard_id}
