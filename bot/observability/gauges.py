"""How the bot stands at this moment: its queue, its engines, its connection to Discord."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import discord
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import select

from bot.observability import metrics
from storage import jobs
from storage.database import Database, StorageUnavailable
from storage.models import JobState

DATABASE_TIMEOUT_S = 5.0
"""How long a question about the queue may take before the database counts as away."""

UNRESOLVED, OTHER = "unresolved", "other"
"""The labels of jobs that wait for their model to be known, and of models that no engine has."""


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """How one engine stands. `name` is the operator's name for it, or its host and port."""

    name: str
    is_away: bool
    running: int
    places: int


@dataclass(frozen=True, slots=True)
class BotFigures:
    """The parts of one bot that are asked when its metrics are."""

    client: discord.AutoShardedClient
    database: Database
    engines: Callable[[], Sequence[EngineFigures]]
    models: Callable[[], Collection[str]]
    """The ids of the models that engines have; jobs of others are counted together."""
    shards: Callable[[], Mapping[int, bool]]
    """The shards that this process has, and whether each is connected."""
    standby: Callable[[], Collection[int]] = tuple
    """Those that another process has, which this one takes over when that one ends."""

    async def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        registry = CollectorRegistry()
        registry.register(_Gauges(self, await self._queue()))
        return generate_latest(metrics.REGISTRY) + generate_latest(registry)

    async def reaches_database(self) -> bool:
        """Whether the database answers in time."""
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT_S), self.database.reading() as session:
                await session.execute(select(1))
        except (StorageUnavailable, TimeoutError):
            return False
        return True

    @property
    def is_connected(self) -> bool:
        """Whether the client is logged in, and Discord sends it the events of all its shards."""
        shards = self.shards()
        return self.client.is_ready() and bool(shards) and all(shards.values())

    @property
    def stands_by(self) -> bool:
        """Whether another process has all shards that this one is to have."""
        return not self.shards() and bool(self.standby())

    @property
    def is_sharded(self) -> bool:
        """Whether Discord's events come in more than one stream."""
        return (self.client.shard_count or 1) > 1

    async def _queue(self) -> Mapping[tuple[JobState, str], int] | None:
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT_S):
                return await jobs.count_by_model(self.database)
        except (StorageUnavailable, TimeoutError):
            return None


class _Gauges(Collector):
    """`queue` is how many jobs there are by state and model; None while nobody knows."""

    def __init__(
        self, figures: BotFigures, queue: Mapping[tuple[JobState, str], int] | None
    ) -> None:
        self._figures = figures
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        client, queue = self._figures.client, self._queue
        latency_s = client.latency if math.isfinite(client.latency) else math.nan
        for name, meaning, value in (
            ("database_up", "Whether the database answers.", float(queue is not None)),
            ("gateway_up", "Whether Discord's gateway is connected.", self._figures.is_connected),
            ("gateway_latency_seconds", "From a heartbeat to its answer.", latency_s),
            ("servers", "Servers of this process's shards.", len(client.guilds)),
        ):
            yield GaugeMetricFamily(f"darkroom_{name}", meaning, value)
        yield from self._shards()
        if queue is not None:
            yield self._jobs(queue)
        yield from self._engines()

    def _shards(self) -> Iterator[Metric]:
        client, name = self._figures.client, "darkroom_shard"
        up = GaugeMetricFamily(f"{name}_up", "Whether it is connected.", labels=["shard"])
        latency = GaugeMetricFamily(
            f"{name}_latency_seconds", "From a heartbeat to its answer.", labels=["shard"]
        )
        servers = GaugeMetricFamily(f"{name}_servers", "Its servers.", labels=["shard"])
        on = Counter(guild.shard_id for guild in client.guilds)
        latencies_s = dict(client.latencies)
        for shard, is_up in self._figures.shards().items():
            up.add_metric([str(shard)], float(is_up))
            latency_s = latencies_s.get(shard, math.nan)
            latency.add_metric([str(shard)], latency_s if math.isfinite(latency_s) else math.nan)
            servers.add_metric([str(shard)], on[shard])
        yield from (up, latency, servers)

    def _jobs(self, queue: Mapping[tuple[JobState, str], int]) -> Metric:
        known = self._figures.models()
        counts = Counter(
            {(state, model): 0 for state in (JobState.QUEUED, JobState.RUNNING) for model in known}
        )
        for (state, model), count in queue.items():
            label = model if model in known else OTHER if model else UNRESOLVED
            counts[state, label] += count
        meaning = "Jobs in the queue, and those that run."
        family = GaugeMetricFamily("darkroom_queue_jobs", meaning, labels=["state", "model"])
        for (state, model), count in counts.items():
            family.add_metric([state.value, model], count)
        return family

    def _engines(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("darkroom_engine_up", "Whether it is there.", labels=["engine"])
        running = GaugeMetricFamily("darkroom_engine_jobs", "Jobs at it.", labels=["engine"])
        places = GaugeMetricFamily("darkroom_engine_places", "Its places.", labels=["engine"])
        for engine in self._figures.engines():
            up.add_metric([engine.name], float(not engine.is_away))
            running.add_metric([engine.name], engine.running)
            places.add_metric([engine.name], engine.places)
        yield from (up, running, places)
