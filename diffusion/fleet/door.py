"""The one address of a fleet: the gate, then the replica of the model that is asked for.

Answers itself what is about all replicas: models, health, metrics. All else is answered by a
replica, whose bytes are passed on as they come. Imports neither torch nor Ray.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from diffusion.engine.shares import Caller, Shares
from diffusion.fleet.figures import as_text, with_labels
from diffusion.fleet.local_server import Asked, Head, passed_on, usable
from diffusion.fleet.routing import Said, said_by
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.openai_fields import is_alias
from diffusion.server.admission.bodies import MAX_BODY_BYTES, body_of
from diffusion.server.admission.gate import Gate
from diffusion.server.admission.refusals import closing, error_event, refusal
from diffusion.server.listing import listed, one_of

MAX_REQUESTS = 512
"""Requests that are drawn or wait for it, of all callers."""

FILES_PATH = "/v1/images/files/"
KEEP_ALIVE_INTERVAL_S = 15.0
"""Seconds of waiting for a replica after which a comment is sent in a stream, as a sign of life."""

LEARN_INTERVAL_S = 1.0
"""Seconds until a model that did not say what it is is asked again."""

SEEN_FOR_S = 1.0
"""Seconds for which an answer about health holds: anybody may ask, and each time asks replicas."""

TRANSIENT_STATUSES = frozenset({408, 429, 502, 503, 504})

log = logging.getLogger(__name__)


class EngineLost(Exception):
    """The replica that had the request is gone, or none could be reached."""


class FleetModel(Protocol):
    """The replicas of one model. `is_rare` is whether there may be none."""

    name: str
    is_rare: bool

    def answer(self, asked: Asked) -> AsyncGenerator[Head | bytes, None]:
        """The head and the body's pieces from one replica; waits until one is free.

        Closing it cancels the request. Raises EngineLost.
        """
        ...

    async def everywhere(self, asked: Asked) -> Sequence[tuple[int, Head, bytes]]:
        """Numbers and whole answers of all replicas that run now and answer soon."""
        ...


class Door:
    """The application. `listening`, `origins` and `aliases` are as in `server.app.ImagesApi`; the
    aliases are names of the first model."""

    def __init__(
        self,
        models: Sequence[FleetModel],
        api_key: str | None = None,
        listening: str = "127.0.0.1",
        *,
        aliases: Collection[str] = (),
        origins: Collection[str] = (),
    ) -> None:
        self._models = tuple(models)
        self._aliases = tuple(aliases)
        self._gate = Gate(api_key, listening, origins, _may_be_signed, lambda: 0.0)
        self.connections = self._gate.connections
        self._places = Shares(MAX_REQUESTS)
        self._entries: dict[str, tuple[FleetModel, Mapping[str, object]]] = {}
        self._waiting = Counter[str]()
        self._passed = Counter[str]()
        self._seen: tuple[float, asyncio.Task[web.Response]] | None = None

    def app(self) -> web.Application:
        app = self._gate.app()
        app.router.add_get("/v1/models", self._list)
        app.router.add_get("/v1/models/{name:.+}", self._model)
        app.router.add_get(FILES_PATH + "{name}", self._file)
        app.router.add_post("/v1/{route:.+}", self._pass_on)
        app.router.add_get("/health", self._health)
        app.router.add_get("/readyz", self._health)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/metrics", self._figures)
        app.cleanup_ctx.append(self._learning)
        return app

    # What the models are.

    async def _learning(self, _app: web.Application) -> AsyncGenerator[None, None]:
        """Ask each model once what it is; a rare one is started for that."""
        asking = [asyncio.create_task(self._learn(model)) for model in self._models]
        yield
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _learn(self, model: FleetModel) -> None:
        while True:
            try:
                async with aclosing(model.answer(Asked("GET", "/v1/models"))) as answer:
                    head = await anext(answer)
                    body = b"".join([piece async for piece in answer if isinstance(piece, bytes)])
                if isinstance(head, Head) and head.status == 200:
                    for entry in json.loads(body)["data"]:
                        self._entries[str(entry["id"])] = model, entry
                    return
            except (EngineLost, ValueError, LookupError) as error:
                log.warning("%s does not say what it is: %s", model.name, error)
            await asyncio.sleep(LEARN_INTERVAL_S)

    @property
    def _known(self) -> list[Mapping[str, object]]:
        """What models say of themselves, in the operator's order."""
        by_model = {model.name: entry for model, entry in self._entries.values()}
        return [by_model[model.name] for model in self._models if model.name in by_model]

    async def _list(self, _request: web.Request) -> web.Response:
        return listed(self._known) if self._entries else _still_loading()

    async def _model(self, request: web.Request) -> web.Response:
        if not self._entries:
            return _still_loading()
        return one_of(self._known, request.match_info["name"], self._aliases)

    def _named(self, name: str | None) -> FleetModel:
        """The replicas of a model. Raises InvalidField for one that is not there."""
        if name is None or is_alias(name, self._aliases):
            return self._models[0]
        if name in self._entries:
            return self._entries[name][0]
        known = ", ".join(sorted(self._entries))
        raise InvalidField("model", f"There is no model “{name[:80]}”. Known: {known}.")

    # Passing requests on.

    async def _pass_on(self, http: web.Request) -> web.StreamResponse:
        if not self._entries:
            return _still_loading()
        read = await self._body(http)
        if isinstance(read, web.Response):
            return read
        said = await said_by(http.content_type, http.headers, read)
        model = self._named(said.model)
        caller = Caller.at(http.remote, said.user)
        self._places.take(caller)
        try:
            async with aclosing(model.answer(_asked(http, read))) as answer:
                return await self._from_replica(http, model, said, answer)
        finally:
            self._places.give_back(caller)

    async def _body(self, http: web.Request) -> bytes | web.Response:
        """The body as it came, or why it is refused. Raises BodyTooSlow and NoRoom."""
        body, whole = body_of(http), bytearray()
        is_form = http.content_type == "multipart/form-data"
        async with body.reading():
            async for chunk in http.content.iter_any():
                body.take(len(chunk))
                whole += chunk
                if not is_form and len(whole) > MAX_BODY_BYTES:
                    raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(whole))
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
        self._passed[model.name] += 1
        return head, begun

    async def _file(self, http: web.Request) -> web.Response:
        """A picture that has a link: one replica knows its signature and has it."""
        found = [one for _, _, one in await self._everywhere(_asked(http, b""))]
        if not found:
            return refusal(503, "The engine with this picture is away.", code="not_serving")
        # Signed by one replica, and gone there, says more than not signed by the others.
        head, body = min(found, key=lambda one: (one[0].status != 200, one[0].status != 404))
        return web.Response(body=body, status=head.status, headers=usable(head.headers))

    # Health and metrics.

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _health(self, _request: web.Request) -> web.Response:
        now = asyncio.get_running_loop().time()
        if self._seen is None or (self._seen[1].done() and now - self._seen[0] > SEEN_FOR_S):
            self._seen = now, asyncio.create_task(self._look())
        answer = await asyncio.shield(self._seen[1])
        return web.Response(body=answer.body, status=answer.status, content_type="application/json")

    async def _look(self) -> web.Response:
        """Ready where each model has a replica that is, but for rare ones."""
        figures, replicas = Counter[str](), Counter[str]()
        for model, _, (head, body) in await self._everywhere(Asked("GET", "/health")):
            if head.status == 200:
                said = json.loads(body)
                figures.update(waiting=said["waiting"], running=said["running"])
                replicas[model.name] += 1
        lacking = [one for one in self._models if not (one.is_rare or replicas[one.name])]
        is_ready = not lacking and bool(self._entries)
        answer = {
            "status": "ready" if is_ready else "loading",
            "waiting": figures["waiting"] + self._waiting.total(),
            "running": figures["running"],
            "replicas": {self._title(one): replicas[one.name] for one in self._models},
        }
        return web.json_response(answer, status=200 if is_ready else 503)

    async def _figures(self, _request: web.Request) -> web.Response:
        families: list[Metric] = []
        replicas = Counter[str]()
        for model, number, (head, body) in await self._everywhere(Asked("GET", "/metrics")):
            if head.status == 200:
                labels = {"model": self._title(model), "replica": str(number)}
                families += with_labels(body.decode(), labels)
                replicas[model.name] += 1
        for name, meaning, counts in (
            ("replicas", "Replicas that answer.", replicas),
            ("fleet_waiting", "Requests that wait for a free replica.", self._waiting),
        ):
            family = GaugeMetricFamily(f"darkroom_{name}", meaning, labels=["model"])
            for model in self._models:
                family.add_metric([self._title(model)], counts[model.name])
            families.append(family)
        return web.Response(
            body=as_text(families), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        )

    async def _everywhere(self, asked: Asked) -> list[tuple[FleetModel, int, tuple[Head, bytes]]]:
        answers = await asyncio.gather(*(model.everywhere(asked) for model in self._models))
        return [
            (model, number, (head, body))
            for model, told in zip(self._models, answers, strict=True)
            for number, head, body in told
        ]

    def _title(self, model: FleetModel) -> str:
        """The id of a model, or the operator's name for it until that is known."""
        return next((id for id, (one, _) in self._entries.items() if one is model), model.name)


def _asked(http: web.Request, body: bytes) -> Asked:
    headers = passed_on(http.headers.items())
    return Asked(http.method, http.raw_path, headers, body, http.remote or "")


def _may_be_signed(http: web.Request) -> bool:
    """Whether a request is for a picture, with a signature: the replica with it checks that.

    Only to fetch one: what else may be sent to such a path nobody has checked.
    """
    is_fetched = http.method in ("GET", "HEAD")
    return is_fetched and http.path.startswith(FILES_PATH) and "signature" in http.query


def _still_loading() -> web.Response:
    reason = "The server is loading; ask again soon."
    return closing(refusal(503, reason, code="not_serving", headers={"Retry-After": "1"}))


def _late_refusal(status: int, body: bytes) -> bytes:
    """What a replica refuses, as an event of a stream that began before."""
    try:
        error = json.loads(body)["error"]
        message, code = str(error["message"]), str(error["code"])
    except (ValueError, LookupError, TypeError):
        message, code = "The engine that had the request is gone; ask again.", "not_serving"
    # Callers ask again for this code alone: the same request may succeed then.
    return error_event(status, message, "not_serving" if status in TRANSIENT_STATUSES else code)
