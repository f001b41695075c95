"""When to leave inference alone: after it was away or busy, and when a job seems to crash it."""

import asyncio
from collections import Counter

from bot.models.registry import ModelRegistry
from diffusion.protocol.client import InferenceUnavailable

INFERENCE_RETRY_INTERVAL_S = 1.0
"""Seconds to leave inference alone after it was away."""

MAX_INFERENCE_PAUSE_S = 30.0
"""Seconds that a server may ask to be left alone."""

MAX_INTERRUPTIONS = 3
"""How often inference may break off during a job before the job is held to be the cause."""


class InferenceBackoff:
    """Pauses all jobs while inference is away, and counts during which jobs it broke off."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry
        self._pause_s = 0.0
        self._interruptions: Counter[str] = Counter()

    @property
    def is_paused(self) -> bool:
        """Whether inference is being left alone."""
        return self._pause_s > 0

    @property
    def has_suspects(self) -> bool:
        """Whether inference broke off during a job that has not ended yet."""
        return bool(self._interruptions)

    async def wait(self) -> None:
        """Wait until inference answers again; does not wait where it was not away."""
        while self._pause_s:
            await asyncio.sleep(self._pause_s)
            self._pause_s = 0.0 if await self._registry.refresh() else INFERENCE_RETRY_INTERVAL_S

    def pause(self, error: InferenceUnavailable) -> None:
        """Send nothing to inference for the time it asked for, or else for a default time."""
        asked = min(MAX_INFERENCE_PAUSE_S, error.retry_after or INFERENCE_RETRY_INTERVAL_S)
        self._pause_s = max(self._pause_s, asked)

    def is_to_blame(self, job_id: str, error: InferenceUnavailable) -> bool:
        """Count an interruption of a job. True if it had enough that it must be the cause."""
        if error.broke_off:
            self._interruptions[job_id] += 1
        return self._interruptions[job_id] >= MAX_INTERRUPTIONS

    def forget(self, job_id: str) -> None:
        """The job has ended."""
        self._interruptions.pop(job_id, None)
