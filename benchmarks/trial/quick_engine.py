"""`python -m benchmarks.trial.quick_engine PORT`: an engine that only pretends to draw.

It speaks our inference API, with events and previews. A picture is one colour, which follows from
the prompt and the seed, so the same request gives the same bytes. It starts in a second and takes
next to nothing of the processor: what a trial measures is the bot.
"""

import argparse
import asyncio
import base64
import functools
import io
import json
import zlib
from typing import Any

from aiohttp import web
from PIL import Image

from diffusion.protocol.calls import GenerationCall, read_call
from diffusion.protocol.models import ModelInfo

MODEL = ModelInfo("quick", native_size=64, steps=4, edits=True, upscales=2, max_size=256)

STEPS = 4
STEP_S = 0.05
"""Seconds between two steps."""


@functools.lru_cache(maxsize=512)
def drawn(prompt: str, seed: int, width: int, height: int, kind: str) -> str:
    """A file in base64."""
    colour = zlib.crc32(f"{prompt} {seed}".encode())
    picture = Image.new(
        "RGB", (width, height), (colour & 255, colour >> 8 & 255, colour >> 16 & 255)
    )
    file = io.BytesIO()
    picture.save(file, kind, compress_level=1)
    return base64.b64encode(file.getvalue()).decode("ascii")


class QuickEngine:
    def __init__(self) -> None:
        self._running = 0

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/health", self._health)
        app.router.add_post("/v1/images/generations", self._generate)
        app.router.add_post("/v1/images/edits", self._edit)
        app.router.add_post("/v1/images/upscales", self._upscale)
        return app

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [MODEL.to_json()]})

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "waiting": 0, "running": self._running})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        return await self._draw(request, await request.json(), "image_generation")

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        return await self._draw(request, json.loads(str(form["request"])), "image_edit")

    async def _upscale(self, request: web.Request) -> web.Response:
        form = await request.post()
        given = next(one for one in form.values() if isinstance(one, web.FileField))
        picture = Image.open(given.file)
        larger = picture.resize((2 * picture.width, 2 * picture.height))
        file = io.BytesIO()
        larger.save(file, "png")
        encoded = base64.b64encode(file.getvalue()).decode("ascii")
        return web.json_response({"data": [{"b64_json": encoded}]})

    async def _draw(self, request: web.Request, body: Any, family: str) -> web.StreamResponse:
        call = read_call(body, {MODEL.id: MODEL}, MODEL.id, new_seed=0)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self._running += 1
        try:
            await self._stream(response, call, family)
        finally:
            self._running -= 1
        return response

    async def _stream(
        self, response: web.StreamResponse, call: GenerationCall, family: str
    ) -> None:
        wanted = call.request
        size = wanted.width, wanted.height

        async def send(kind: str, **fields: object) -> None:
            content = json.dumps({"type": f"{family}.{kind}", **fields})
            await response.write(f"event: {family}.{kind}\ndata: {content}\n\n".encode())

        async def send_all(kind: str, **fields: object) -> None:
            for index, noise in enumerate(wanted.noises):
                file = drawn(wanted.prompt, noise.seed, *size, "png")
                await send(kind, index=index, b64_json=file, **fields)

        await send("queued", position=0)
        for step in range(1, STEPS):
            await asyncio.sleep(STEP_S)
            await send("progress", step=step, steps=STEPS)
            if step == STEPS // 2 and call.partial_images:
                await send_all("partial_image", partial_image_index=0, step=step, steps=STEPS)
        await asyncio.sleep(STEP_S)
        await send_all("completed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    web.run_app(
        QuickEngine().app(), host="127.0.0.1", port=parser.parse_args().port, access_log=None
    )


if __name__ == "__main__":
    main()
