"""One engine of a fleet: the inference process's own application, asked by the ingress.

Runs in a worker process of Ray, which may be killed at any moment.
"""

import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import torch
from ray import serve

from diffusion.engine.engine import Engine
from diffusion.engine.engine_thread import EngineState, EngineThread
from diffusion.engine.profiling import native_shape
from diffusion.fleet.local_server import Asked, Head, LocalServer
from diffusion.fleet.loopback import keep_replica_here
from diffusion.fleet.placement import PICTURES_OF_A_JOB, requests_at_once
from diffusion.loading.load import EMBEDDED
from diffusion.nn.devices import best_device
from diffusion.server.app import ImagesApi
from diffusion.server.process import first_of, loaded_engine, model_aliases
from diffusion.telemetry import logs, traces

MAX_PREFERRED_LORAS = 8
"""LoRAs, the last ones used, for which a replica is asked first. The engine keeps 2 GiB of them: so
many of the largest usual ones, of 200 MB each."""


class EngineReplica:
    """An engine with the model in the folder, file or hub repository `model`, or the embedded one.

    `threads` is how many the processor draws with, None for torch's own choice. With `link_secret`
    it signs links to pictures, so that the ingress knows them. The constructor ends when the model
    is loaded. Raises what loading raises.
    """

    async def __init__(  # type: ignore[misc]
        self, model: str, threads: int | None, link_secret: bytes
    ) -> None:
        keep_replica_here()
        set_up(threads)
        traces.set_up("darkroom-inference")
        device = best_device()
        self._engine_thread = EngineThread(lambda: loaded_engine(Path(model or EMBEDDED), device))
        ended = self._engine_thread.start()
        await first_of(self._engine_thread.ready.wait(), ended)
        if ended.done():
            ended.result()
        service = ImagesApi(self._engine_thread, aliases=model_aliases(), link_secret=link_secret)
        self._server = LocalServer(service.app(has_gate=False), service.connections)
        await self._server.__aenter__()

    async def answer(self, asked: Asked) -> AsyncIterator[Head | bytes]:
        """The head of the answer, then its body in pieces. Cancelling it cancels the request."""
        if lora := serve.get_multiplexed_model_id():
            await self.prefer(lora)
        async for piece in self._server.answer(asked):
            yield piece

    @serve.multiplexed(max_num_models_per_replica=MAX_PREFERRED_LORAS)  # type: ignore[untyped-decorator]
    async def prefer(self, lora: str) -> str:
        """Have Ray send further requests with this LoRA here first: the engine reads its weights
        for this one, and keeps them."""
        return lora

    async def say(self, asked: Asked) -> tuple[int, Head, bytes]:
        """This replica's number, and a whole answer."""
        async with self._server.ask(asked) as response:
            head = Head(response.status, tuple(response.headers.items()))
            return serve.get_replica_context().rank.rank, head, await response.read()

    async def check_health(self) -> None:
        """Raises RuntimeError where the engine has failed; Ray starts the replica again then."""
        if self._engine_thread.state is not EngineState.READY:
            raise RuntimeError("The engine has ended.")

    async def __del__(self) -> None:
        # Ray calls this when the replica is no longer needed and its requests have ended.
        await self._server.__aexit__()
        self._engine_thread.stop()


def set_up(threads: int | None) -> None:
    """Prepare a worker process for drawing with as many threads of the processor."""
    logs.set_up(os.environ.get(logs.FORMAT_NAME))
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    if threads is not None:
        torch.set_num_threads(threads)


def measured(model: str, threads: int | None) -> tuple[int, str]:
    """Measure the model's passes here, where they are not known yet.

    Returns how many requests a replica should have at once, and what runs the U-Net.
    """
    set_up(threads)
    with loaded_engine(Path(model or EMBEDDED), best_device()) as engine:
        while engine.rest():
            pass
        return best_for(engine), engine.backends["unet"]


def best_for(engine: Engine) -> int:
    """How many of the bot's requests this engine should have at once."""
    info, shape = engine.checkpoint.info, native_shape(engine.checkpoint)
    passes = 2 if info.guidance == "cfg" and info.guidance_scale > 1 else 1
    costs = engine.costs
    return requests_at_once(
        lambda rows: costs.seconds(shape, rows), PICTURES_OF_A_JOB * passes, costs.most(shape)
    )
