"""The simulation beside a real fleet: two engine processes with the embedded model, SQLite.

Each engine has a processor core to itself, but for what else runs on the machine. So jobs come in
rounds, and what the engines take is measured between rounds, with one to four jobs at once; the
simulation of a round is given the mean of before and after it. Jobs come by chance, with the same
seed here and there. What claims and follows them is the real queue, the real choice of engines and
the real client; only what the bot does beside (messages, files) is left out.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from pydantic import SecretStr

from benchmarks.report import table
from benchmarks.simulation.demand import Demand, SimulatedJob, Work
from benchmarks.simulation.fleet import Fleet, capacity, percentile, simulate
from bot.config import Settings
from bot.engines.configuration import read_configuration
from bot.engines.connections import open_engines
from bot.engines.places import EnginePlaces
from bot.models.registry import ModelRegistry
from diffusion.engine.cost_model import CostModel
from diffusion.engine.scheduler import Shape
from diffusion.protocol.engine import Engine
from diffusion.protocol.events import Event, Failed, Finished, Progress
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, Noise
from storage import jobs
from storage.database import Database, migrate
from tests.support.processes import RunningProcess
from tests.support.stored_jobs import queue

ENGINES = 2
LOAD = 0.7
MEMBERS = 20
JOBS_AT_ONCE = 4
CALIBRATION_ROUNDS = 2
JOBS_OF_A_ROUND = 30
GUIDANCE = 5.0
ROWS = 2
"""Rows of one picture with guidance."""

FACTOR = 8
PROMPT = "a red fox"


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of a job from its arrival until its first step was made, and until it was stored."""

    first: float
    done: float


@asynccontextmanager
async def engine_process(core: int) -> AsyncIterator[str]:
    """An engine with the embedded model on one processor core; yields its address."""
    mine = os.sched_getaffinity(0)
    environment = {"OMP_NUM_THREADS": "1"}
    process = RunningProcess("-m", "diffusion", "--port", "0", environment=environment)
    os.sched_setaffinity(0, {core})  # the process inherits it
    try:
        await process.__aenter__()
    finally:
        os.sched_setaffinity(0, mine)
    try:
        yield (await process.printed(r"inference ready at (http://\S+)"))[1]
    finally:
        await process.__aexit__()


def request_for(model: ModelInfo, seed: int, steps: int) -> ImageRequest:
    return ImageRequest(
        model=model.id,
        prompt=PROMPT,
        noises=(Noise(seed),),
        width=model.native_size,
        height=model.native_size,
        steps=steps,
        guidance_scale=GUIDANCE,
    )


async def draw(engine: Engine, request: ImageRequest) -> list[tuple[float, Event]]:
    """The events of a request and when they came."""
    came = []
    async with aclosing(engine.generate(request, previews=1)) as events:
        async for event in events:
            if isinstance(event, Failed):
                raise SystemExit(f"An engine failed: {event.reason}")
            came.append((time.perf_counter(), event))
    return came


class Calibration:
    """What the engines take, as a client sees it: seconds of steps, by jobs at once, and the rest.

    All engines work at the same time, as they do later.
    """

    def __init__(self) -> None:
        self._steps: dict[int, list[float]] = {n: [] for n in range(1, JOBS_AT_ONCE + 1)}
        self._before: list[float] = []
        self._decode: list[float] = []

    async def measure(self, engines: Sequence[Engine], model: ModelInfo) -> None:
        for _ in range(CALIBRATION_ROUNDS):
            for at_once in self._steps:
                await asyncio.gather(*(self._one(one, model, at_once) for one in engines))

    async def _one(self, engine: Engine, model: ModelInfo, at_once: int) -> None:
        began = time.perf_counter()
        requests = [request_for(model, seed, model.steps) for seed in range(at_once)]
        drawn = await asyncio.gather(*(draw(engine, request) for request in requests))
        for events in drawn:
            steps = [(then, one.step) for then, one in events if isinstance(one, Progress)]
            (first, first_step), (last, last_step) = steps[0], steps[-1]
            took = (last - first) / (last_step - first_step)
            self._steps[at_once].append(took)
            if at_once == 1:
                self._before.append(max(0.0, first - began - first_step * took))
                self._decode.append(max(1e-4, events[-1][0] - last - took))

    def add(self, other: "Calibration") -> None:
        """Count what the other measured too."""
        for at_once, took in other._steps.items():
            self._steps[at_once] += took
        self._before += other._before
        self._decode += other._decode

    def fleet(self, shape: Shape) -> Fleet:
        costs = CostModel()
        for at_once, took in self._steps.items():
            costs.note(shape, ROWS * at_once, mean(took))
        return Fleet(costs, ENGINES, JOBS_AT_ONCE, mean(self._before))

    def work(self, model: ModelInfo, shape: Shape) -> Work:
        return Work(model.id, shape, ROWS, model.steps, mean(self._decode))

    def said(self) -> str:
        steps = ", ".join(f"{1000 * mean(took):.0f}" for took in self._steps.values())
        return (
            f"A step of 1 to {JOBS_AT_ONCE} jobs takes {steps} ms, what comes before the first "
            f"{1000 * mean(self._before):.0f} ms, decoding {1000 * mean(self._decode):.0f} ms"
        )


