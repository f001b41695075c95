"""The connections of this process's shards: how they begin, come back, and stand."""

import asyncio
import contextlib
import functools
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.shard import Shard

from bot.shard_duties import ShardDuties
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


RENEW_INTERVAL_S = 5.0
"""Seconds between two renewals of the shards that this process has."""

ASK_INTERVAL_S = 2.0
"""Seconds between two looks whether a shard has become free."""

MAX_CONNECT_S = 2.0
"""Seconds for a shard that connects while the bot stops."""

MAX_ASK_S = 1.0
"""Seconds for the question whose a shard is, while a member waits, who gets three in all."""

DONE_BY_ONE = ("INTERACTION_CREATE", "MESSAGE_REACTION_ADD")
"""The events that make the bot do something for a member."""


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
    _is_over = False

    def launch(self) -> None:
        self._lost_at = None
        if self._is_over:  # It was given up while it connected.
            self._pause = asyncio.create_task(self.ws.close(code=1000))
        else:
            super().launch()

    async def reconnect(self) -> None:
        if self._is_over:
            return
        now = asyncio.get_running_loop().time()
        is_over = self._lost_at is not None and now - self._lost_at > RESUMABLE_S
        if self.ws.session_id is None or is_over:
            await super().reconnect()
        else:
            await self.reidentify(discord.gateway.ReconnectWebSocket(self.id, resume=True))

    async def reidentify(self, exc: discord.gateway.ReconnectWebSocket) -> None:
        if not self._is_over:
            await super().reidentify(exc)

    async def give_up(self) -> None:
        """End it for good, with its session, whatever it is doing."""
        self._is_over = True
        await self.disconnect()

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


def report_end(task: asyncio.Task[Any]) -> None:
    """Log that a loop ended by an error, and end the process so that it is started again."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("A background loop of the bot failed.", exc_info=error)
        raise SystemExit(1) from error


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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
    shard_duties: ShardDuties
    """Both to be set before the login."""

    _loops: set[asyncio.Task[Any]]
    _launches: dict[int, asyncio.Task[None]]
    _turns: set[int]
    """The shards that may begin a session at once."""

    _connected: frozenset[int] = frozenset()

    def shard_states(self) -> dict[int, bool]:
        """The shards that this process has, and whether each is connected."""
        open_ones = {number for number, shard in self.shards.items() if not shard.is_closed()}
        mine = filter(self.shard_duties.has, shard_ids(self))
        return {number: number in self._connected & open_ones for number in mine}

    def standby_shards(self) -> frozenset[int]:
        """The shards that another process has, which this one takes over when that one ends."""
        return self.shard_duties.refused

    def has_shard(self, shard_id: int) -> bool:
        """Whether a shard is this process's and no other's now."""
        return shard_id in shard_ids(self) and self.shard_duties.has(shard_id)

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

    def run_beside(self, loop: Coroutine[Any, Any, None]) -> None:
        """Run a loop until the bot stops."""
        task = asyncio.create_task(loop)
        self._loops.add(task)
        task.add_done_callback(self._loops.discard)
        task.add_done_callback(report_end)

    async def launch_shards(self) -> None:
        if not self.shard_duties.are_shared:
            await super().launch_shards()
            return
        assert self.shard_count is not None, "it was learnt"
        self._connection.shard_count = self.shard_count
        self._connection.shard_ids = self.shard_ids or range(self.shard_count)
        parsers = self._connection.parsers
        for event in DONE_BY_ONE:
            parsers[event] = functools.partial(self._pass_on, parsers[event])
        self.run_beside(self._keep_shards())

    async def take_first_shard(self) -> None:
        """Do what is to be done before this process begins with shard 0, which others may have."""

    async def _keep_shards(self) -> None:
        """Have a session for each shard that this process has, and for no other; until cancelled.

        Where processes share a database, others may have some of them.
        """
        try:
            while True:
                for shard_id in shard_ids(self):
                    await self._look_after(shard_id)
                waits = bool(self.standby_shards())
                await asyncio.sleep(ASK_INTERVAL_S if waits else RENEW_INTERVAL_S)
        finally:
            await _end(*self._launches.values())

    async def _look_after(self, shard_id: int) -> None:
        assert self.shard_count is not None, "it was learnt"
        try:
            has = await self.shard_duties.take(shard_id, self.shard_count)
        except StorageUnavailable as error:
            log.warning("Shard %d is not renewed: %s", shard_id, error)
            return
        if has and shard_id not in self._launches:
            self._launches[shard_id] = asyncio.create_task(self._launch(shard_id))
            self._launches[shard_id].add_done_callback(report_end)
        elif not has and (launch := self._launches.pop(shard_id, None)):
            log.warning("Shard %d was taken over by another process.", shard_id)
            await _end(launch)
            if there := self.get_shard(shard_id):
                shard = there._parent
                assert isinstance(shard, ResumingShard), "the library makes no other"
                await shard.give_up()

    async def _launch(self, shard_id: int) -> None:
        if shard_id == 0:
            await self.take_first_shard()
        await self.session_starts.wait(shard_id)
        self._turns.add(shard_id)
        gateway = discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
        connecting = asyncio.create_task(self.launch_shard(gateway, shard_id))
        try:
            await asyncio.shield(connecting)
        except asyncio.CancelledError:
            # The library would leave a connection open that nobody reads.
            await asyncio.wait([connecting], timeout=MAX_CONNECT_S)
            connecting.cancel()
            raise

    def _pass_on(self, parse: Callable[[Any], None], event: Any) -> None:
        """Handle an event, unless another process has the shard by now.

        A process that stood still finds events that another has had meanwhile.
        """
        shard_id = (int(event.get("guild_id") or 0) >> 22) % (self.shard_count or 1)
        # For one that is another process's by its number, Discord chose this process all the same,
        # as it may for a server where the bot is not.
        if shard_id not in shard_ids(self) or self.shard_duties.is_sure_of(shard_id):
            parse(event)
        else:
            self.run_beside(self._ask_and_pass_on(shard_id, parse, event))

    async def _ask_and_pass_on(
        self, shard_id: int, parse: Callable[[Any], None], event: Any
    ) -> None:
        # Where the database is away, members are told so.
        with contextlib.suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(MAX_ASK_S):
                if not await self.shard_duties.take(shard_id, self.shard_count or 1):
                    return
        parse(event)

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        # The library tries again and again, also after the client was closed.
        if not self.is_closed():
            await super().launch_shard(gateway, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if shard_id in self._turns:
            self._turns.discard(shard_id)
        else:
            await self.session_starts.wait(shard_id or 0)

    async def on_shard_connect(self, shard_id: int) -> None:
        self._connected |= {shard_id}

    async def on_shard_resumed(self, shard_id: int) -> None:
        self._connected |= {shard_id}

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self._connected -= {shard_id}
