"""`python -m playground` as a process."""

from __future__ import annotations

import os
import signal

import aiohttp
import pytest

from tests.support.processes import RunningProcess


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_is_and_stops_when_told(number: signal.Signals) -> None:
    async with RunningProcess("-m", "playground", "--port", "0") as process:
        ready = await process.printed(r"playground ready at (http://127\.0\.0\.1:\d+)\n")
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{ready[1]}/member/Ada/events"),
            session.get(ready[1]) as response,
        ):
            assert response.status == 200
            process.send(number)
            assert await process.wait() == 0
        assert process.output == ready[0]


async def test_a_port_in_use_is_one_sentence() -> None:
    async with RunningProcess("-m", "playground", "--port", "0") as first:
        port = (await first.printed(r"127\.0\.0\.1:(\d+)"))[1]
        async with RunningProcess("-m", "playground", "--port", port) as second:
            assert await second.wait() == os.EX_CONFIG
            assert second.output.startswith(f"The playground cannot listen on port {port}: ")
            assert "Traceback" not in second.output
