"""Where the bot may be used, and whether members still belong to the server of a job.

Somebody who has left a server sees its buttons no more. But copies of its jobs can be pressed
elsewhere, and jobs from there may still be queued. So the bot asks Discord's API for the member,
which needs no privileged intent.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Sequence

import aiohttp
import discord

from bot.errors import DirectMessagesOff, NotAMember, ServerNotServed, UserInstallsOff
from bot.policy.actors import Requester
from bot.shards import has_all, is_ours
from storage import history
from storage.database import Database
from storage.jobs import Job

log = logging.getLogger(__name__)

CACHE_LIFETIME_S = 10.0
"""Seconds for which an answer about a membership is cached."""

MAX_CACHED_ANSWERS = 10_000

ANSWER_TIMEOUT_S = 3.0
"""Seconds that Discord has to say whether somebody is a member."""

MAX_SERVERS = 20
"""The most servers on which a member is looked for."""

UNKNOWN_MEMBER_CODES = (10007, 10013)
"""Discord's error codes Unknown Member and Unknown User."""

NOT_THERE_CODES = (10004, 50001)
"""Those for a server that the bot is not on: Unknown Guild and Missing Access."""


class Places:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(
        self,
        client: discord.Client,
        database: Database,
        *,
        direct_messages: bool,
        user_installs: bool,
        servers: Collection[int] | None = None,
    ) -> None:
        """`servers` are the ids of the only servers that the operator lets it work on, if any."""
        self._client = client
        self._database = database
        self._direct_messages = direct_messages
        self._user_installs = user_installs
        self._servers = servers
        self._remembered: dict[tuple[int, int], tuple[float, bool | None]] = {}

    def check_open(self, interaction: discord.Interaction) -> None:
        """Raises DirectMessagesOff, UserInstallsOff, ServerNotServed where it may not be used."""
        server_id = interaction.guild_id
        if interaction.context.dm_channel and not self._direct_messages:
            raise DirectMessagesOff
        strange = server_id is not None and self._client.get_guild(server_id) is None
        if (strange or interaction.context.private_channel) and not self._user_installs:
            raise UserInstallsOff
        if server_id is not None and not strange and not self.serves(server_id):
            raise ServerNotServed

    def serves(self, server_id: int) -> bool:
        """Whether the operator lets the bot be a member of this server."""
        return self._servers is None or server_id in self._servers

    @property
    def direct_messages(self) -> bool:
        """Whether the bot may be used in direct messages."""
        return self._direct_messages

    async def check(self, requester: Requester, job: Job | None = None) -> None:
        """Raises NotAMember if the requester has left the job's server.

        In direct messages: if they used the bot on servers and have left all of them, unless they
        have a user install.
        """
        if requester.server_id is not None:
            self._remember(requester.server_id, requester.member_id, True)
        if job is not None and job.server_id not in (None, requester.server_id):
            assert job.server_id is not None
            if not await self.is_member(job.server_id, requester.member_id):
                raise NotAMember
        own_install = requester.installed and self._user_installs
        conversation = requester.server_id is None and not requester.guest
        if (
            conversation
            and not own_install
            and not await self._shares_a_server(requester.member_id)
        ):
            raise NotAMember

    async def is_member(self, server_id: int, member_id: int) -> bool:
        """Whether somebody is a member of a server now, or was CACHE_LIFETIME_S ago.

        Also true if the bot cannot know: it is not on that server, or Discord does not answer.
        """
        return await self._membership(server_id, member_id) is not False

    async def _membership(self, server_id: int, member_id: int) -> bool | None:
        """The same, but None where the bot is not on that server."""
        known_until, known = self._remembered.get((server_id, member_id), (0.0, False))
        if time.monotonic() < known_until:
            return known
        ours = is_ours(self._client, server_id)
        if ours and self._client.is_ready() and self._client.get_guild(server_id) is None:
            return None
        there: bool | None
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._client.http.get_member(server_id, member_id)
        except discord.HTTPException as error:
            is_there = error.code not in UNKNOWN_MEMBER_CODES
            there = None if error.code in NOT_THERE_CODES else is_there
        except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError
            log.warning("Discord does not say who is a member of server %s.", server_id)
            return True
        else:
            there = True
        self._remember(server_id, member_id, there)
        return there

    async def roles_of(self, server_id: int, member_id: int) -> frozenset[int] | None:
        """The ids of a member's roles now; None if Discord does not say."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                found = await self._client.http.get_member(server_id, member_id)
        except (discord.HTTPException, aiohttp.ClientError, OSError):
            return None
        return frozenset(map(int, found["roles"]))

    async def _shares_a_server(self, member_id: int) -> bool:
        """Whether a member who used the bot on its servers is still on one of them.

        Also true for members who used it on no server that it is still on.
        """
        drew_on = await history.servers_of(self._database, member_id, MAX_SERVERS)
        left = []
        for server_id in drew_on:
            is_member = await self._membership(server_id, member_id)
            if is_member:
                return True
            if is_member is False:
                left.append(server_id)
        if not left:
            return True
        others = [each for each in await self._places_of_bot() if each not in left]
        for server_id in others[: MAX_SERVERS - len(left)]:
            if await self.is_member(server_id, member_id):
                return True
        return False

    async def _places_of_bot(self) -> Sequence[int]:
        """The ids of servers that the bot is on, those of this process first; not always all."""
        own = [guild.id for guild in self._client.guilds]
        if len(own) >= MAX_SERVERS or has_all(self._client):
            return own
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                fetched = await self._client.http.get_guilds(MAX_SERVERS, with_counts=False)
        except (discord.HTTPException, aiohttp.ClientError, OSError):
            log.warning("Discord does not say which servers the bot is on.")
            return own
        return [*own, *(int(each["id"]) for each in fetched if int(each["id"]) not in own)]

    def _remember(self, server_id: int, member_id: int, is_member: bool | None) -> None:
        if len(self._remembered) >= MAX_CACHED_ANSWERS:
            self._remembered.clear()
        until = time.monotonic() + CACHE_LIFETIME_S
        self._remembered[server_id, member_id] = (until, is_member)
