"""The HTTP server of the inference process: OpenAI's Images API with fields of our own.

Reads requests, hands them to the engine's thread, and answers with what becomes of them.
"""

import asyncio
import logging
import secrets
from collections.abc import Collection

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from diffusion.decoding.decoder import DecoderBusy, PictureDecoder
from diffusion.engine.engine_thread import EngineState, EngineThread, NotServing
from diffusion.engine.events import GenerationFailed, GenerationFinished
from diffusion.engine.shares import Caller
from diffusion.protocol.calls import GenerationCall, read_call
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.requests import SEED_COUNT
from diffusion.server.admission.bodies import (
    body_of,
)
from diffusion.server.admission.gate import Gate, Handler
from diffusion.server.admission.refusals import error_event, refusal
from diffusion.server.auxiliary import AuxiliaryRoutes
from diffusion.server.edits import read_edit
from diffusion.server.listing import listed, one_of
from diffusion.server.metrics import Metrics
from diffusion.server.picture_links import FILES_PATH, PictureLinks, link_base
from diffusion.server.responses import completed, events, files
from diffusion.server.stages import TracedStream
from diffusion.server.work_queue import WorkQueue
from diffusion.telemetry import traces
from diffusion.text.encoder import TextEncoder, TextTooLong
from diffusion.vision.inpainting import InpaintCanvas

MAX_READING_REQUESTS = 32
"""Edits whose pictures are read or wait for it."""

READERS = 2
KEEP_ALIVE_INTERVAL_S = 15.0
"""Seconds without an event after which a comment is sent in a stream, as a sign of life."""

log = logging.getLogger(__name__)


