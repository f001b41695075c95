"""`/healthz` and `/readyz` of the bot, as Compose and Kubernetes ask them."""

import asyncio
import json
from typing import Any

from aiohttp import ClientSession

from bot.client import DarkroomBot
from bot.observability.server import watched
from playground import Playground
from playground.app.faults import GATEWAY
from playground.testing.member import Member
from storage.database import Database
from tests.support.bot.deployment import Deployment
from tests.support.processes import RunningProcess


async def _ask(url: str, path: str) -> tuple[int, Any]:
    async with ClientSession() as session, session.get(url + path) as response:
        return response.status, json.loads(await response.text())


async def test_the_process_serves_them_where_it_is_told_to(
    deployment: Deployment, ada: Member
) -> None:
    environment = {**deployment.environment(), "DARKROOM_METRICS_PORT": "0"}
    async with RunningProcess("-m", "bot", "bot", environment=environment) as process:
        url = (await process.printed(r"metrics and health at (http://127.0.0.1:\d+)"))[1]
        await process.printed("connected as")
        assert await _ask(url, "/healthz") == (200, {"status": "ok"})
        ready = {"status": "ok", "gateway": True, "database": True}
        assert await _ask(url, "/readyz") == (200, ready)


async def test_without_the_gateway_it_is_alive_and_not_ready(
    bot: DarkroomBot, playground: Playground
) -> None:
    async with watched(bot.figures, "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}"
        held = playground.faults.hold(GATEWAY)
        await playground.faults.drop()
        await held.waiting.wait()
        away = {"status": "not ready", "gateway": False, "database": True}
        assert await _ask(url, "/readyz") == (503, away)
        assert await _ask(url, "/healthz") == (200, {"status": "ok"})
        held.release()
        while (await _ask(url, "/readyz"))[0] != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_without_the_database_it_is_alive_and_not_ready(
    bot: DarkroomBot, database: Database
) -> None:
    async with watched(bot.figures, "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}"
        await database.close()
        away = {"status": "not ready", "gateway": True, "database": False}
        assert await _ask(url, "/readyz") == (503, away)
        assert await _ask(url, "/healthz") == (200, {"status": "ok"})
