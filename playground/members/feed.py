"""The members' live feed: a websocket that sends the whole state, then every change."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from playground.app.standin import StandIn
from playground.payloads.messages import message_payload
from playground.payloads.people import AVATAR
from playground.state.changes import (
    Change,
    MessageCreate,
    MessageDelete,
    MessageUpdate,
    ReactionChange,
    TypingStart,
)
from playground.state.limits import CLOSE_TIMEOUT_S
from playground.state.people import Channel, ChannelKind, GuildMember, Permission, User, may
from playground.state.world import World


@dataclass(slots=True, eq=False)
class _Viewer:
    member: GuildMember
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def push(self, event: dict[str, Any]) -> None:
        self.outbox.put_nowait(json.dumps(event))


class Feed:
    """The connected members, and what each may see."""

    def __init__(self, standin: StandIn) -> None:
        self._standin = standin
        self._viewers: set[_Viewer] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        standin.world.listeners.append(self._tell)
        standin.gateway.presence.append(self._tell_state)
        standin.commands.listeners.append(self._tell_state)

    async def watch(self, request: web.Request, member: GuildMember) -> web.WebSocketResponse:
        """Serve one member's websocket until it closes."""
        socket = web.WebSocketResponse(heartbeat=30, timeout=CLOSE_TIMEOUT_S)
        await socket.prepare(request)
        viewer = _Viewer(member)
        comes_online = not self._is_watching(member.user.id)
        self._viewers.add(viewer)
        viewer.push(self._hello(member))
        if comes_online:
            self._tell_state()
        self._sockets.add(socket)
        writer = asyncio.create_task(_write(socket, viewer))
        try:
            async for _ in socket:
                pass  # Members act through HTTP; nothing is expected here.
        finally:
            self._viewers.discard(viewer)
            self._sockets.discard(socket)
            writer.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await writer
            if not self._is_watching(member.user.id):
                self._tell_state()
        return socket

    async def close(self) -> None:
        await asyncio.gather(*(socket.close(code=1001) for socket in list(self._sockets)))

    def state(self, member: GuildMember) -> dict[str, Any]:
        """The server, its members and the channels that this member sees, as JSON for the page."""
        world = self._standin.world
        world.conversation_with(member.user.id)
        channels = [
            {
                "id": str(channel.id),
                **_shown(world, channel, member),
                "topic": channel.topic or "",
                "age_restricted": channel.age_restricted,
                "bot_may_post": may(
                    world.permissions(world.bot.id, channel), Permission.SEND_MESSAGES
                ),
            }
            for channel in world.channels.values()
            # In these, nobody writes.
            if channel.kind not in (ChannelKind.CATEGORY, ChannelKind.FORUM)
            and world.can_view(member.user.id, channel)
        ]
        return {
            "me": self._person(member.user),
            "people": [
                {**self._person(each.user), "roles": self._roles(each)}
                for each in world.members.values()
            ],
            "server": world.guild.name,
            "app_installed": member.user.id in world.installed_by,
            "owner_id": str(world.guild.owner_id),
            "channels": channels,
            "bot": self._person(world.bot),
            "commands_version": self._standin.commands.version,
        }

    def _roles(self, member: GuildMember) -> list[str]:
        """The names of a member's roles on the bot's server."""
        return [role.name for role in self._standin.world.guild.roles if role.id in member.roles]

    def _person(self, user: User) -> dict[str, Any]:
        """A user; online is who has a page open, and the bot where it is connected."""
        online = self._standin.gateway.online if user.bot else self._is_watching(user.id)
        return {
            "id": str(user.id),
            "name": user.display_name,
            "bot": user.bot,
            "avatar": f"/cdn/avatars/{user.id}/{AVATAR}.png",
            "online": online,
        }

    def _is_watching(self, user_id: int) -> bool:
        return any(viewer.member.user.id == user_id for viewer in self._viewers)

    def _hello(self, member: GuildMember) -> dict[str, Any]:
        world = self._standin.world
        messages = [
            message_payload(world, message, member.user.id)
            for message in world.messages.values()
            if world.can_see(member.user.id, message)
        ]
        return {"event": "hello", "state": self.state(member), "messages": messages}

    def _tell_state(self) -> None:
        for viewer in self._viewers:
            viewer.push({"event": "state", "state": self.state(viewer.member)})

    def _tell(self, change: Change) -> None:
        world = self._standin.world
        match change:
            case MessageCreate() | MessageUpdate() | MessageDelete() | ReactionChange():
                pass
            case TypingStart():
                pass
            case _:
                self._tell_state()
                return
        for viewer in self._viewers:
            user_id = viewer.member.user.id
            match change:
                case TypingStart(channel, typist):
                    if world.can_view(user_id, channel):
                        place = {"channel_id": str(channel.id), "user_id": str(typist)}
                        viewer.push({"event": "typing", **place})
                case _ if not world.can_see(user_id, change.message):
                    pass
                case MessageDelete(message):
                    place = {
                        "channel_id": str(message.channel_id),
                        "message_id": str(message.id),
                    }
                    viewer.push({"event": "message_delete", **place})
                case MessageCreate(message) | MessageUpdate(message) | ReactionChange(message):
                    name = (
                        "message_create" if isinstance(change, MessageCreate) else "message_update"
                    )
                    shown = message_payload(world, message, user_id)
                    viewer.push({"event": name, "message": shown})


async def _write(socket: web.WebSocketResponse, viewer: _Viewer) -> None:
    while True:
        await socket.send_str(await viewer.outbox.get())


def _shown(world: World, channel: Channel, member: GuildMember) -> dict[str, Any]:
    """A channel's name and guild, as this member sees them."""
    guild = world.guild_of(channel)
    if guild is not None:
        return {"name": channel.name, "kind": "text", "server": guild.name}
    (other,) = (user for user in channel.people if user != member.user.id)
    return {"name": world.user(other).display_name, "kind": "dm", "person": str(other)}
