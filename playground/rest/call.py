"""One request of the bot, read and typed: what the handlers of REST routes get."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from aiohttp import BodyPartReader, web

from playground.app.standin import StandIn
from playground.interactions.message_drafts import Uploaded
from playground.state import errors
from playground.state.errors import DiscordError, InvalidForm
from playground.state.people import Channel, Permission, may
from playground.state.world import World
from playground.validation.rules import NOT_A_MODEL

MAX_FORM_FIELDS = 100
FILE_PART = re.compile(r"files?\[(\d+)\]|file(\d*)")


@dataclass(frozen=True, slots=True)
class ParsedBody:
    """The JSON of a request (None if it had none) and the files sent along."""

    json: Any = None
    files: tuple[Uploaded, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A request: the stand-in it asks, the parameters of its path, its query and its body."""

    standin: StandIn
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: ParsedBody

    @property
    def world(self) -> World:
        return self.standin.world

    @property
    def form(self) -> dict[str, Any]:
        """The body as an object. Raises InvalidForm if it is not one."""
        if not isinstance(self.body.json, dict):
            raise InvalidForm([errors.Complaint("_body", *NOT_A_MODEL)])
        return self.body.json

    def id(self, name: str) -> int:
        """A snowflake of the path. Raises InvalidForm if it is not one."""
        return snowflake(self.path[name], name)

    def channel(self, *needed: Permission) -> Channel:
        """The channel of the path, where the bot has the permissions needed (50001, 50013)."""
        channel = self.world.channel(self.id("channel_id"))
        bits = self.world.permissions(self.world.bot.id, channel)
        if not may(bits, Permission.VIEW_CHANNEL):
            raise DiscordError(errors.MISSING_ACCESS)
        for permission in needed:
            if not may(bits, permission):
                raise DiscordError(errors.MISSING_PERMISSIONS)
        return channel


def snowflake(text: Any, name: str) -> int:
    """An id from a path or a body. Raises InvalidForm if it is not one."""
    if not re.fullmatch(r"\d{1,20}", str(text)):
        words = f'Value "{text}" is not snowflake.'
        raise InvalidForm([errors.Complaint(name, "NUMBER_TYPE_COERCE", words)])
    return int(text)


async def read_body(request: web.Request) -> ParsedBody:
    """Read JSON, multipart or a form with `payload_json`. Raises DiscordError if it is none of
    them, or too large."""
    try:
        if request.content_type.startswith("multipart/"):
            return await _read_multipart(request)
        text = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise DiscordError(errors.TOO_LARGE) from None
    if text and request.content_type == "application/x-www-form-urlencoded":
        text = _payload_of_form(text)
    return ParsedBody(_parse(text)) if text else ParsedBody()


async def _read_multipart(request: web.Request) -> ParsedBody:
    payload: Any = None
    files = []
    size = 0
    try:
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader), "a nested multipart body"
            content = bytes(await part.read())
            size += len(content)
            if size > request.client_max_size:
                raise DiscordError(errors.TOO_LARGE)
            match = FILE_PART.fullmatch(part.name or "")
            if part.name == "payload_json":
                payload = _parse(content)
            elif match:
                index = int(match[1] or match[2] or 0)
                files.append(Uploaded(index, part.filename or "file", content))
    except (ValueError, AssertionError):
        raise DiscordError(errors.INVALID_JSON) from None
    return ParsedBody({} if payload is None else payload, tuple(files))


def _payload_of_form(text: bytes) -> bytes:
    """`payload_json` of a form: libraries write one also where there is no file to send."""
    try:
        fields = parse_qs(text.decode(), max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        raise DiscordError(errors.INVALID_JSON) from None
    # Without the field this may be JSON from a client that did not say so: curl, for one.
    return fields["payload_json"][0].encode() if "payload_json" in fields else text


def _parse(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise DiscordError(errors.INVALID_JSON) from None
