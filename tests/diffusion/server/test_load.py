"""Two hundred requests at once, half of whose callers hang up: the others notice nothing."""

import asyncio
import gc
import itertools
import json
import random
from collections.abc import Sequence
from typing import Any

import aiohttp

from diffusion.engine.engine import Engine
from diffusion.loading.load import Checkpoint
from diffusion.protocol.requests import SAMPLER_NAMES, SPACING_NAMES, Noise
from diffusion.sampling.trajectory import Trajectory
from tests.support.engine.inference_requests import a_request
from tests.support.engine.inference_server import Serving, serving

KINDS: Sequence[dict[str, Any]] = [
    a_request(
        prompt=f"a {sampler} fox",
        noises=tuple(Noise(place + index) for index in range(1 + place % 3)),
        steps=2 + place % 4,
        guidance_scale=(3.0, 1.0, 7.5)[place % 3],
        sampler=sampler,
        spacing=spacing,
        width=(64, 64, 72)[place % 3],
        height=(64, 56)[place % 2],
    ).to_json()
    | {"stream": True, "progress": True}
    for place, (sampler, spacing) in enumerate(
        zip(SAMPLER_NAMES * 2, itertools.cycle(SPACING_NAMES))
    )
]
COUNT = 200


async def _ask(
    session: aiohttp.ClientSession, server: Serving, body: dict[str, Any], leave_after: int = 1000
) -> list[str] | None:
    """The pictures of a request; None if its caller hung up after so many events."""
    pictures: list[str] = []
    async with session.post(server.url + "/v1/images/generations", json=body) as response:
        assert response.status == 200
        heard = 0
        # Lines are longer than a stream reader likes them.
        async for line in _lines(response):
            if line.startswith(b"data: "):
                heard += 1
                event = json.loads(line[6:])
                assert "error" not in event
                if event["type"] == "image_generation.completed":
                    pictures.append(event["b64_json"])
            if heard == leave_after:
                response.close()
                return None
    return pictures


async def _lines(response: aiohttp.ClientResponse) -> Any:
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line


async def test_two_hundred_mixed_requests_half_of_them_cancelled(tiny: Checkpoint) -> None:
    chance = random.Random(4)
    # After one event a request has begun to wait, after more it makes steps.
    leaving = [chance.randint(1, 2) if chance.random() < 0.5 else 1000 for _ in range(COUNT)]
    kinds = [chance.randrange(len(KINDS)) for _ in range(COUNT)]
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        # One address may hold three quarters of the places.
        serving(lambda: Engine(tiny, max_waiting=2 * COUNT)) as server,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        expected = [await _ask(session, server, body) for body in KINDS]
        async with asyncio.timeout(150):
            answers = await asyncio.gather(
                *(
                    _ask(session, server, KINDS[kind], leave_after)
                    for kind, leave_after in zip(kinds, leaving, strict=True)
                )
            )
            while len(server.engine):  # noqa: ASYNC110 - it lives in another thread
                await asyncio.sleep(0.01)
        for kind, leave_after, answer in zip(kinds, leaving, answers, strict=True):
            assert answer == (expected[kind] if leave_after == 1000 else None)
        assert server.engine.rows_running == server.engine.waiting == 0
        assert not server.engine._generations
        async with session.get(server.url + "/metrics") as response:
            figures = await response.text()
        finished, cancelled = (
            int(float(figures.split(f'outcome="{outcome}"}} ')[1].split()[0]))
            for outcome in ("finished", "cancelled")
        )
        # One who leaves may just miss the end.
        stayed = sum(leave_after == 1000 for leave_after in leaving)
        assert finished + cancelled == COUNT + len(KINDS)
        assert stayed + len(KINDS) <= finished < COUNT
        gc.collect()
        assert not [one for one in gc.get_objects() if type(one) is Trajectory]
