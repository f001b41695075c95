"""A small HTTP server for those who watch the bot: `/metrics`, `/healthz` and `/readyz`."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from bot.observability.gauges import BotFigures

log = logging.getLogger(__name__)


class CannotListen(Exception):
    """The address or port cannot be used; the message is one sentence for a person."""


@contextlib.asynccontextmanager
async def watched(figures: BotFigures, host: str, port: int | None) -> AsyncIterator[int | None]:
    """Serve while the block runs; yields the port, None where none is wanted.

    Raises CannotListen.
    """
    if port is None:
        yield None
        return
    runner = web.AppRunner(_Pages(figures).app(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            reason = error.strerror or error
            raise CannotListen(
                f"Metrics cannot be served at {host}:{port}: {reason}. Set DARKROOM_METRICS_HOST "
                "and DARKROOM_METRICS_PORT to a free address."
            ) from error
        bound = int(runner.addresses[0][1])
        log.info("metrics and health at http://%s:%d", host, bound)
        yield bound
    finally:
        await runner.cleanup()


class _Pages:
    def __init__(self, figures: BotFigures) -> None:
        self._figures = figures
        # Whoever asks often gets the database asked by one at a time, not by as many.
        self._one_at_a_time = asyncio.Lock()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._ready)
        return app

    async def _metrics(self, _request: web.Request) -> web.Response:
        async with self._one_at_a_time:
            text = await self._figures.text()
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _alive(self, _request: web.Request) -> web.Response:
        """That it answers shows that the event loop turns."""
        return web.json_response({"status": "ok"})

    async def _ready(self, _request: web.Request) -> web.Response:
        async with self._one_at_a_time:
            database = await self._figures.reaches_database()
        figures = self._figures
        parts = {"gateway": figures.is_connected, "database": database}
        # One that stands by has done all that it can: whoever waits for it may end the other.
        is_ready = database and (figures.is_connected or figures.stands_by)
        status = "not ready" if not is_ready else "standby" if figures.stands_by else "ok"
        body: dict[str, object] = {"status": status, **parts}
        if figures.is_sharded:
            body["shards"] = {str(shard): up for shard, up in figures.shards().items()}
        if standby := figures.standby():
            body["standby"] = sorted(standby)
        return web.json_response(body, status=200 if is_ready else 503)
