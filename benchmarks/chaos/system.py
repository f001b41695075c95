"""The system that a trial is about: the playground, bots, engines, a database, and the lines
between them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from yarl import URL

from benchmarks.chaos.fleet import Target, fleet
from benchmarks.chaos.machinery import Clock, Disk
from benchmarks.chaos.schedule import Event, Fault, Targets
from benchmarks.trial import lines, programs
from benchmarks.trial.audience import Audience
from benchmarks.trial.postgres import PostgresProcess
from playground import Limits, Playground, running_playground
from playground.app.faults import CALLBACK, DELETE_MESSAGE, EDIT_MESSAGE, SEND_MESSAGE

ROUTES = (SEND_MESSAGE, EDIT_MESSAGE, DELETE_MESSAGE, CALLBACK)

LIMITS = replace(Limits(), heartbeat_interval=5)
"""Discord's own, with a faster heartbeat: a dead gateway is noticed within the trial."""

RATE_LIMIT_S = 0.5
"""What a 429 asks to wait."""

DISCORD, INFERENCE, DATABASE = "discord", "inference", "database"
"""The names of the lines."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is: `database` is `sqlite` or `postgres`, `engine` the kind of the engines."""

    database: str
    bots: int
    engines: int
    engine: str


@dataclass(slots=True)
class System:
    """Everything that runs, and the faults that it can be given."""

    folder: Path
    playground: Playground
    audience: Audience
    disk: Disk
    url: str
    """Of the database, without a line between."""
    bots: Mapping[str, programs.Program]
    engines: Mapping[str, Target]
    lines: Mapping[str, lines.Line]
    clocks: Mapping[str, Clock]
    postgres: PostgresProcess | None
    killed: dict[str, int] = field(default_factory=dict)

    @property
    def targets(self) -> Targets:
        return Targets(
            bots=tuple(self.bots),
            engines=tuple(self.engines),
            others=("postgres",) if self.postgres else (),
            lines=tuple(self.lines),
            routes=ROUTES,
            clocks=tuple(self.clocks),
            disk=True,
        )

    async def inject(self, event: Event) -> None:
        """Have a fault happen, to its end."""
        faults, count = self.playground.faults, int(event.amount)
        match event.fault:
            case Fault.KILL:
                if await self._kill(event):
                    self.killed[event.target] = self.killed.get(event.target, 0) + 1
            case Fault.PAUSE:
                await self._program(event.target).pause(event.seconds)
            case Fault.CUT | Fault.SLOW | Fault.FREEZE:
                await self._disturb(self.lines[event.target], event)
            case Fault.RATE_LIMIT:
                faults.rate_limit(event.target, count, RATE_LIMIT_S)
            case Fault.FAIL:
                faults.fail(event.target, count)
            case Fault.LOSE:
                faults.lose_answers(event.target, count)
            case Fault.DROP:
                await faults.drop(resumable=bool(count))
            case Fault.CLOCK:
                self.clocks[event.target].jump(event.amount)
            case Fault.DISK:
                await self.disk.fill(event.seconds, [bot.pid for bot in self.bots.values()])

    def _program(self, name: str) -> Target:
        return self.bots.get(name) or self.engines[name]

    async def _kill(self, event: Event) -> bool:
        if self.postgres is not None and event.target == "postgres":
            return await self.postgres.kill(event.seconds)
        return self._program(event.target).kill(event.seconds)

    async def _disturb(self, line: lines.Line, event: Event) -> None:
        if event.fault is Fault.FREEZE:
            line.freeze()
            return
        if event.fault is Fault.CUT:
            line.cut()
        else:
            line.delay_s = event.amount
        await asyncio.sleep(event.seconds)
        line.mend()


@contextlib.asynccontextmanager
async def running_system(plan: Plan, folder: Path) -> AsyncIterator[System]:
    """Start all of it; everything has ended when the block ends."""
    async with AsyncExitStack() as opened:
        playground = await opened.enter_async_context(running_playground(limits=LIMITS))
        audience = Audience(playground.url)
        await opened.enter_async_context(audience.listening())
        disk = Disk(folder / "data")
        disk.open()
        opened.callback(disk.close)
        between: dict[str, lines.Line] = {}

        async def line(name: str, dial: lines.Dial) -> lines.Line:
            made = between[name] = lines.Line(dial)
            await made.start()
            opened.push_async_callback(made.stop)
            return made

        port = URL(playground.url).port
        assert port is not None
        discord = await line(DISCORD, lines.tcp(port))
        playground.administration.set_address(discord.url)
        engines, addresses = dict[str, Target](), []
        # A fleet has one address for all its replicas.
        for number in range(1, 2 if plan.engine == "fleet" else plan.engines + 1):
            name, port = f"engine-{number}", programs.free_port()
            if plan.engine == "fleet":
                engines |= fleet("fleet", plan.engines, port, folder)
            else:
                engines[name] = programs.engine(name, plan.engine, port, folder)
            addresses.append((await line(f"{INFERENCE}-{number}", lines.tcp(port))).url)
        postgres, url, seen_at = None, f"sqlite:///{disk.folder}/darkroom.sqlite3", ""
        if plan.database == "postgres":
            postgres = PostgresProcess(folder / "postgres")
            await postgres.start()
            opened.push_async_callback(postgres.stop)
            url = postgres.direct_url
            seen_at = postgres.url((await line(DATABASE, lines.unix(postgres.socket))).port)
        library, clocks, bots = Clock.library(), {}, {}
        for number in range(1, plan.bots + 1):
            name, more = f"bot-{number}", {}
            if library is not None:
                clocks[name] = Clock(library, folder / f"{name}.clock")
                more = clocks[name].environment
            if plan.bots > 1:
                more = {**more, "DARKROOM_SHARDS": f"{number - 1}/{plan.bots}"}
            where = (discord.url, ",".join(addresses), seen_at or url)
            bots[name] = programs.bot(name, *where, folder, **more)
        for program in (*engines.values(), *bots.values()):
            program.start()
            opened.push_async_callback(program.stop)
        made: Any = (playground, audience, disk, url, bots, engines, between, clocks, postgres)
        yield System(folder, *made)
