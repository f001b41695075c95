"""The models of a fleet: what each says of itself, and which one a request names.

Imports no torch.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Protocol

from aiohttp import web

from diffusion.fleet.local_server import Asked, Head
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.openai_fields import is_alias
from diffusion.server.admission.refusals import closing, refusal
from diffusion.server.listing import listed, one_of

LEARN_INTERVAL_S = 1.0
"""Seconds until a model that did not say what it is is asked again."""

log = logging.getLogger(__name__)


class EngineLost(Exception):
    """The replica that had the request is gone, or none could be reached."""


class FleetModel(Protocol):
    """The replicas of one model. `is_rare` is whether there may be none."""

    name: str
    is_rare: bool

    def answer(self, asked: Asked, lora: str = "") -> AsyncGenerator[Head | bytes, None]:
        """The head and the body's pieces from one replica; waits until one is free.

        One that has the LoRA of this name loaded is taken first, if there is one and it has room.
        Closing it cancels the request. Raises EngineLost.
        """
        ...

    async def everywhere(self, asked: Asked) -> Sequence[tuple[int, Head, bytes]]:
        """Numbers and whole answers of all replicas that run now and answer soon."""
        ...


class Catalogue:
    """The models in the operator's order. `aliases` are names of the first one."""

    def __init__(self, models: Sequence[FleetModel], aliases: Collection[str]) -> None:
        self.models = tuple(models)
        self._aliases = tuple(aliases)
        self._entries: dict[str, tuple[FleetModel, Mapping[str, object]]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no model has said what it is."""
        return not self._entries

    async def learning(self, _app: web.Application) -> AsyncGenerator[None, None]:
        """Ask each model once what it is; a rare one is started for that."""
        asking = [asyncio.create_task(self._learn(model)) for model in self.models]
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
                        self._enter(model, entry)
                    return
            except (EngineLost, ValueError, LookupError) as error:
                log.warning("%s does not say what it is: %s", model.name, error)
            await asyncio.sleep(LEARN_INTERVAL_S)

    def _enter(self, model: FleetModel, entry: Mapping[str, object]) -> None:
        name = str(entry["id"])
        other, _ = self._entries.get(name, (model, entry))
        if other is not model:
            log.error("%s and %s are both named “%s”.", other.name, model.name, name)
            if self.models.index(other) < self.models.index(model):
                return
        self._entries[name] = model, entry

    @property
    def _known(self) -> list[Mapping[str, object]]:
        """What models say of themselves, in the operator's order."""
        by_model = {model.name: entry for model, entry in self._entries.values()}
        return [by_model[model.name] for model in self.models if model.name in by_model]

    async def list(self, _request: web.Request) -> web.Response:
        return still_loading() if self.is_empty else listed(self._known)

    async def one(self, request: web.Request) -> web.Response:
        if self.is_empty:
            return still_loading()
        return one_of(self._known, request.match_info["name"], self._aliases)

    def named(self, name: str | None) -> FleetModel:
        """The replicas of a model. Raises InvalidField for one that is not there."""
        if name is None or is_alias(name, self._aliases):
            return self.models[0]
        if name in self._entries:
            return self._entries[name][0]
        known = ", ".join(sorted(self._entries))
        raise InvalidField("model", f"There is no model “{name[:80]}”. Known: {known}.")

    def lora_of(self, model: FleetModel, name: str) -> str:
        """The name of a LoRA if the model has it, else an empty one."""
        entry = next((entry for one, entry in self._entries.values() if one is model), {})
        loras = entry.get("loras")
        return name if isinstance(loras, list) and name in loras else ""

    def title(self, model: FleetModel) -> str:
        """The id of a model, or the operator's name for it until that is known."""
        return next((id for id, (one, _) in self._entries.items() if one is model), model.name)


def still_loading() -> web.Response:
    reason = "The server is loading; ask again soon."
    return closing(refusal(503, reason, code="not_serving", headers={"Retry-After": "1"}))
