"""What is about all replicas of a fleet: health, metrics, and pictures that one of them has.

Imports no torch.
"""

import asyncio
import json
from collections import Counter

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from diffusion.fleet.catalogue import Catalogue, FleetModel
from diffusion.fleet.figures import as_text, with_labels
from diffusion.fleet.local_server import Asked, Head, asked_by, usable
from diffusion.server.admission.refusals import refusal
from diffusion.server.picture_links import PictureLinks, bad_link

SEEN_FOR_S = 1.0
"""Seconds for which an answer about health holds: anybody may ask, and each time asks replicas."""

MAX_FETCHES = 8
"""Pictures that are looked for at a time; others wait. Each is in memory whole."""


class Overview:
    """Asks all replicas. `waiting` counts the requests that wait for one, by the model's name.
    `links` tells which links to pictures are good."""

    def __init__(self, catalogue: Catalogue, waiting: Counter[str], links: PictureLinks) -> None:
        self._catalogue = catalogue
        self._waiting = waiting
        self._links = links
        self._fetches = asyncio.Semaphore(MAX_FETCHES)
        self._seen: tuple[float, asyncio.Task[web.Response]] | None = None

    async def alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def health(self, _request: web.Request) -> web.Response:
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
        models = self._catalogue.models
        lacking = [one for one in models if not (one.is_rare or replicas[one.name])]
        is_ready = not lacking and not self._catalogue.is_empty
        answer = {
            "status": "ready" if is_ready else "loading",
            "waiting": figures["waiting"] + self._waiting.total(),
            "running": figures["running"],
            "replicas": {self._catalogue.title(one): replicas[one.name] for one in models},
        }
        return web.json_response(answer, status=200 if is_ready else 503)

    async def figures(self, _request: web.Request) -> web.Response:
        families: list[Metric] = []
        replicas = Counter[str]()
        for model, number, (head, body) in await self._everywhere(Asked("GET", "/metrics")):
            if head.status == 200:
                labels = {"model": self._catalogue.title(model), "replica": str(number)}
                families += with_labels(body.decode(), labels)
                replicas[model.name] += 1
        for name, meaning, counts in (
            ("replicas", "Replicas that answer.", replicas),
            ("fleet_waiting", "Requests that wait for a free replica.", self._waiting),
        ):
            family = GaugeMetricFamily(f"darkroom_{name}", meaning, labels=["model"])
            for model in self._catalogue.models:
                family.add_metric([self._catalogue.title(model)], counts[model.name])
            families.append(family)
        return web.Response(
            body=as_text(families), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        )

    async def _everywhere(self, asked: Asked) -> list[tuple[FleetModel, int, tuple[Head, bytes]]]:
        models = self._catalogue.models
        answers = await asyncio.gather(*(model.everywhere(asked) for model in models))
        return [
            (model, number, (head, body))
            for model, told in zip(models, answers, strict=True)
            for number, head, body in told
        ]

    async def file(self, http: web.Request) -> web.Response:
        """A picture that has a link: one replica has it. For a bad link none is asked."""
        if not self._links.is_signed(http):
            return bad_link()
        async with self._fetches:
            found = [one for _, _, one in await self._everywhere(asked_by(http))]
        if not found:
            return refusal(503, "The engine with this picture is away.", code="not_serving")
        head, body = min(found, key=lambda one: one[0].status != 200)
        return web.Response(body=body, status=head.status, headers=usable(head.headers))
