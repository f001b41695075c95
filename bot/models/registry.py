"""The registry of models: asks the engines for their models and keeps the last answers in a file.

A prompt is resolved before its job is stored, and that needs to know the model. With the file, this
also works while an engine is away. What is remembered may be old, so it is no reason to refuse a
prompt; and without it, prompts wait until an engine has answered.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from bot.models.versions import Versions, name_models
from diffusion.protocol.client import InferenceRefused, InferenceUnavailable
from diffusion.protocol.engine import Engine
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.models import ModelInfo

log = logging.getLogger(__name__)

REFRESH_INTERVAL_S = 60.0
"""Seconds between two requests for the models."""

RETRY_INTERVAL_S = 2.0
"""Seconds between two requests while an engine is down."""

MODELS_TIMEOUT_S = 10.0
"""Seconds that an engine has to list its models."""

FIRST_ANSWER_TIMEOUT_S = 2.0
"""The same for a prompt that is typed before any engine has answered for the first time."""


def as_told(model: ModelInfo) -> ModelInfo:
    """A model as its engine tells of it."""
    return model


class ModelRegistry:
    """The models of all engines, by the names that the admin gave them.

    `engines` are in the admin's order. `configure` puts what is configured of a model in place of
    what its engine says. `remembered` is the file; None keeps nothing.
    """

    def __init__(
        self,
        engines: Mapping[str, Engine],
        remembered: Path | None,
        chosen: str | None,
        named: Mapping[str, str],
        configure: Callable[[ModelInfo], ModelInfo] = as_told,
    ) -> None:
        self._engines = engines
        self._remembered = remembered
        self._chosen = chosen
        self._named = named
        self._configure = configure
        self._asked: set[str] = set()
        """The engines that have answered since the start, or that are away."""
        self._answered: set[str] = set()
        self._told = self._recall()
        self._writing = asyncio.Lock()
        self._models = self._merged()

    @property
    def is_fresh(self) -> bool:
        """Whether prompts are judged by what is known.

        It is so once an engine has listed its models since the start, and each of the others has
        too, or did not answer.
        """
        return bool(self._answered) and len(self._asked) == len(self._engines)

    @property
    def is_complete(self) -> bool:
        """Whether every engine has listed its models since the start: a missing one is gone."""
        return len(self._answered) == len(self._engines)

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """The models of all engines, also those of engines that are away."""
        return self._models

    async def versions(self) -> Versions:
        """The models by name. Raises NoModel if no engine has ever answered."""
        if not self.is_fresh:
            await self.refresh(FIRST_ANSWER_TIMEOUT_S)
        return name_models(self._models, self._named, self._chosen)

    async def default(self) -> ModelInfo:
        """The model for prompts that name none. Raises NoModel."""
        versions = await self.versions()
        return versions.models[versions.default]

    def of_id(self, model_id: str) -> ModelInfo | None:
        """The model with this id, or None."""
        return next((model for model in self._models if model.id == model_id), None)

    def models_of(self, engine: str) -> frozenset[str]:
        """The ids of an engine's models, as it last listed them."""
        return frozenset(model.id for model in self._told.get(engine, ()))

    async def refresh(self, timeout_s: float = MODELS_TIMEOUT_S) -> bool:
        """Ask all engines for their models. Returns False if none of them answers."""
        came = await asyncio.gather(*(self.ask(engine, timeout_s) for engine in self._engines))
        return any(came)

    async def ask(self, engine: str, timeout_s: float = MODELS_TIMEOUT_S) -> bool:
        """Ask one engine for its models. Returns False if it does not answer."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.learn(engine)
        except TimeoutError:
            if timeout_s >= MODELS_TIMEOUT_S:
                self._asked.add(engine)
            return False
        except InferenceUnavailable:
            self._asked.add(engine)
            return False
        except InferenceRefused as error:
            self._asked.add(engine)
            # It runs but refuses the request: the next job will fail with its reason.
            log.warning("The engine %s does not list its models: %s", engine, error)
        return True

    async def learn(self, engine: str) -> None:
        """Ask one engine for its models. Raises InferenceUnavailable, InferenceRefused."""
        models = await self._engines[engine].models()
        if models and models != self._told.get(engine):
            # Engines that answer at the same time are written one after the other.
            async with self._writing:
                told = {**self._told, engine: models}
                # Written first, so that models once offered are known after a restart.
                await asyncio.to_thread(self._remember, told)
                self._told = told
        if models:
            self._asked.add(engine)
            self._answered.add(engine)
            self._models = self._merged()

    async def keep_fresh(self) -> None:
        """Refresh the models of each engine again and again, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for engine in self._engines:
                group.create_task(self._keep_asking(engine))

    async def _keep_asking(self, engine: str) -> None:
        while True:
            known = await self.ask(engine) and engine in self._answered
            await asyncio.sleep(REFRESH_INTERVAL_S if known else RETRY_INTERVAL_S)

    def _merged(self) -> tuple[ModelInfo, ...]:
        """Every model once: as the first engine says that has answered, else as remembered."""
        models: dict[str, ModelInfo] = {}
        fresh: set[str] = set()
        for engine in self._engines:
            for model in self._told.get(engine, ()):
                is_news = engine in self._answered and model.id not in fresh
                if is_news:
                    fresh.add(model.id)
                if is_news or model.id not in models:
                    models[model.id] = self._configure(model)
        return tuple(models.values())

    def _remember(self, told: Mapping[str, tuple[ModelInfo, ...]]) -> None:
        if self._remembered is None:
            return
        entries = [
            {**model.to_json(), "engine": engine}
            for engine, models in told.items()
            for model in models
        ]
        try:
            self._remembered.parent.mkdir(parents=True, exist_ok=True)
            self._remembered.write_text(json.dumps(entries))
        except OSError as error:
            log.warning("The list of models cannot be stored for the next start: %s", error)

    def _recall(self) -> dict[str, tuple[ModelInfo, ...]]:
        """The models by their engines, as they were written last."""
        if self._remembered is None:
            return {}
        try:
            entries = json.loads(self._remembered.read_text())
            told: dict[str, tuple[ModelInfo, ...]] = {}
            for entry in entries:
                model = ModelInfo.from_json(entry)
                if (engine := self._owner(entry.get("engine"))) is not None:
                    told[engine] = (*told.get(engine, ()), model)
            return told
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError, InvalidField, RecursionError):
            log.warning("%s is damaged and will be written again.", self._remembered)
            return {}
        except OSError as error:
            log.warning("%s cannot be read: %s", self._remembered, error)
            return {}

    def _owner(self, written: object) -> str | None:
        """The engine whose models were written under this name; None for one that is gone.

        Version 0.1.0 wrote no names, and the only engine may have another address each time.
        """
        first = next(iter(self._engines))
        if written is None or len(self._engines) == 1:
            return first
        return written if isinstance(written, str) and written in self._engines else None
