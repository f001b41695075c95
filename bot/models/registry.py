"""What models there are: asked of inference, and remembered for when it is away.

Resolving comes before storing and needs to know the model, so the last answer is kept in a file:
jobs can then be taken while inference is down.
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
"""Seconds between two looks at the models."""

RETRY_INTERVAL_S = 2.0
"""Seconds between two looks while inference is away."""


MODELS_TIMEOUT_S = 10.0
"""Seconds that inference has to tell its models."""


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
        """The model that draws where nobody says which. Raises NoModel."""
        versions = await self.versions()
        return versions.models[versions.default]

    def of_id(self, model_id: str) -> ModelInfo | None:
        """What is known of a model; None if it is not there."""
        return next((model for model in self._models if model.id == model_id), None)

    async def refresh(self) -> bool:
        """Ask inference for its models. False if it is away."""
        try:
            async with asyncio.timeout(MODELS_TIMEOUT_S):
                models = await self._inference.models()
        except (InferenceUnavailable, TimeoutError):
            return False
        except InferenceRefused as error:
            # It is there and does not want us: a job that is sent will fail and say why.
            log.warning("Inference does not tell its models: %s", error)
            return True
        if models and models != self._models:
            # Remembered first: whoever has seen them finds them again at the next start.
            await asyncio.to_thread(self._remember, models)
            self._models = models
        return True

    async def keep_fresh(self) -> None:
        """Look at the models every now and then, for ever."""
        while True:
            came = await self.refresh()
            await asyncio.sleep(REFRESH_INTERVAL_S if came else RETRY_INTERVAL_S)

    def _remember(self, models: tuple[ModelInfo, ...]) -> None:
        try:
            self._remembered.parent.mkdir(parents=True, exist_ok=True)
            self._remembered.write_text(json.dumps([model.to_json() for model in models]))
        except OSError as error:
            log.warning("The models cannot be remembered for the next start: %s", error)

    def _recall(self) -> tuple[ModelInfo, ...]:
        try:
            entries = json.loads(self._remembered.read_text())
            return tuple(ModelInfo.from_json(entry) for entry in entries)
        except FileNotFoundError:
            return ()
        except (ValueError, TypeError, AttributeError, InvalidField):
            log.warning("%s is damaged and is made anew.", self._remembered)
            return ()
