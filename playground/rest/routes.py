"""The table of REST routes, and the steps of every request.

recorded → held or failed on purpose → authorized → rate-limited → read → handled → checked
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from aiohttp import web

from playground.app.faults import RateLimited, ServerFailure
from playground.app.standin import BotRequest, StandIn
from playground.rest import commands, guilds, identity, messages, webhooks
from playground.rest.call import Call, ParsedBody, read_body
from playground.rest.rate_limits import RateLimits, Verdict
from playground.state import errors
from playground.state.errors import DiscordError, Reason

log = logging.getLogger(__name__)

PREFIX = "/api/v10"
Handle = Callable[[Call], Any]

_GUILD = "/guilds/{guild_id}"
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_REACTION = _MESSAGE + "/reactions/{emoji_name}"
_COMMANDS = "/applications/{application_id}/commands"
_GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"

ROUTES: tuple[tuple[str, str, Handle], ...] = (
    ("GET", "/gateway", identity.get_gateway),
    ("GET", "/gateway/bot", identity.get_gateway_bot),
    ("GET", "/users/@me", identity.get_me),
    ("GET", "/users/{user_id}", identity.get_user),
    ("GET", "/oauth2/applications/@me", identity.get_application),
    ("GET", "/applications/@me", identity.get_application),
    ("GET", "/users/@me/guilds", guilds.list_own_guilds),
    ("DELETE", "/users/@me/guilds/{guild_id}", guilds.leave_guild),
    ("GET", _GUILD, guilds.get_guild),
    ("GET", _GUILD + "/channels", guilds.list_channels),
    ("GET", _GUILD + "/members", guilds.list_members),
    ("GET", _GUILD + "/members/{user_id}", guilds.get_member),
    ("GET", _GUILD + "/roles", guilds.list_roles),
    ("GET", _GUILD + "/audit-logs", guilds.get_audit_log),
    ("GET", _GUILD + "/threads/active", guilds.list_threads),
    ("GET", _GUILD + "/webhooks", guilds.list_webhooks),
    ("GET", _GUILD + "/emojis", guilds.list_nothing),
    ("GET", _GUILD + "/stickers", guilds.list_nothing),
    ("GET", _GUILD + "/scheduled-events", guilds.list_nothing),
    ("GET", _GUILD + "/soundboard-sounds", guilds.list_no_items),
    ("GET", "/channels/{channel_id}/threads/archived/public", guilds.list_threads),
    ("GET", "/channels/{channel_id}/threads/archived/private", guilds.list_threads),
    ("GET", "/channels/{channel_id}/users/@me/threads/archived/private", guilds.list_threads),
    ("GET", "/channels/{channel_id}/messages/pins", guilds.list_pins),
    ("GET", "/channels/{channel_id}/pins", guilds.list_nothing),
    ("GET", "/channels/{channel_id}/webhooks", guilds.list_webhooks),
    ("GET", "/applications/{application_id}/emojis", guilds.list_no_items),
    ("GET", "/applications/{application_id}/entitlements", guilds.list_nothing),
    ("GET", _GUILD_COMMANDS + "/permissions", guilds.list_nothing),
    ("GET", "/soundboard-default-sounds", guilds.list_nothing),
    ("GET", "/sticker-packs", guilds.list_sticker_packs),
    ("GET", "/voice/regions", guilds.list_nothing),
    *(
        (method, root + rest, handle)
        for root in (_COMMANDS, _GUILD_COMMANDS)
        for method, rest, handle in (
            ("GET", "", commands.list_commands),
            ("PUT", "", commands.replace_commands),
            ("POST", "", commands.create_command),
            ("GET", "/{command_id}", commands.get_command),
            ("PATCH", "/{command_id}", commands.change_command),
            ("DELETE", "/{command_id}", commands.delete_command),
        )
    ),
    ("POST", "/interactions/{interaction_id}/{interaction_token}/callback", webhooks.respond),
    ("POST", _WEBHOOK, webhooks.follow_up),
    *(
        (method, f"{_WEBHOOK}/messages/{name}", handle)
        for name in ("@original", "{message_id}")
        for method, handle in (
            ("GET", webhooks.get_message),
            ("PATCH", webhooks.edit_message),
            ("DELETE", webhooks.delete_message),
        )
    ),
    ("GET", "/channels/{channel_id}", messages.get_channel),
    ("GET", "/channels/{channel_id}/messages", messages.list_messages),
    ("POST", "/channels/{channel_id}/messages", messages.create_message),
    ("GET", _MESSAGE, messages.get_message),
    ("PATCH", _MESSAGE, messages.edit_message),
    ("DELETE", _MESSAGE, messages.delete_message),
    ("PUT", _REACTION + "/@me", messages.add_reaction),
    ("DELETE", _REACTION + "/@me", messages.remove_own_reaction),
    ("DELETE", _REACTION + "/{user_id}", messages.remove_reaction),
    ("POST", "/channels/{channel_id}/typing", messages.type_in_channel),
    ("POST", "/users/@me/channels", messages.open_conversation),
)
OLD_EDIT_RETRY_AFTER_S = 60.0
MALFORMED_BODY_ERRORS = (KeyError, TypeError, ValueError, AttributeError)
"""What a handler may raise for a body of a shape that no rule covers; answered with a 400."""

UNAUTHENTICATED_PATHS = ("/gateway", "/interactions/", "/webhooks/")
"""Routes under these need no bot token: nothing secret, or a token in the path."""


def add_rest_routes(app: web.Application, standin: StandIn) -> None:
    """Serve every route under `/api/v10`, and Discord's 404 for all others."""
    rate_limits = RateLimits(standin.limits)
    for method, path, handle in ROUTES:
        handler = _RouteHandler(standin, rate_limits, path, handle)
        app.router.add_route(method, PREFIX + path, handler.serve)

    async def unknown(request: web.Request) -> web.StreamResponse:
        """Kept in the record as well, so that a test sees what a library missed."""
        route = f"{request.method} {request.path.removeprefix(PREFIX)}"
        asked = BotRequest(request.method, request.path, route, 404, None, (), dict(request.query))
        standin.requests.append(asked)
        return _response(404, DiscordError(errors.NOT_FOUND).body(), {})

    app.router.add_route("*", "/api/{rest:.*}", unknown)


