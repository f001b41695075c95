"""The registry of models: asks inference for its models and keeps the last answer in a file.

A prompt is resolved before its job is stored, and that needs to know the model. With the file, jobs
can be queued while inference is down.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from pathlib import Path

from bot.models.versions import Versions, name_models
from diffusion.protocol.client import InferenceClient, InferenceRefused, InferenceUnavailable
from diffusion.protocol.errors import InvalidField
from diffusion.protocol.models import ModelInfo

log = logging.getLogger(__name__)

REFRESH_INTERVAL_S = 60.0
"""Seconds between two requests for the models."""

RETRY_INTERVAL_S = 2.0
"""Seconds between two requests while inference is down."""

MODELS_TIMEOUT_S = 10.0
"""Seconds that inference has to list its models."""


class ModelRegistry:
    """The models of the inference process, by the names that the admin gave them."""

    def __init__(
        self,
        inference: InferenceClient,
        remembered: Path,
        chosen: str | None,
        named: Mapping[str, str],
    ) -> None:
        self._inference = inference
        self._remembered = remembered
        self._chosen = chosen
        self._named = named
        self._models = self._recall()

    async def versions(self) -> Versions:
        """The models by name. Raises NoModel if inference has never answered."""
        if not self._models:
            await self.refresh()
        return name_models(self._models, self._named, self._chosen)

    async def default(self) -> ModelInfo:
        """The model for prompts that name none. Raises NoModel."""
        versions = await self.versions()
        return versions.models[versions.default]

    def of_id(self, model_id: str) -> ModelInfo | None:
        """The model with this id, or None."""
        return next((model for model in self._models if model.id == model_id), None)

    async def refresh(self) -> bool:
        """Ask inference for its models. Returns False if it does not answer."""
        try:
            async with asyncio.timeout(MODELS_TIMEOUT_S):
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
        return True

    async def keep_fresh(self) -> None:
        """Refresh the models again and again, until cancelled."""
        while True:
            came = await self.refresh()
            await asyncio.sleep(REFRESH_INTERVAL_S if came else RETRY_INTERVAL_S)

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
        except (ValueError, TypeError, AttributeError, InvalidField):
            log.warning("%s is damaged and will be written again.", self._remembered)
            return ()
