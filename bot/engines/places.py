"""The places of jobs at engines: which engine is free for a model, and which are left alone.

An engine that is away or full delays only its own models. A job has a `Place` from its claim to its
end.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from bot.engines.connections import ConnectedEngine
from bot.models.registry import ModelRegistry
from diffusion.protocol.client import InferenceRefused, InferenceUnavailable
from diffusion.protocol.engine import Engine

INFERENCE_RETRY_INTERVAL_S = 1.0
"""Seconds to leave an engine alone after it was away."""

MAX_INFERENCE_PAUSE_S = 30.0
"""Seconds that an engine may ask to be left alone."""

MAX_INTERRUPTIONS = 3
"""How often engines may break off during a job before the job is held to be the cause."""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """How an engine stands, for members. `models` are the ids of its models.

    `title` is None for one without a name in the configuration.
    """

    title: str | None
    running: int
    jobs_at_once: int
    is_away: bool
    models: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClaimableModels:
    """Of which models jobs may be claimed: all in `only`, or all that are not in `but`."""

    only: Collection[str] | None = None
    but: Collection[str] = ()


@dataclass(eq=False, slots=True)
class PooledEngine:
    """One of several engines, and what is known of it."""

    name: str
    title: str | None
    engine: Engine
    jobs_at_once: int
    running: int = 0
    pause_s: float = 0.0
    """Seconds to leave it alone; 0 while it is there."""
    suspects: set[str] = field(default_factory=set)
    """The jobs, not ended yet, during which it broke off."""

    @property
    def is_away(self) -> bool:
        return self.pause_s > 0

    @property
    def is_free(self) -> bool:
        # After it broke off, its jobs run one by one, so that the cause is found out.
        most = 1 if self.suspects else self.jobs_at_once
        return not self.is_away and self.running < most

    @property
    def load(self) -> tuple[bool, float]:
        """The lower, the sooner it can take a job."""
        return self.is_away, self.running / self.jobs_at_once


class EnginePlaces:
    """The places of all engines, and which engine has which model."""

    def __init__(self, engines: Sequence[ConnectedEngine], registry: ModelRegistry) -> None:
        self._engines = [
            PooledEngine(one.name, one.title, one.engine, one.jobs_at_once) for one in engines
        ]
        self._registry = registry
        self._interruptions: Counter[str] = Counter()
        self._news = asyncio.Event()
        self._paused = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []

    @property
    def jobs_at_once(self) -> int:
        """How many jobs all engines together are sent at once."""
        return sum(engine.jobs_at_once for engine in self._engines)

    @property
    def names(self) -> tuple[str, ...]:
        """The engines' names, in the admin's order."""
        return tuple(one.name for one in self._engines)

    def statuses(self) -> tuple[EngineStatus, ...]:
        return tuple(
            EngineStatus(
                one.title,
                one.running,
                one.jobs_at_once,
                one.is_away,
                self._registry.models_of(one.name),
            )
            for one in self._engines
        )

    # Which engine.

    def best(self, model: str | None) -> PooledEngine:
        """The engine to ask something that takes no place.

        Raises InferenceRefused for a model that no engine has, InferenceUnavailable while one may
        still come that has it.
        """
        able = self._having(model) if model else self._engines
        if not able:
            raise self._missing(model)
        return min(able, key=lambda one: one.load)

    def is_away(self, model: str) -> bool:
        """Whether all engines that have the model are left alone."""
        return all(one.is_away for one in self._having(model) or self._engines)

    def claimable(self) -> ClaimableModels:
        """The models of free engines. A single engine is asked for whatever is wanted."""
        if len(self._engines) == 1:
            return ClaimableModels()
        free: set[str] = set()
        for one in self._engines:
            if one.is_free:
                free |= self._registry.models_of(one.name)
        if not self._registry.is_complete:
            return ClaimableModels(only=free)
        # A job of a model that no engine has waits for none: it is to be told so.
        return ClaimableModels(but={model.id for model in self._registry.models} - free)

    async def wait_until_free(self) -> None:
        """Wait until an engine is there and has a free place."""
        await self._until(lambda: any(one.is_free for one in self._engines))

    async def wait_until_there(self, model: str) -> None:
        """Wait until an engine that has the model is there."""
        await self._until(lambda: not self.is_away(model))

    async def find(self, model: str, *, limited: bool = True) -> PooledEngine:
        """The engine for a job. Waits for a free place at it, unless the job is not `limited`.

        Raises InferenceUnavailable where all that have the model are away, and what `best` raises.
        """
        while True:
            if self.best(model).is_away:
                raise InferenceUnavailable(f"No engine with the model “{model}” is there.")
            able = [one for one in self._having(model) if one.is_free or not limited]
            if able:
                return min(able, key=lambda one: one.load)
            await self._news.wait()

    def has(self, engine: PooledEngine, model: str) -> bool:
        """Whether an engine is the one to ask for a model."""
        return engine in self._having(model)

    def take(self, model: str) -> "Place":
        """A place for a claimed job, at a free engine that has its model if there is one."""
        place = Place(self)
        free = [one for one in self._having(model) or self._engines if one.is_free]
        if free:
            place.move_to(min(free, key=lambda one: one.load))
        return place

    # Leaving engines alone.

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call this whenever a place may have become free."""
        self._listeners.append(listener)

    def changed(self) -> None:
        """A place may have become free, or an engine may have gone."""
        self._news.set()
        self._news = asyncio.Event()
        for listener in self._listeners:
            listener()

    def pause(self, engine: PooledEngine, error: InferenceUnavailable) -> None:
        """Send nothing to an engine for the time it asked for, or else for a default time."""
        asked = min(MAX_INFERENCE_PAUSE_S, error.retry_after or INFERENCE_RETRY_INTERVAL_S)
        engine.pause_s = max(engine.pause_s, asked)
        self._paused.set()
        self.changed()

    async def keep_recovering(self) -> None:
        """Ask engines that are left alone whether they are back; until cancelled."""
        asking: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                await self._paused.wait()
                self._paused.clear()
                for one in self._engines:
                    if one.is_away and (one.name not in asking or asking[one.name].done()):
                        asking[one.name] = group.create_task(self._recover(one))

    def interrupted(self, engine: PooledEngine, job_id: str) -> None:
        """Note that an engine broke off during a job."""
        self._interruptions[job_id] += 1
        engine.suspects.add(job_id)

    def is_to_blame(self, job_id: str) -> bool:
        """Whether engines broke off so often during a job that it must be the cause."""
        return self._interruptions[job_id] >= MAX_INTERRUPTIONS

    def forget(self, job_id: str) -> None:
        """The job has ended."""
        self._interruptions.pop(job_id, None)
        for one in self._engines:
            one.suspects.discard(job_id)
        self.changed()

    async def _recover(self, engine: PooledEngine) -> None:
        while engine.pause_s:
            await asyncio.sleep(engine.pause_s)
            came = await self._registry.ask(engine.name)
            engine.pause_s = 0.0 if came else INFERENCE_RETRY_INTERVAL_S
        self.changed()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            await self._news.wait()

    def _having(self, model: str | None) -> list[PooledEngine]:
        if len(self._engines) == 1:
            return self._engines  # whatever it is asked for: its own answer counts
        return [one for one in self._engines if model in self._registry.models_of(one.name)]

    def _missing(self, model: str | None) -> InferenceRefused | InferenceUnavailable:
        if self._registry.is_complete:
            return InferenceRefused(f"No engine has the model “{model}”.")
        return InferenceUnavailable(f"An engine with the model “{model}” may still come.")


