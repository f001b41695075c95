"""What every stand-in keeps of the calls it got, for tests to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(slots=True)
class Received:
    """One call: where it went, its fields, and its files by their names."""

    path: str
    fields: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


async def received(request: web.Request) -> Received:
    """A JSON body, or a form in which numbers are texts."""
    if request.content_type == "application/json":
        return Received(request.path, await request.json(), {}, request.headers)
    call = Received(request.path, {}, {}, request.headers)
    form = await request.post()
    for name, value in form.items():
        if isinstance(value, web.FileField):
            call.files[name] = value.file.read()
        else:
            call.fields[name] = value
    return call
