"""The registry of models: asks inference for its models and keeps the last answer in a file.

A prompt is resolved before its job is stored, and that needs to know the model. With the file, this
also works while inference is down. What is remembered may be old, so it is no reason to refuse a
prompt; and without it, prompts wait until inference has answered.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
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
"""Seconds between two requests while inference is down."""

MODELS_TIMEOUT_S = 10.0
"""Seconds that inference has to list its models."""

FIRST_ANSWER_TIMEOUT_S = 2.0
"""The same for a prompt that is typed before inference has answered for the first time."""


class ModelRegistry:
    """The models of the inference process, by the names that the admin gave them."""

    def __init__(
        self,
        inference: Engine,
        remembered: Path,
        chosen: str | None,
        named: Mapping[str, str],
    ) -> None:
        self._inference = inference
        self._remembered = remembered
        self._chosen = chosen
        self._named = named
        self._models = self._recall()
        self._is_fresh = False

    @property
    def is_fresh(self) -> bool:
        """Whether the models are those that inference has listed since the start."""
        return self._is_fresh

    async def versions(self) -> Versions:
        """The models by name. Raises NoModel if inference has never answered."""
        if not self._is_fresh:
            await self.refresh(FIRST_ANSWER_TIMEOUT_S)
        return name_models(self._models, self._named, self._chosen)

    async def default(self) -> ModelInfo:
        """The model for prompts that name none. Raises NoModel."""
        versions = await self.versions()
        return versions.models[versions.default]

    def of_id(self, model_id: str) -> ModelInfo | None:
        """The model with this id, or None."""
        return next((model for model in self._models if model.id == model_id), None)

    async def refresh(self, timeout_s: float = MODELS_TIMEOUT_S) -> bool:
        """Ask inference for its models. Returns False if it does not answer."""
        try:
            async with asyncio.timeout(timeout_s):
                models = await self._inference.models()
        except (InferenceUnavailable, TimeoutError):
            return False
        except InferenceRefused as error:
            # It runs but refuses the request: the next job will fail with its reason.
            log.warning("Inference does not list its models: %s", error)
            return True
        if models and models != self._models:
            # Written first, so that models once offered are known after a restart.
            await asyncio.to_thread(self._remember, models)
            self._models = models
        self._is_fresh = self._is_fresh or bool(models)
        return True

    async def keep_fresh(self) -> None:
        """Refresh the models again and again, until cancelled."""
        while True:
            came = await self.refresh()
            known = came and self._is_fresh
            await asyncio.sleep(REFRESH_INTERVAL_S if known else RETRY_INTERVAL_S)

    def _remember(self, models: tuple[ModelInfo, ...]) -> None:
        try:
            self._remembered.parent.mkdir(parents=True, exist_ok=True)
            self._remembered.write_text(json.dumps([model.to_json() for model in models]))
        except OSError as error:
            log.warning("The list of models cannot be stored for the next start: %s", error)

    def _recall(self) -> tuple[ModelInfo, ...]:
        try:
            entries = json.loads(self._remembered.read_text())
            return tuple(ModelInfo.from_json(entry) for entry in entries)
        except FileNotFoundError:
            return ()
        except (ValueError, TypeError, AttributeError, InvalidField, RecursionError):
            log.warning("%s is damaged and will be written again.", self._remembered)
            return ()
        except OSError as error:
            log.warning("%s cannot be read: %s", self._remembered, error)
            return ()