class ImagesApi:
    """The routes of the API, and its metrics.

    `listening` is the host that the server was told to listen on. `aliases` are other names of the
    model, in which `*` stands for any characters. `origins` are the sites whose pages may use the
    server, beside its own.
    """

    def __init__(
        self,
        engine_thread: EngineThread,
        api_key: str | None = None,
        listening: str = "127.0.0.1",
        *,
        aliases: Collection[str] = (),
        origins: Collection[str] = (),
        link_secret: bytes | None = None,
    ) -> None:
        self._engine_thread = engine_thread
        self._aliases = tuple(aliases)
        self.links = PictureLinks(secret=link_secret)
        self._gate = Gate(
            api_key, listening, origins, self.links.is_signed, self._seconds_until_room
        )
        self.connections = self._gate.connections
        self.bodies = self._gate.bodies
        self._reading = WorkQueue("uploads", MAX_READING_REQUESTS, READERS)
        self._decoder = PictureDecoder()
        self._metrics = Metrics(engine_thread, self.connections, self.bodies, self.links)

    def app(self, *, has_gate: bool = True) -> web.Application:
        """The application; without `has_gate` for requests that have passed a gate elsewhere."""
        app = self._gate.app() if has_gate else self._gate.unguarded_app()
        app.middlewares.append(self._answer_engine_errors)
        app.router.add_post("/v1/images/generations", self._generate)
        app.router.add_post("/v1/images/edits", self._edit)
        AuxiliaryRoutes(self._engine_thread, self._decoder).add_to(app)
        app.router.add_get(FILES_PATH + "{name}", self.links.serve)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/models/{name:.+}", self._model)
        app.router.add_get("/health", self._health)
        app.router.add_get("/readyz", self._health)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/metrics", self._figures)
        app.on_cleanup.append(self._close)
        return app

    async def _close(self, _app: web.Application) -> None:
        self._reading.close()
        await self._decoder.close()

    @web.middleware
    async def _answer_engine_errors(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except TextTooLong as error:
            return refusal(400, str(error), param="prompt")
        except DecoderBusy:
            reason = "Too many pictures wait to be read; try again soon."
            return refusal(429, reason, code="queue_full", headers={"Retry-After": "1"})
        except NotServing as error:
            return refusal(503, str(error), code="not_serving")

    # Models, health and metrics.

    async def _models(self, _request: web.Request) -> web.Response:
        return listed([self._entry()])

    async def _model(self, request: web.Request) -> web.Response:
        return one_of([self._entry()], request.match_info["name"], self._aliases)

    def _entry(self) -> dict[str, object]:
        """The model as `/v1/models` lists it."""
        engine = self._engine_thread.engine
        return {**engine.checkpoint.info.to_json(), "backends": engine.backends}

    async def _health(self, _request: web.Request) -> web.Response:
        state = self._engine_thread.state
        if state is not EngineState.READY:
            return web.json_response({"status": state.value}, status=503)
        engine = self._engine_thread.engine
        figures = {"waiting": engine.waiting, "running": len(engine) - engine.waiting}
        return web.json_response({"status": state.value, **figures})

    async def _alive(self, _request: web.Request) -> web.Response:
        """That it answers shows that the event loop turns, also while the model loads."""
        return web.json_response({"status": "ok"})

    async def _figures(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=self._metrics.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        )

    def _seconds_until_room(self) -> float:
        """Counts a request that finds the queue full, and says in how many seconds to try again."""
        self._metrics.ended("refused")
        ready = self._engine_thread.state is EngineState.READY
        return self._engine_thread.engine.seconds_until_room() if ready else 0.0

    # Generating.

    async def _generate(self, http: web.Request) -> web.StreamResponse:
        info = self._engine_thread.engine.checkpoint.info
        body = await body_of(http).read_json()
        seed = secrets.randbelow(SEED_COUNT)
        call = read_call(body, {info.id: info}, info.id, seed, self._aliases)
        if call.request.start:
            raise InvalidField(
                "start", "Send the picture to start from, as a file, to /v1/images/edits."
            )
        return await self._draw(http, call, None)

    async def _edit(self, http: web.Request) -> web.StreamResponse:
        info = self._engine_thread.engine.checkpoint.info
        seed = secrets.randbelow(SEED_COUNT)
        call, canvas = await read_edit(
            http, self._reading, self._decoder, {info.id: info}, info.id, seed, self._aliases
        )
        return await self._draw(http, call, canvas)

    @traces.traced("request")
    async def _draw(
        self, http: web.Request, call: GenerationCall, canvas: InpaintCanvas | None
    ) -> web.StreamResponse:
        previews = call.partial_images if call.stream else 0
        caller = Caller.at(http.remote, call.user)
        stream = self._engine_thread.follow(call.request, previews, canvas, caller)
        following, outcome = TracedStream(stream), "cancelled"
        try:
            answer = self._stream if call.stream else self._answer
            response, outcome = await answer(http, call, following)
            return response
        finally:
            following.close()
            self._metrics.ended(outcome)
            log.info("A request ended: %s", outcome)

    async def _answer(
        self, http: web.Request, call: GenerationCall, following: TracedStream
    ) -> tuple[web.StreamResponse, str]:
        """All pictures in one JSON answer, and the outcome for the metrics."""
        event = await following.next()
        while not isinstance(event, GenerationFinished | GenerationFailed):
            event = await following.next()
        if isinstance(event, GenerationFailed):
            return refusal(500, event.reason, code="generation_failed"), "failed"
        checkpoint = self._engine_thread.engine.checkpoint
        pictures: list[bytes] | list[str]
        pictures = await asyncio.to_thread(files, call, event, checkpoint.info)
        if call.links:
            base, form = link_base(http), call.output_format
            pictures = [base + self.links.keep(http.remote, file, form) for file in pictures]
        tokens = await asyncio.to_thread(_text_tokens, call, checkpoint.text)
        body = await asyncio.to_thread(completed, call, pictures, tokens)
        return web.Response(body=body, content_type="application/json"), "finished"

    async def _stream(
        self, http: web.Request, call: GenerationCall, following: TracedStream
    ) -> tuple[web.StreamResponse, str]:
        """Server-sent events until the pictures are done, and the outcome for the metrics."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        checkpoint = self._engine_thread.engine.checkpoint
        tokens = await asyncio.to_thread(_text_tokens, call, checkpoint.text)
        await response.prepare(http)
        outcome = "running"
        while outcome == "running":
            try:
                event = await asyncio.wait_for(following.next(), KEEP_ALIVE_INTERVAL_S)
                messages = await asyncio.to_thread(events, call, event, checkpoint.info, tokens)
                if isinstance(event, GenerationFinished | GenerationFailed):
                    outcome = "finished" if isinstance(event, GenerationFinished) else "failed"
            except TimeoutError:
                messages = [b": still here\n\n"]
            except NotServing as error:
                messages = [error_event(503, str(error), "not_serving")]
                outcome = "cancelled"
            try:
                for message in messages:
                    await response.write(message)
            except ConnectionResetError:
                # The caller hung up, and this noticed before the cancellation came.
                outcome = "cancelled"
        return response, outcome


def _text_tokens(call: GenerationCall, encoder: TextEncoder) -> int:
    """How many tokens the texts of a request have."""
    request = call.request
    texts = [part.text for part in request.parts] or [request.prompt]
    return sum(map(encoder.count_tokens, filter(None, [*texts, request.negative_prompt])))
