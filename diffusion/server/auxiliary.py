"""The routes besides drawing: describing pictures, weighing words, enlarging pictures.

    POST /v1/images/descriptions    prompts that could have made a picture
    POST /v1/prompts/weights        how much each word of a prompt counts
    POST /v1/prompts/tokens         how many tokens a prompt has, and how many the model reads
    POST /v1/images/upscales        a picture several times as large

Enlarging, reading with CLIP and counting tokens have a thread each. So no step of the engine waits
for them, and none of them for another.
"""

import base64
import json
import threading
import time
from typing import NoReturn

import numpy as np
from aiohttp import web

from diffusion.decoding.decode import on_white
from diffusion.decoding.decoder import PictureDecoder
from diffusion.engine.engine_thread import EngineState, EngineThread, NotServing
from diffusion.engine.shares import Caller
from diffusion.loading.load import Checkpoint
from diffusion.protocol.calls import PictureCall, PromptCall, read_question
from diffusion.protocol.errors import refuse
from diffusion.protocol.infotext import with_size
from diffusion.protocol.openai_fields import Warned
from diffusion.server.admission.bodies import body_of
from diffusion.server.responses import with_warnings
from diffusion.server.uploads import read_form, read_picture
from diffusion.server.work_queue import WorkQueue
from diffusion.vision.image_files import encode

MAX_WAITING_CALLS = 16
"""Calls that are enlarged or wait for it; and likewise calls that are read with CLIP."""

MAX_COUNTING_CALLS = 64
"""Calls whose tokens are counted or wait for it; one takes milliseconds."""

MAX_UPSCALE_INPUT_PIXELS = 1 << 21
"""Pixels of the largest picture that is enlarged. By a factor of 4 it takes a minute of CPU."""

MAX_DESCRIBED_SIDE_PX = 1024
"""A picture to describe is made smaller to this longer side, in pixels; CLIP sees fewer."""


class AuxiliaryRoutes:
    """The routes and their threads."""

    def __init__(self, engine_thread: EngineThread, decoder: PictureDecoder) -> None:
        self._engine_thread = engine_thread
        self._decoder = decoder
        self._enlarging = WorkQueue("enlarging", MAX_WAITING_CALLS)
        self._reading = WorkQueue("clip", MAX_WAITING_CALLS)
        self._counting = WorkQueue("counting", MAX_COUNTING_CALLS)

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/images/descriptions", self._describe)
        app.router.add_post("/v1/prompts/weights", self._weigh)
        app.router.add_post("/v1/prompts/tokens", self._count)
        app.router.add_post("/v1/images/upscales", self._upscale)
        app.on_cleanup.append(self._close)

    async def _describe(self, http: web.Request) -> web.Response:
        file, checkpoint, caller, warned = await self._picture(http)
        if not checkpoint.interrogator.sees:
            _cannot(checkpoint, "put pictures into words")

        picture = await read_picture(self._decoder, file, "image", fit_side=MAX_DESCRIBED_SIDE_PX)
        prompts = await self._reading.run(
            caller, lambda _: checkpoint.interrogator.describe(picture.image())
        )
        answer = {"data": [{"prompt": prompt} for prompt in prompts]}
        return web.json_response({**answer, **with_warnings(warned)})

    async def _weigh(self, http: web.Request) -> web.Response:
        call, warned = read_question(PromptCall, await body_of(http).read_json())
        checkpoint = self._checkpoint(call.model)
        if not call.prompt.strip():
            refuse("prompt", "The prompt is empty: say what to weigh.")
        weights = await self._reading.run(
            Caller.at(http.remote, call.user),
            lambda _: checkpoint.interrogator.weigh(call.prompt),
        )
        answer = {"data": [{"word": word, "weight": weight} for word, weight in weights]}
        return web.json_response({**answer, **with_warnings(warned)})

    async def _count(self, http: web.Request) -> web.Response:
        call, warned = read_question(PromptCall, await body_of(http).read_json())
        reader = self._checkpoint(call.model).text
        tokens = await self._counting.run(
            Caller.at(http.remote, call.user), lambda _: reader.count_tokens(call.prompt)
        )
        answer = {"tokens": tokens, "max_tokens": reader.most_tokens}
        return web.json_response({**answer, **with_warnings(warned)})

    async def _upscale(self, http: web.Request) -> web.Response:
        file, checkpoint, caller, warned = await self._picture(http)
        upscaler = checkpoint.upscaler
        if upscaler is None:
            _cannot(checkpoint, "enlarge pictures")

        picture = await read_picture(
            self._decoder, file, "image", fit_side=None, max_pixels=MAX_UPSCALE_INPUT_PIXELS
        )

        def enlarge(abandoned: threading.Event) -> bytes:
            pixels = np.array(on_white(picture.image()))
            enlarged = upscaler.enlarge(pixels, lambda: not abandoned.is_set())
            height, width = enlarged.shape[:2]
            png = encode(enlarged, "png", with_size(picture.text, width, height))
            return _enlarged(png, width, height, warned)

        return web.Response(
            body=await self._enlarging.run(caller, enlarge), content_type="application/json"
        )

    async def _picture(
        self, http: web.Request
    ) -> tuple[bytes, Checkpoint, Caller, tuple[Warned, ...]]:
        """The file of a form, the model it is meant for, who sent it, and what is not done."""
        form = await read_form(http, ("image",))
        strict = form.texts.get("strict")
        said = {**form.texts, "strict": {"true": True, "false": False}.get(strict or "", strict)}
        call, warned = read_question(PictureCall, said)
        checkpoint = self._checkpoint(call.model)
        if "image" not in form.files:
            refuse("image", "“image” is missing: send the picture as a file.")
        return form.files["image"], checkpoint, Caller.at(http.remote, call.user), warned

    def _checkpoint(self, name: str | None) -> Checkpoint:
        """The model of this name, or the only one. Raises InvalidField and NotServing."""
        if self._engine_thread.state is not EngineState.READY:
            raise NotServing(self._engine_thread.state)
        checkpoint = self._engine_thread.engine.checkpoint
        if name is not None and name != checkpoint.info.id:
            known = checkpoint.info.id
            refuse("model", f"There is no model “{name[:80]}”. Known: {known}.")
        return checkpoint

    async def _close(self, _app: web.Application) -> None:
        for queue in (self._enlarging, self._reading, self._counting):
            queue.close()


def _enlarged(file: bytes, width: int, height: int, warned: tuple[Warned, ...]) -> bytes:
    """The JSON answer with an enlarged picture: at most about 100 MB."""
    answer = {
        "created": int(time.time()),
        "size": f"{width}x{height}",
        "output_format": "png",
        "data": [{"b64_json": base64.b64encode(file).decode("ascii")}],
        **with_warnings(warned),
    }
    return json.dumps(answer).encode()


def _cannot(checkpoint: Checkpoint, what: str) -> NoReturn:
    refuse("model", f"The model “{checkpoint.info.id}” cannot {what}.")
