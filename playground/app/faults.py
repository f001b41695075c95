"""Faults that tests inject: 429s, failures, late acknowledgements, lost connections.

A route is written as in the record of requests: `"PATCH /channels/{channel_id}/messages/..."`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from playground.gateway.gateway import Gateway
from playground.state.people import Permission
from playground.state.world import World

SEND_MESSAGE = "POST /channels/{channel_id}/messages"
READ_MESSAGE = "GET /channels/{channel_id}/messages/{message_id}"
DELETE_MESSAGE = "DELETE /channels/{channel_id}/messages/{message_id}"
EDIT_MESSAGE = "PATCH /channels/{channel_id}/messages/{message_id}"
CALLBACK = "POST /interactions/{interaction_id}/{interaction_token}/callback"
FOLLOW_UP = "POST /webhooks/{webhook_id}/{webhook_token}"
GATEWAY = "GET /gateway"


class MessageIds(Protocol):
    """A message as a member sees it: its ids are what is needed here."""

    @property
    def id(self) -> str: ...

    @property
    def channel_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Answer 429; `everywhere` makes it the global limit."""

    retry_after: float
    everywhere: bool


@dataclass(frozen=True, slots=True)
class ServerFailure:
    """Answer this status without doing anything."""

    status: int


@dataclass(slots=True)
class _Plan:
    """A fault waiting for the next `times` requests."""

    fault: RateLimited | ServerFailure
    times: int
    uploads_only: bool = False


@dataclass(slots=True)
class Hold:
    """Requests of a route that wait until `release`; `waiting` is set once there is one."""

    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let them go on, and later ones pass."""
        self._open.set()

    async def pass_through(self) -> None:
        self.waiting.set()
        await self._open.wait()


class Faults:
    """The faults that are planned. Used by tests through `Playground.faults`."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self._plans: dict[str, list[_Plan]] = {}
        self._holds: dict[str, Hold] = {}
        self.clock_skew_s = 0.0
        self._held_answers: dict[str, Hold] = {}
        self._lost_answers: dict[str, int] = {}

    def rate_limit(
        self, route: str, times: int = 1, retry_after: float = 0.1, *, everywhere: bool = False
    ) -> None:
        """Answer the next requests of a route with 429."""
        self._plan(route, _Plan(RateLimited(retry_after, everywhere), times))

    def fail(
        self, route: str, times: int = 1, status: int = 500, *, uploads_only: bool = False
    ) -> None:
        """Answer the next requests of a route (that carry files) with an error."""
        self._plan(route, _Plan(ServerFailure(status), times, uploads_only))

    def hold(self, route: str) -> Hold:
        """Keep requests of a route waiting until released: a late acknowledgement, or (GATEWAY)
        a bot that cannot come back yet."""
        hold = self._holds[route] = Hold()
        return hold

    def hold_answers(self, route: str) -> Hold:
        """Carry out requests of a route, but keep their answers waiting until released."""
        hold = self._held_answers[route] = Hold()
        return hold

    def lose_answers(self, route: str, times: int = 1) -> None:
        """Carry out the next requests of a route, but answer them with a 503."""
        self._lost_answers[route] = times

    def deny(self, channel: str, permission: Permission = Permission.SEND_MESSAGES) -> None:
        """The bot no longer has a permission in this channel of the server: to post, by default."""
        self._deny(channel, permission)

    def keep_from_reading(self, channel: str) -> None:
        """The bot may no longer read older messages in this channel of the server."""
        self._deny(channel, Permission.READ_MESSAGE_HISTORY)

    def hide(self, channel: str) -> None:
        """The bot no longer sees this channel of the server."""
        self._deny(channel, Permission.VIEW_CHANNEL)

    def allow(self, channel: str) -> None:
        """The bot may see this channel of the server, and post there."""
        self._deny(channel, None)

    async def delete(self, message: MessageIds) -> None:
        """A moderator deletes a message."""
        self._world.delete(self._world.message(int(message.channel_id), int(message.id)))

    def grant_flags(self, flags: int) -> None:
        """The application's flags, such as those of privileged intents."""
        self._world.application_flags = flags

    def skew_clock(self, seconds: float) -> None:
        """Discord's clock is this much ahead of ours: in `Date` headers and in new ids."""
        self.clock_skew_s = seconds
        self._world.ids.skew_s = seconds

    def remove_member(self, name: str, *, banned: bool = False, server: str | None = None) -> None:
        """A member leaves a server, the bot's first by default, or is banned from it."""
        guild = self._world.guild if server is None else self._world.find_guild(server)
        user_id = self._world.find_person(name).user.id
        self._world.remove_member(guild, user_id, banned=banned)

    def add_bot_again(self, by: str | None = None) -> None:
        """Somebody, the owner by default, removes the bot from its server, and adds it again."""
        owner_id = self._world.guild.owner_id
        self._world.bot_added_by = self._world.find_person(by).user.id if by else owner_id
        self._world.leave(self._world.guild)
        self._world.join()

    async def drop(self, *, resumable: bool = True, shard: int | None = None) -> None:
        """Cut the bot's gateway connections, or that of one shard; the sessions can be resumed, or
        are forgotten."""
        await self._gateway.drop(resumable=resumable, shard=shard)

    def ask_to_reconnect(self) -> None:
        """Tell the bot to reconnect (op 7)."""
        self._gateway.ask_to_reconnect()

    def mute_heartbeats(self) -> None:
        """Acknowledge no heartbeat any more on the present connections."""
        self._gateway.mute_heartbeats()

    # ------------------------------------------------------------------ asked by REST

    async def pass_through(self, route: str) -> None:
        """Wait while requests of this route are held."""
        if route in self._holds:
            await self._holds[route].pass_through()

    async def answer(self, route: str) -> ServerFailure | None:
        """Wait while answers of this route are held; the fault that takes the place of one."""
        if route in self._held_answers:
            await self._held_answers[route].pass_through()
        if self._lost_answers.get(route, 0) > 0:
            self._lost_answers[route] -= 1
            return ServerFailure(503)
        return None

    def next(self, route: str, *, has_files: bool) -> RateLimited | ServerFailure | None:
        """The fault planned for this request, if there is one."""
        for plan in self._plans.get(route, ()):
            if plan.times > 0 and (has_files or not plan.uploads_only):
                plan.times -= 1
                return plan.fault
        return None

    def _plan(self, route: str, plan: _Plan) -> None:
        self._plans.setdefault(route, []).append(plan)

    def _deny(self, name: str, denied: Permission | None) -> None:
        channel = next(c for c in self._world.channels.values() if c.name == name)
        self._world.deny_bot(channel, denied)
