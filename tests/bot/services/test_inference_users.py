"""The bot tells the inference server for which member it asks, so that its queues can be fair."""

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.client import DarkroomBot
from playground.testing.member import Member, Upload
from tests.support.bot.job_messages import whoever
from tests.support.engine.inference_server import site
from tests.support.pictures import noisy_picture

ASKED: dict[str, str] = {}
"""The user in the last body that went to each path."""


@pytest.fixture
async def inference_url(inference_url: str) -> AsyncIterator[str]:
    """The inference server, behind a proxy that reads along."""

    async def forward(request: web.Request) -> web.Response:
        body = await request.read()
        form = re.search(rb'name="user"\r\n(?:[^\r]+\r\n)*\r\n(\d*)', body)
        user = form or re.search(rb'"user": *"(\d*)"', body)
        ASKED[request.path] = user[1].decode() if user else ""
        headers = {"Content-Type": request.headers.get("Content-Type", "application/json")}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, inference_url + request.path, data=body or None, headers=headers
            ) as answer,
        ):
            return web.Response(
                status=answer.status,
                body=await answer.read(),
                content_type=answer.content_type,
            )

    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", forward)
    ASKED.clear()
    async with site(app) as url:
        yield url


async def test_every_question_is_asked_for_its_member(bot: DarkroomBot, ada: Member) -> None:
    described = await ada.slash("darkroom", "describe", image=Upload("fox.png", noisy_picture(64)))
    await ada.wait_for(lambda m: m.id == described.id and m.embeds)
    weighed = await ada.slash("darkroom", "shorten", prompt="a very quick red fox")
    await ada.wait_for(lambda m: m.id == weighed.id and m.embeds)
    await ada.slash("darkroom", "imagine", prompt="zq " * 400)
    member_id = str(whoever(described))
    for path in ("/v1/images/descriptions", "/v1/prompts/weights", "/v1/prompts/tokens"):
        assert ASKED[path] == member_id, path
