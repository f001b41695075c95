"""What tests of engines on Ray have in common: a key, a free port, requests, and waiting."""

import asyncio
import socket

import aiohttp

from diffusion.protocol.client import InferenceClient
from diffusion.protocol.events import Finished
from diffusion.protocol.requests import ImageRequest, Noise

KEY = "open sesame"


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
