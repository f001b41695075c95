"""What the server does besides drawing: puts pictures into words, weighs words, enlarges pictures.

    POST /v1/images/descriptions    a picture as prompts that could have made it
    POST /v1/prompts/weights        how much each word of a prompt counts
    POST /v1/prompts/tokens         how long a prompt is to the model, and how much of one it reads
    POST /v1/images/upscales        a picture several times as large

All but the counting in one thread of its own, one after another, so that no step waits for them.
Knows no requests.
"""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn, TypeVar

import numpy as np
from aiohttp import web

from diffusion.checkpoints import Checkpoint
from diffusion.decoder import PictureDecoder
from diffusion.decoding import on_white
from diffusion.fields import refuse, text
from diffusion.pictures import encode
from diffusion.scheduler import QueueFull
from diffusion.uploads import read_form, read_picture
from diffusion.worker import NotServing, State, Worker

MAX_WAITING = 16

MAX_ENLARGED = 1 << 21
"""Pixels of the largest picture that is enlarged; what comes of it by 4 takes a minute of CPU."""

MAX_SEEN = 1024
"""Pixels that the longer side of a picture has at most that is looked at; no eye has as many."""

Answer = TypeVar("Answer")


class Asides:
    """The routes and their thread."""

    def __init__(self, worker: Worker, decoder: PictureDecoder) -> None:
        self._worker = worker
        self._decoder = decoder
        self._thread = ThreadPoolExecutor(1, "asides")
        self._asked = 0

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/images/descriptions", self._describe)
        app.router.add_post("/v1/prompts/weights", self._weigh)
        app.router.add_post("/v1/prompts/tokens", self._count)
        app.router.add_post("/v1/images/upscales", self._upscale)
        app.on_cleanup.append(self._close)

    async def _describe(self, http: web.Request) -> web.Response:
        file, checkpoint = await self._picture(http)
        if not checkpoint.describer.sees:
            _cannot(checkpoint, "put pictures into words")

        picture = await read_picture(self._decoder, file, "image", fit_side=MAX_SEEN)
        prompts = await self._run(lambda: checkpoint.describer.describe(picture.image()))
        return web.json_response({"data": [{"prompt": prompt} for prompt in prompts]})

    async def _weigh(self, http: web.Request) -> web.Response:
        body = await _read_object(http)
        checkpoint, prompt = self._checkpoint(body), text(body, "prompt", None)
        if not prompt.strip():
            refuse("prompt", "The prompt is empty: say what to weigh.")
        weights = await self._run(lambda: checkpoint.describer.weigh(prompt))
        return web.json_response(
            {"data": [{"word": word, "weight": weight} for word, weight in weights]}
        )

    async def _count(self, http: web.Request) -> web.Response:
        body = await _read_object(http)
        reader, prompt = self._checkpoint(body).text, text(body, "prompt", None)
        # Takes milliseconds, and somebody waits for it: not behind an enlargement.
        tokens = await asyncio.to_thread(reader.count_tokens, prompt)
        return web.json_response({"tokens": tokens, "max_tokens": reader.most_tokens})

    async def _upscale(self, http: web.Request) -> web.Response:
        file, checkpoint = await self._picture(http)
        upscaler = checkpoint.upscaler
        if upscaler is None:
            _cannot(checkpoint, "enlarge pictures")

        picture = await read_picture(
            self._decoder, file, "image", fit_side=None, max_pixels=MAX_ENLARGED
        )

        def enlarge() -> tuple[str, bytes]:
            enlarged = upscaler.enlarge(np.array(on_white(picture.image())))
            return f"{enlarged.shape[1]}x{enlarged.shape[0]}", encode(enlarged, "png", picture.text)

        size, enlarged = await self._run(enlarge)
        entry = {"b64_json": base64.b64encode(enlarged).decode("ascii")}
        return web.json_response(
            {"created": int(time.time()), "size": size, "output_format": "png", "data": [entry]}
        )

    async def _picture(self, http: web.Request) -> tuple[bytes, Checkpoint]:
        """The file of a form, and the model that it is meant for."""
        form = await read_form(http, ("image",))
        checkpoint = self._checkpoint(form.texts)
        if "image" not in form.files:
            refuse("image", "“image” is missing: send the picture as a file.")
        return form.files["image"], checkpoint

    def _checkpoint(self, body: Mapping[str, object]) -> Checkpoint:
        """The model that is asked for. Raises NotServing."""
        if self._worker.state is not State.READY:
            raise NotServing(self._worker.state)
        checkpoint = self._worker.engine.checkpoint
        name = text(body, "model", checkpoint.info.id)
        if name != checkpoint.info.id:
            known = checkpoint.info.id
            refuse("model", f"There is no model “{name[:80]}”. Known: {known}.")
        return checkpoint

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        """Do it in the thread. Raises QueueFull where too many wait already."""
        if self._asked == MAX_WAITING:
            raise QueueFull
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._asked -= 1

    async def _close(self, _app: web.Application) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


async def _read_object(http: web.Request) -> Mapping[str, object]:
    try:
        body = json.loads(await http.read())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, Mapping):
        refuse(None, "The body must be a JSON object.")
    return body


def _cannot(checkpoint: Checkpoint, what: str) -> NoReturn:
    refuse("model", f"The model “{checkpoint.info.id}” cannot {what}.")
