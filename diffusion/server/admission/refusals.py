"""Errors in the shape of OpenAI's Images API, as a whole answer or as an event of a stream."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web


def refusal(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """An error as the whole answer. `param` is the field at fault, `code` a word for programs."""
    return web.json_response(_error(status, message, param, code), status=status, headers=headers)


def closing(response: web.Response) -> web.Response:
    """Close the connection after this answer: the rest of the request's body may never end."""
    response.force_close()
    return response


def error_event(status: int, message: str, code: str) -> bytes:
    """An error as an event of a stream, whose status line was sent long ago."""
    return event_bytes("error", _error(status, message, None, code))


def event_bytes(kind: str, content: Mapping[str, Any]) -> bytes:
    """A server-sent event of this kind."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content})}\n\n".encode()


def _error(status: int, message: str, param: str | None, code: str | None) -> dict[str, Any]:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    if status == 429:
        kind = "rate_limit_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
