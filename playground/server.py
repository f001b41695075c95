"""Serves the stand-in on 127.0.0.1: REST, gateway, CDN, the members' endpoints and the page."""

from __future__ import annotations

import functools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from playground.app import faults
from playground.app.administration import Administration
from playground.app.faults import Faults
from playground.app.standin import BotRequest, StandIn
from playground.members.feed import Feed
from playground.members.routes import add_member_routes
from playground.rest.cdn import add_cdn_routes
from playground.rest.routes import add_rest_routes
from playground.state.limits import Limits

if TYPE_CHECKING:
    from playground.validation.openapi import ApiDescription

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HOST = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
PAGE_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Playground:
    """A running playground, for tests: its address, faults to inject, the bot's requests."""

    url: str
    faults: Faults
    administration: Administration
    requests: Sequence[BotRequest]
    violations: Sequence[str]


@asynccontextmanager
async def running_playground(
    port: int = 0, limits: Limits | None = None
) -> AsyncIterator[Playground]:
    """Run the stand-in on this event loop; port 0 picks a free one.

    Where the environment's `DISCORD_OPENAPI` names a copy of Discord's OpenAPI description,
    all traffic is checked against it.
    """
    standin = StandIn(limits or Limits(), _find_description())
    feed = Feed(standin)
    runner = web.AppRunner(_build_app(standin, feed), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        standin.world.base_url = f"http://{HOST}:{runner.addresses[0][1]}"
        yield Playground(
            standin.world.base_url,
            standin.faults,
            Administration(standin.world),
            standin.requests,
            standin.violations,
        )
    finally:
        await standin.gateway.close()
        await feed.close()
        await runner.cleanup()


def _find_description() -> ApiDescription | None:
    path = os.environ.get("DISCORD_OPENAPI")
    if not path:
        return None
    return _load_description(Path(path))


@functools.cache
def _load_description(path: Path) -> ApiDescription:
    """Of a megabyte, and the same for every playground of a process."""
    # Imported only here: nothing but these checks needs jsonschema-rs.
    from playground.validation.openapi import ApiDescription

    return ApiDescription.load(path)


def _build_app(standin: StandIn, feed: Feed) -> web.Application:
    app = web.Application(client_max_size=standin.limits.request_size, middlewares=[_check_origin])
    add_rest_routes(app, standin)
    add_cdn_routes(app, standin)
    add_member_routes(app, standin, feed)

    async def gateway(request: web.Request) -> web.StreamResponse:
        await standin.faults.pass_through(faults.GATEWAY)
        if standin.faults.next(faults.GATEWAY, has_files=False) is not None:
            raise web.HTTPServiceUnavailable
        return await standin.gateway.connect(request)

    async def index(_: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    app.router.add_get("/gateway", gateway)
    app.router.add_get("/gateway/", gateway)
    app.router.add_get("/", index)
    app.router.add_static("/page/", PAGE)
    app.on_response_prepare.append(_add_page_headers)
    return app


@web.middleware
async def _check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests of other sites: a browser's must come from our own page.

    A site may point its own name at this address, or send requests here in the background; both
    show in Host or Origin.
    """
    host = request.host.rsplit(":", 1)[0]
    origin = request.headers.get("Origin")
    if host not in (HOST, "localhost") or origin not in (None, f"http://{request.host}"):
        raise web.HTTPForbidden(text="This playground talks to its own page only.")
    return await handler(request)


async def _add_page_headers(request: web.Request, response: web.StreamResponse) -> None:
    if request.path == "/" or request.path.startswith("/page/"):
        response.headers.update(PAGE_HEADERS)
