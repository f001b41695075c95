"""The HTTP side of the inference process: OpenAI's Images API, with our fields besides.

Knows requests and their fate; what a step or a latent is, it does not know.
"""

import asyncio
import hmac
import json
import logging
import math
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from diffusion.asides import Asides
from diffusion.canvas import Canvas
from diffusion.conditioning import PromptError
from diffusion.decoder import DecoderBusy, PictureDecoder
from diffusion.edits import read_edit
from diffusion.engine import Broken, Drawn
from diffusion.metrics import Metrics
from diffusion.protocol import SEEDS, GenerationCall, InvalidField, read_call
from diffusion.replies import completed, error_event, events, refusal
from diffusion.scheduler import QueueFull
from diffusion.worker import Following, NotServing, State, Worker

MAX_BODY = 1 << 20
KEEP_ALIVE = 15.0
"""Seconds of silence in a stream after which a comment shows that the connection lives."""

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Service:
    """The routes, and the figures they count."""

    def __init__(self, worker: Worker, api_key: str | None = None) -> None:
        self._worker = worker
        self._api_key = api_key
        self._metrics = Metrics(worker)
        self._decoder = PictureDecoder()

    def app(self) -> web.Application:
        app = web.Application(
            client_max_size=MAX_BODY, middlewares=[self._answer_errors, self._check_key]
        )
        app.router.add_post("/v1/images/generations", self._generate)
        app.router.add_post("/v1/images/edits", self._edit)
        Asides(self._worker, self._decoder).add_to(app)
        app.on_cleanup.append(self._close_decoder)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._figures)
        return app

    # Errors: whatever goes wrong is answered in OpenAI's shape.

    @web.middleware
    async def _answer_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except InvalidField as error:
            return refusal(400, error.message, param=error.param)
        except PromptError as error:
            return refusal(400, str(error), param="prompt")
        except QueueFull:
            self._metrics.ended("refused")
            return refusal(
                429,
                "The queue is full; try again soon.",
                code="queue_full",
                headers={"Retry-After": str(self._seconds_until_room())},
            )
        except DecoderBusy:
            return refusal(
                429,
                "Too many pictures wait to be read; try again soon.",
                code="queue_full",
                headers={"Retry-After": "1"},
            )
        except NotServing as error:
            return refusal(503, str(error), code="not_serving")
        except web.HTTPRequestEntityTooLarge:
            return refusal(413, f"The body is larger than {MAX_BODY} bytes.")
        except web.HTTPNotFound:
            return refusal(404, f"There is nothing at {request.path}.", code="unknown_url")
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            return refusal(405, f"{request.path} takes {allowed}.", headers={"Allow": allowed})
        except web.HTTPException as error:
            return refusal(error.status, error.reason)
        except Exception:
            log.exception("a request failed unexpectedly")
            return refusal(500, "The server made a mistake; its log has the details.")

    @web.middleware
    async def _check_key(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        wanted = f"Bearer {self._api_key}"
        if (
            self._api_key
            and request.path != "/health"
            and not hmac.compare_digest(given.encode(errors="replace"), wanted.encode())
        ):
            return refusal(401, "A valid API key is needed.", code="invalid_api_key")
        return await handler(request)

    # What the process is and how it does.

    async def _models(self, _request: web.Request) -> web.Response:
        info = self._worker.engine.checkpoint.info
        return web.json_response({"object": "list", "data": [info.to_json()]})

    async def _health(self, _request: web.Request) -> web.Response:
        state = self._worker.state
        if state is not State.READY:
            return web.json_response({"status": state.value}, status=503)
        engine = self._worker.engine
        figures = {"waiting": engine.waiting, "running": len(engine) - engine.waiting}
        return web.json_response({"status": state.value, **figures})

    async def _figures(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=self._metrics.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        )

    def _seconds_until_room(self) -> int:
        """When a caller whom a full queue turned away may ask again."""
        return max(1, math.ceil(self._worker.engine.seconds_until_room()))

    # Generating.

    async def _generate(self, http: web.Request) -> web.StreamResponse:
        info = self._worker.engine.checkpoint.info
        try:
            body = json.loads(await http.read())
        except (ValueError, RecursionError):
            raise InvalidField(None, "The body is not valid JSON.") from None
        call = read_call(body, {info.id: info}, info.id, secrets.randbelow(SEEDS))
        if call.request.start:
            raise InvalidField(
                "start", "Send the picture to start from, as a file, to /v1/images/edits."
            )
        return await self._draw(http, call, None)

    async def _edit(self, http: web.Request) -> web.StreamResponse:
        info = self._worker.engine.checkpoint.info
        seed = secrets.randbelow(SEEDS)
        call, canvas = await read_edit(http, {info.id: info}, info.id, seed, self._decoder)
        return await self._draw(http, call, canvas)

    async def _close_decoder(self, _app: web.Application) -> None:
        await self._decoder.close()

    async def _draw(
        self, http: web.Request, call: GenerationCall, canvas: Canvas | None
    ) -> web.StreamResponse:
        previews = call.partial_images if call.stream else 0
        following = self._worker.follow(call.request, previews, canvas)
        outcome = "cancelled"
        try:
            answer = _stream if call.stream else _answer
            response, outcome = await answer(http, call, following)
            return response
        finally:
            following.close()
            self._metrics.ended(outcome)


async def _answer(
    _http: web.Request, call: GenerationCall, following: Following
) -> tuple[web.StreamResponse, str]:
    """All pictures in one JSON answer, and how it went."""
    event = await following.next()
    while not isinstance(event, Drawn | Broken):
        event = await following.next()
    if isinstance(event, Broken):
        return refusal(500, event.reason, code="generation_failed"), "failed"
    return web.json_response(await asyncio.to_thread(completed, call, event)), "finished"


async def _stream(
    http: web.Request, call: GenerationCall, following: Following
) -> tuple[web.StreamResponse, str]:
    """Server-sent events until the pictures are there, and how it went."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await response.prepare(http)
    outcome = "running"
    while outcome == "running":
        try:
            event = await asyncio.wait_for(following.next(), KEEP_ALIVE)
            messages = await asyncio.to_thread(events, call, event)
            if isinstance(event, Drawn | Broken):
                outcome = "finished" if isinstance(event, Drawn) else "failed"
        except TimeoutError:
            messages = [b": still here\n\n"]
        except NotServing as error:
            messages, outcome = [error_event(503, str(error), "not_serving")], "cancelled"
        try:
            for message in messages:
                await response.write(message)
        except ConnectionResetError:
            # The caller hung up, and this noticed before the cancellation came.
            outcome = "cancelled"
    return response, outcome
