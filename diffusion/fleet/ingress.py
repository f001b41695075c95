"""The one address of a fleet: the gate, then the replica of the model that is asked for.

`overview` and `catalogue` answer what is about all replicas. All else is answered by one of them,
whose bytes are passed on as they come. Imports neither torch nor Ray.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing, suppress

from aiohttp import web

from diffusion.engine.shares import Caller, Shares
from diffusion.fleet.catalogue import Catalogue, EngineLost, FleetModel, still_loading
from diffusion.fleet.local_server import Head, asked_by
from diffusion.fleet.overview import Overview
from diffusion.fleet.routing import FORM_TYPE, Said, said_by
from diffusion.server.admission.bodies import MAX_BODY_BYTES, body_of, too_large
from diffusion.server.admission.gate import Gate
from diffusion.server.admission.refusals import error_event, refusal
from diffusion.server.picture_links import FILES_PATH, PictureLinks

MAX_REQUESTS = 512
"""Requests that are drawn or wait for it, of all callers."""

MAX_FORMS = 128
"""Forms that are read or held, of all callers. The bot sends up to 64 at once."""

MAX_FORM_BYTES = 1 << 26
"""Bytes of one form: a picture and a mask of the largest size take half."""

MAX_HELD_BYTES = 1 << 28
"""Bytes of all bodies together. Each is in memory twice for a moment, when it is passed on."""

KEEP_ALIVE_INTERVAL_S = 15.0
"""Seconds of waiting for a replica after which a comment is sent in a stream, as a sign of life."""

TRANSIENT_STATUSES = frozenset({408, 429, 502, 503, 504})

log = logging.getLogger(__name__)


class Ingress:
    """The application. `listening`, `origins` and `aliases` are as in `server.app.ImagesApi`; the
    aliases are names of the first model. All replicas sign their links with `link_secret`."""

    def __init__(
        self,
        models: Sequence[FleetModel],
        link_secret: bytes,
        api_key: str | None = None,
        listening: str = "127.0.0.1",
        *,
        aliases: Collection[str] = (),
        origins: Collection[str] = (),
    ) -> None:
        self._catalogue = Catalogue(models, aliases)
        self._gate = Gate(api_key, listening, origins, _may_be_signed, lambda: 0.0, MAX_HELD_BYTES)
        self.connections = self._gate.connections
        self._places = Shares(MAX_REQUESTS)
        self._forms = Shares(MAX_FORMS)
        self._waiting = Counter[str]()
        self._overview = Overview(self._catalogue, self._waiting, PictureLinks(secret=link_secret))

    def app(self) -> web.Application:
        app = self._gate.app()
        app.router.add_get("/v1/models", self._catalogue.list)
        app.router.add_get("/v1/models/{name:.+}", self._catalogue.one)
        app.router.add_get(FILES_PATH + "{name}", self._overview.file)
        app.router.add_post("/v1/{route:.+}", self._pass_on)
        app.router.add_get("/health", self._overview.health)
        app.router.add_get("/readyz", self._overview.health)
        app.router.add_get("/healthz", self._overview.alive)
        app.router.add_get("/metrics", self._overview.figures)
        app.cleanup_ctx.append(self._catalogue.learning)
        return app

    async def _pass_on(self, http: web.Request) -> web.StreamResponse:
        if self._catalogue.is_empty:
            return still_loading()
        if http.content_type != FORM_TYPE:
            return await self._answer(http, await self._body(http, MAX_BODY_BYTES))
        caller = Caller.at(http.remote)
        self._forms.take(caller)
        try:
            return await self._answer(http, await self._body(http, MAX_FORM_BYTES))
        finally:
            self._forms.give_back(caller)

    async def _answer(self, http: web.Request, read: bytes) -> web.StreamResponse:
        said = await said_by(http.content_type, http.headers, read)
        model = self._catalogue.named(said.model)
        caller = Caller.at(http.remote, said.user)
        self._places.take(caller)
        try:
            lora = self._catalogue.lora_of(model, said.lora)
            async with aclosing(model.answer(asked_by(http, read), lora)) as answer:
                return await self._from_replica(http, model, said, answer)
        finally:
            self._places.give_back(caller)

    async def _body(self, http: web.Request, most: int) -> bytes:
        """The body as it came. Raises BodyTooSlow, NoRoom and HTTPRequestEntityTooLarge."""
        body, whole = body_of(http), bytearray()
        if (http.content_length or 0) > most:
            raise too_large(most, http.content_length or 0)
        async with body.reading():
            async for chunk in http.content.iter_any():
                body.take(len(chunk))
                whole += chunk
                if len(whole) > most:
                    raise too_large(most, len(whole))
        return bytes(whole)

    async def _from_replica(
        self,
        http: web.Request,
        model: FleetModel,
        said: Said,
        answer: AsyncGenerator[Head | bytes, None],
    ) -> web.StreamResponse:
        """Pass an answer on. One that breaks off breaks the caller's connection off too, so that
        nobody takes it for whole."""
        begun: web.StreamResponse | None = None
        try:
            head, begun = await self._head(http, model, said, answer)
            if begun is not None and head.status != 200:
                pieces = [piece async for piece in answer if isinstance(piece, bytes)]
                await begun.write(_late_refusal(head.status, b"".join(pieces)))
                return begun
            if begun is None:
                begun = web.StreamResponse(status=head.status, headers=dict(head.headers))
                await begun.prepare(http)
            async for piece in answer:
                assert isinstance(piece, bytes)
                await begun.write(piece)
            return begun
        except EngineLost as lost:
            log.warning("A request was lost with its replica: %s", lost)
            if begun is None:
                reason = "The engine that had the request is gone; ask again."
                return refusal(503, reason, code="not_serving", headers={"Retry-After": "1"})
            if http.transport is not None:
                http.transport.abort()
            return begun
        except ConnectionError:
            # The caller hung up, and this noticed before the cancellation came.
            assert begun is not None
            return begun

    async def _head(
        self,
        http: web.Request,
        model: FleetModel,
        said: Said,
        answer: AsyncGenerator[Head | bytes, None],
    ) -> tuple[Head, web.StreamResponse | None]:
        """How the answer begins; the response, if it had to begin before that."""
        begun: web.StreamResponse | None = None
        first = asyncio.ensure_future(anext(answer))
        self._waiting[model.name] += 1
        try:
            while not (await asyncio.wait({first}, timeout=KEEP_ALIVE_INTERVAL_S))[0]:
                if not said.is_stream:
                    continue
                if begun is None:
                    begun = web.StreamResponse(
                        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
                    )
                    await begun.prepare(http)
                await begun.write(b": still here\n\n")
            head = first.result()
        except EngineLost:
            if begun is None:
                raise
            head = Head(503, ())
        finally:
            self._waiting[model.name] -= 1
            first.cancel()
            with suppress(asyncio.CancelledError, EngineLost, StopAsyncIteration):
                await first
        assert isinstance(head, Head)
        return head, begun


def _may_be_signed(http: web.Request) -> bool:
    """Whether a request is for a picture, with a signature; whether that is good is checked next.

    Only to fetch one: what else may be sent to such a path nobody has checked.
    """
    is_fetched = http.method in ("GET", "HEAD")
    return is_fetched and http.path.startswith(FILES_PATH) and "signature" in http.query


def _late_refusal(status: int, body: bytes) -> bytes:
    """What a replica refuses, as an event of a stream that began before."""
    try:
        error = json.loads(body)["error"]
        message, code = str(error["message"]), str(error["code"])
    except (ValueError, LookupError, TypeError):
        message, code = "The engine that had the request is gone; ask again.", "not_serving"
    # Callers ask again for this code alone: the same request may succeed then.
    return error_event(status, message, "not_serving" if status in TRANSIENT_STATUSES else code)
