"""What tests of engines on Ray have in common: a key, settings, a free port, requests, waiting."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from bot.config import Settings
from diffusion.protocol.client import InferenceClient
from diffusion.protocol.events import Finished
from diffusion.protocol.requests import ImageRequest, Noise
from playground import Playground

KEY = "open sesame"


@pytest.fixture
def settings(tmp_path: Path, playground: Playground, inference_url: str) -> Settings:
    """Of a bot that has the key."""
    return Settings(
        _env_file=None,
        discord_token=SecretStr("playground"),
        discord_url=playground.url,
        inference_url=inference_url,
        inference_api_key=SecretStr(KEY),
        DARKROOM_DATA=tmp_path / "data",
        DARKROOM_FILTER="off",
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def a_request(seed: int, **changes: object) -> ImageRequest:
    """Four pictures, as the bot asks for them."""
    usual: dict[str, object] = {
        "model": "tiny",
        "prompt": "a red fox",
        "noises": tuple(Noise(seed + number) for number in range(4)),
        "width": 64,
        "height": 64,
        "steps": 8,
        "guidance_scale": 3.0,
    }
    return ImageRequest(**usual | changes)  # type: ignore[arg-type]


async def drawn(client: InferenceClient, request: ImageRequest) -> tuple[bytes, ...]:
    last = [event async for event in client.generate(request, previews=0)][-1]
    assert isinstance(last, Finished), last
    return last.pictures


async def until_ready(url: str, count: int) -> None:
    """Wait until so many replicas answer, of all models together, and the fleet is ready."""
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(url + "/health") as response:
                said = await response.json()
            if response.status == 200 and sum(said["replicas"].values()) == count:
                return
            await asyncio.sleep(0.2)