class _RouteHandler:
    """Serves one route, from request to response."""

    def __init__(
        self, standin: StandIn, rate_limits: RateLimits, path: str, handle: Handle
    ) -> None:
        self._standin = standin
        self._rate_limits = rate_limits
        self._path = path
        self._handle = handle

    async def serve(self, request: web.Request) -> web.StreamResponse:
        route = f"{request.method} {self._path}"
        body = ParsedBody()
        headers: dict[str, str] = {}
        try:
            body = await read_body(request)
            status, answer, headers = await self._answer(request, route, body)
        except DiscordError as error:
            status, answer = error.reason.status, error.body()
        except MALFORMED_BODY_ERRORS:
            # A body of a shape that no rule above covers: still the client's mistake.
            log.exception("a body of unexpected shape on %s", route)
            status, answer = 400, DiscordError(errors.INVALID_FORM).body()
        self._record(request, route, status, body, answer)
        now = time.time() + self._standin.faults.clock_skew_s
        return _response(status, answer, {**headers, "Date": formatdate(now, usegmt=True)})

    async def _answer(
        self, request: web.Request, route: str, body: ParsedBody
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON and headers of the answer, or DiscordError."""
        await self._standin.faults.pass_through(route)
        match self._standin.faults.next(route, has_files=bool(body.files)):
            case ServerFailure(status):
                raise DiscordError(Reason(status, 0, f"{status}: made to fail"))
            case RateLimited(seconds, everywhere):
                return _limited(Verdict(False, "fault", 1, 0, seconds, everywhere))
        self._authorize(request)
        verdict = self._rate_limits.take(route, dict(request.match_info))
        if verdict is not None and not verdict.passes:
            return _limited(verdict)
        headers = verdict.headers() if verdict else {}
        call = Call(self._standin, request.match_info, request.query, body)
        try:
            answer = self._handle(call)
        except DiscordError as error:
            if error.reason is errors.TOO_MANY_OLD_EDITS:
                refusal = Verdict(False, "old", 1, 0, OLD_EDIT_RETRY_AFTER_S)
                return 429, {**_limited(refusal)[1], **error.body()}, refusal.headers()
            return error.reason.status, error.body(), headers
        if lost := await self._standin.faults.answer(route):
            raise DiscordError(Reason(lost.status, 0, f"{lost.status}: made to get lost"))
        return (204 if answer is None else 200), answer, headers

    def _authorize(self, request: web.Request) -> None:
        if self._path.startswith(UNAUTHENTICATED_PATHS) and self._path != "/gateway/bot":
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bot" or not token.strip():
            raise DiscordError(errors.UNAUTHORIZED)

    def _record(
        self, request: web.Request, route: str, status: int, body: ParsedBody, answer: Any
    ) -> None:
        files = tuple(file.filename for file in body.files)
        query = dict(request.query)
        standin = self._standin
        standin.requests.append(
            BotRequest(request.method, request.path, route, status, body.json, files, query)
        )
        if standin.description is None:
            return
        if status < 400:
            sent = standin.description.check_request(request.method, self._path, body.json)
            standin.violations.extend(sent)
        answered = standin.description.check_answer(request.method, self._path, status, answer)
        standin.violations.extend(answered)


def _limited(verdict: Verdict) -> tuple[int, Any, dict[str, str]]:
    body = {
        "message": "You are being rate limited.",
        "code": 0,
        "retry_after": round(verdict.reset_after, 3),
        "global": verdict.is_global,
    }
    return 429, body, verdict.headers()


def _response(status: int, answer: Any, headers: dict[str, str]) -> web.Response:
    if answer is None:
        return web.Response(status=status, headers=headers)
    # Exactly this type: discord.py does not read JSON that names a charset.
    typed = {**headers, "Content-Type": "application/json"}
    return web.Response(status=status, body=json.dumps(answer).encode(), headers=typed)