class RealFleet:
    """Jobs that come, the real queue, the real places at engines; no bot around them."""

    def __init__(self, database: Database, places: EnginePlaces, model: ModelInfo) -> None:
        self._database = database
        self._places = places
        self._model = model
        self._came: dict[str, float] = {}
        self._ends = 0
        self._news = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self.measured: list[Measured] = []
        places.on_change(self._news.set)

    async def play(self, planned: Sequence[SimulatedJob]) -> None:
        """Let the jobs come at their times, and follow all to their ends."""
        coming = asyncio.create_task(self._come_by_chance(planned))
        ends = self._ends + len(planned)
        while self._ends < ends:
            await self._places.wait_until_free()
            self._news.clear()
            job = await jobs.claim_next(self._database)
            if job is None:
                await self._news.wait()
                continue
            task = asyncio.create_task(self._follow(job))
            self._running.add(task)
            task.add_done_callback(self._ended)
            await asyncio.sleep(0)  # it takes its place
        await coming

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        task.result()
        self._ends += 1
        self._news.set()

    async def _come_by_chance(self, planned: Sequence[SimulatedJob]) -> None:
        began = time.perf_counter()
        for one in planned:
            await asyncio.sleep(max(0.0, began + one.arrived - time.perf_counter()))
            request: Mapping[str, Any] = {"model": self._model.id, "seed": one.number}
            # It can be claimed before this call returns, but not end before.
            (job,) = await queue(self._database, one.member_id + 1, request=dict(request))
            self._came[job.id] = began + one.arrived
            self._news.set()

    async def _follow(self, job: jobs.Job) -> None:
        place = self._places.take(self._model.id)
        request = request_for(self._model, int(job.request["seed"]), self._model.steps)
        try:
            events = await draw(await place.engine_for(self._model.id), request)
            await jobs.finish(self._database, job.id, ())
        finally:
            place.release()
        first = next(then for then, one in events if isinstance(one, Progress))
        assert isinstance(events[-1][1], Finished)
        came = self._came[job.id]
        self.measured.append(Measured(first - came, time.perf_counter() - came))


async def measured(engines: Sequence[Engine], model: ModelInfo) -> Calibration:
    """What the engines take now."""
    calibration = Calibration()
    await calibration.measure(engines, model)
    return calibration


def demand_of(calibration: Calibration, model: ModelInfo, shape: Shape, seed: int) -> Demand:
    """As many jobs as are `LOAD` times what such engines can draw."""
    work = {calibration.work(model, shape): 1.0}
    full = capacity(calibration.fleet(shape), Demand(1.0, work, members=MEMBERS).jobs(100, seed))
    return Demand(LOAD * full, work, members=MEMBERS)


def percentiles(times: Sequence[float]) -> list[str]:
    shares = (0.5, 0.95, 0.99)
    return [f"{mean(times):.2f}", *(f"{percentile(times, share):.2f}" for share in shares)]


async def run_trial(count: int, seed: int) -> str:
    """Measure and simulate; a table of both."""
    load = os.getloadavg()[0]
    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        cores = sorted(os.sched_getaffinity(0))
        urls = [
            await opened.enter_async_context(engine_process(cores[n % len(cores)]))
            for n in range(ENGINES)
        ]
        settings = Settings(
            _env_file=None,
            discord_token=SecretStr("none"),
            inference_url=" ".join(f"darkroom+{url}" for url in urls),
            DARKROOM_DATA=folder,
            DARKROOM_JOBS_AT_ONCE=JOBS_AT_ONCE,
        )
        await migrate(settings.database)
        database = Database(settings.database)
        opened.push_async_callback(database.close)
        configuration = read_configuration(settings)
        connected = await opened.enter_async_context(open_engines(configuration))
        clients = {one.name: one.engine for one in connected.engines}
        registry = ModelRegistry(clients, None, None, {}, configuration.apply)
        for name in clients:
            await registry.learn(name)
        (model,) = registry.models
        shape = Shape(model.native_size // FACTOR, model.native_size // FACTOR)
        engines = tuple(clients.values())
        for one in engines:  # the first request compiles the shape
            await draw(one, request_for(model, 0, 2))
        real = RealFleet(database, EnginePlaces(connected.engines, registry), model)
        total, played = Calibration(), list[SimulatedJob]()
        before = await measured(engines, model)
        for number in range(-(-count // JOBS_OF_A_ROUND)):
            demand = demand_of(before, model, shape, seed + number)
            planned = demand.jobs(JOBS_OF_A_ROUND, seed + number)
            await real.play(planned)
            after = await measured(engines, model)
            around = Calibration()
            around.add(before)
            around.add(after)
            for job in planned:
                job.work = around.work(model, shape)
            played += simulate(around.fleet(shape), planned).jobs
            total.add(before)
            before = after
    rows = [
        ["first step, measured", *percentiles([one.first for one in real.measured])],
        ["first step, simulated", *percentiles([one.stepped - one.arrived for one in played])],
        ["stored, measured", *percentiles([one.done for one in real.measured])],
        ["stored, simulated", *percentiles([one.latency for one in played])],
    ]
    said = (
        f"{len(played)} jobs of one picture of {model.id} with {model.steps} guided steps, at two "
        f"engines with one core each and a load of {LOAD:.0%}. {total.said()}. Load average "
        f"{load:.1f} before and {os.getloadavg()[0]:.1f} after."
    )
    return f"{said}\n\n{table(('seconds', 'mean', 'median', '95 %', '99 %'), rows)}"