class Place:
    """The place of one job, at an engine or still at none. Release it when the job ends.

    One that is not `limited` is beside those that the engine has.
    """

    def __init__(self, places: EnginePlaces, *, limited: bool = True) -> None:
        self._places = places
        self._limited = limited
        self._engine: PooledEngine | None = None

    async def engine_for(self, model: str) -> Engine:
        """The engine that the job uses now; another than before if that lacks the model.

        Waits for a place there. Raises InferenceUnavailable, InferenceRefused.
        """
        if self._engine is None or not self._places.has(self._engine, model):
            self.release()
            self.move_to(await self._places.find(model, limited=self._limited))
        assert self._engine is not None
        return self._engine.engine

    def move_to(self, engine: PooledEngine) -> None:
        self._engine = engine
        engine.running += 1

    def release(self) -> None:
        if self._engine is not None:
            self._engine.running -= 1
            self._engine = None
            self._places.changed()

    def is_to_blame(self, job_id: str, error: InferenceUnavailable) -> bool:
        """Note why the job was broken off. True if so often that the job must be the cause."""
        if error.broke_off and self._engine is not None:
            self._places.interrupted(self._engine, job_id)
        return self._places.is_to_blame(job_id)

    def pause(self, error: InferenceUnavailable) -> None:
        """Leave the engine alone that the job was at."""
        if self._engine is not None:
            self._places.pause(self._engine, error)
