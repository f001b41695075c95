"""The members' HTTP endpoints: each is one call into the stand-in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from playground.app.standin import StandIn
from playground.members.actions import perform
from playground.members.feed import Feed
from playground.payloads.commands import command_payload
from playground.payloads.messages import message_payload
from playground.state import limits
from playground.state.errors import DiscordError, Refusal
from playground.state.messages import MessageDraft, StoredMessage, store_file
from playground.state.people import Channel, GuildMember, Permission, may

Answer = Callable[[web.Request, GuildMember], Awaitable[Any]]


def add_member_routes(app: web.Application, standin: StandIn, feed: Feed) -> None:
    """Serve `/member/{name}/…`."""
    endpoints = _MemberEndpoints(standin, feed)
    channel = "channels/{channel}"
    message = channel + "/messages/{message}"
    table: tuple[tuple[str, str, Answer], ...] = (
        ("GET", "state", endpoints.state),
        ("GET", channel + "/messages", endpoints.list_messages),
        ("POST", channel + "/messages", endpoints.say),
        ("DELETE", message, endpoints.delete),
        ("PUT", message + "/reactions/{emoji}", endpoints.react),
        ("DELETE", message + "/reactions/{emoji}", endpoints.unreact),
        ("GET", channel + "/commands", endpoints.list_commands),
        ("PUT", channel + "/age-restriction", endpoints.restrict_age),
        ("DELETE", channel + "/age-restriction", endpoints.lift_age_restriction),
        ("PUT", "roles/{role}", endpoints.give_role),
        ("DELETE", "roles/{role}", endpoints.take_role),
        ("PUT", "app", endpoints.install),
        ("DELETE", "app", endpoints.uninstall),
        ("POST", "uploads", endpoints.upload),
        ("POST", "interactions", endpoints.interact),
    )
    for method, path, answer in table:
        app.router.add_route(
            method, "/member/{name}/" + path, _with_error_messages(standin, answer)
        )

    async def events(request: web.Request) -> web.StreamResponse:
        try:
            member = standin.world.find_person(request.match_info["name"])
        except DiscordError as error:
            raise web.HTTPNotFound(text=error.reason.message) from None
        return await feed.watch(request, member)

    app.router.add_get("/member/{name}/events", events)


def _with_error_messages(
    standin: StandIn, answer: Answer
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler that finds the member and answers errors with a message."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            member = standin.world.find_person(request.match_info["name"])
            return web.json_response(await answer(request, member))
        except DiscordError as error:
            return web.json_response(error.body(), status=error.reason.status)
        except Refusal as refusal:
            return web.json_response({"message": str(refusal)}, status=400)
        except web.HTTPRequestEntityTooLarge:
            return web.json_response({"message": "That is too large."}, status=413)
        except (KeyError, TypeError, ValueError):
            return web.json_response({"message": "The request is malformed."}, status=400)

    return handle


class _MemberEndpoints:
    """What a member can do and see."""

    def __init__(self, standin: StandIn, feed: Feed) -> None:
        self._standin = standin
        self._world = standin.world
        self._feed = feed

    async def state(self, _: web.Request, member: GuildMember) -> Any:
        return self._feed.state(member)

    async def list_messages(self, request: web.Request, member: GuildMember) -> Any:
        channel = self._channel(request, member)
        messages = self._world.history(channel.id, member.user.id)
        return [self._payload(message, member) for message in messages]

    async def say(self, request: web.Request, member: GuildMember) -> Any:
        channel = self._channel(request, member, Permission.SEND_MESSAGES)
        content = str((await request.json())["content"]).strip()
        if not 0 < len(content) <= limits.MAX_CONTENT_CHARS:
            raise Refusal(f"A message has 1 to {limits.MAX_CONTENT_CHARS} characters.")
        message = self._world.post(channel, member.user.id, MessageDraft(content=content))
        return self._payload(message, member)

    async def restrict_age(self, request: web.Request, member: GuildMember) -> Any:
        self._world.restrict_age(self._channel(request, member, Permission.MANAGE_CHANNELS), True)
        return {}

    async def lift_age_restriction(self, request: web.Request, member: GuildMember) -> Any:
        self._world.restrict_age(self._channel(request, member, Permission.MANAGE_CHANNELS), False)
        return {}

    async def delete(self, request: web.Request, member: GuildMember) -> Any:
        channel, message = self._message(request, member)
        own = member.user.id in (message.author_id, message.visible_to)
        bits = self._world.permissions(member.user.id, channel)
        if not own and not may(bits, Permission.MANAGE_MESSAGES):
            raise Refusal("You do not have permission to delete that message.")
        self._world.delete(message)
        return {}

    async def react(self, request: web.Request, member: GuildMember) -> Any:
        _, message = self._message(request, member, Permission.ADD_REACTIONS)
        if message.visible_to is not None:
            raise Refusal("You cannot react to a message that only you can see.")
        self._world.react(message, request.match_info["emoji"], member.user.id)
        return {}

    async def unreact(self, request: web.Request, member: GuildMember) -> Any:
        _, message = self._message(request, member)
        self._world.unreact(message, request.match_info["emoji"], member.user.id)
        return {}

    async def list_commands(self, request: web.Request, member: GuildMember) -> Any:
        channel = self._channel(request, member)
        usable = self._standin.commands.usable(member, channel)
        return [command_payload(self._world, command) for command in usable]

    async def give_role(self, request: web.Request, member: GuildMember) -> Any:
        """As the owner of the bot's server would: a role that is not there yet is made."""
        permissions = int(request.query.get("permissions", 0))
        role = self._world.role_named(request.match_info["role"], permissions)
        self._world.give_role(member.user.id, role)
        return {"id": str(role.id)}

    async def take_role(self, request: web.Request, member: GuildMember) -> Any:
        role = self._world.role_named(request.match_info["role"])
        self._world.take_role(member.user.id, role)
        return {"id": str(role.id)}

    async def install(self, _: web.Request, member: GuildMember) -> Any:
        self._world.install(member.user.id, True)
        return {}

    async def uninstall(self, _: web.Request, member: GuildMember) -> Any:
        self._world.install(member.user.id, False)
        return {}

    async def upload(self, request: web.Request, _: GuildMember) -> Any:
        async for part in await request.multipart():
            if getattr(part, "name", None) == "file":
                content = bytes(await part.read())  # type: ignore[union-attr]
                if len(content) > self._standin.limits.attachment_size:
                    raise Refusal("That file is too large.")
                name = getattr(part, "filename", None) or "file"
                file = store_file(self._world.ids.next(), name, content, None)
                self._world.uploads[file.id] = file
                return {"id": str(file.id), "filename": file.filename}
        raise Refusal("The upload has no part named file.")

    async def interact(self, request: web.Request, member: GuildMember) -> Any:
        return await perform(self._standin, member, await request.json())

    def _channel(
        self, request: web.Request, member: GuildMember, needed: Permission | None = None
    ) -> Channel:
        channel = self._world.find_channel(request.match_info["channel"], member.user.id)
        bits = self._world.permissions(member.user.id, channel)
        if needed is not None and not may(bits, needed):
            raise Refusal("You do not have permission to do that here.")
        return channel

    def _message(
        self, request: web.Request, member: GuildMember, needed: Permission | None = None
    ) -> tuple[Channel, StoredMessage]:
        channel = self._channel(request, member, needed)
        message = self._world.message(channel.id, int(request.match_info["message"]))
        if not self._world.can_see(member.user.id, message):
            raise Refusal("That message was deleted.")
        return channel, message

    def _payload(self, message: StoredMessage, member: GuildMember) -> Any:
        return message_payload(self._world, message, member.user.id)
