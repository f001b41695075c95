"""`python -m benchmarks.load`: how the bot bears many members who ask, press and cancel at once.

The real bot and an engine run as processes of their own, over the playground with Discord's own
limits, which runs here together with the members. The engine `quick` only pretends to draw, so that
what is measured is the bot; `embedded` draws with the embedded model. Each member asks, waits for
the end, presses buttons under it or cancels, and pauses. Reported are the time to the first answer,
how much of it is the bot's own, the bot's memory and CPU time, and each member's share. With
`--write` the table goes to docs/performance.md.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.load.figures import Figures, Handled, read_handled, report
from benchmarks.report import write
from benchmarks.trial import programs
from benchmarks.trial.audience import Audience
from benchmarks.trial.members import Actor, Answer, NotAnswered, Refused
from playground import Playground, running_playground
from playground.state.limits import Limits

DOCUMENT = Path("docs/performance.md")
PLACE = "load"

MEMBERS_IN_A_CHANNEL = 5
"""Discord takes one message a second in a channel, so a busy server has many."""

READY_INTERVAL_S = 0.5

SETTLE_S = 10.0
"""Seconds after the last job before the bot's memory is read for the last time."""

SAID_EVERY_JOBS = 250
"""After how many jobs the bot's memory is said."""

PROMPTS = ("a red fox", "a lighthouse at night", "a cup of tea", "a green parrot", "an old clock")
CANCELLED_SHARE = 0.1
PRESSED_SHARE = 0.4
QUEUE_SHARE = 0.1
TYPED_SHARE = 0.5
"""Of its turns, how many a member cancels, continues with a button, looks at the queue in, or types
so slowly in that Discord asks for suggestions."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for on the command line."""

    members: int
    jobs: int
    pause_s: float
    engine: str
    seed: int
    shards: int = 1


@dataclass(slots=True)
class Crowd:
    """All members, until as many jobs were asked for as wanted."""

    wanted: Wanted
    audience: Audience
    figures: Figures
    asked: int = 0
    chance: random.Random = field(default_factory=random.Random)

    async def play(self, actor: Actor, channel: str) -> None:
        """One member, who always does one thing at a time."""
        await asyncio.sleep(self.chance.uniform(0, self.wanted.pause_s))
        while self.asked < self.wanted.jobs:
            try:
                await self._take_turn(actor, channel)
            except NotAnswered:
                pass  # The figures know.
            except Refused:
                # A message was replaced by another at this very moment.
                self.figures.refused += 1
            await asyncio.sleep(self.chance.expovariate(1 / self.wanted.pause_s))

    async def _take_turn(self, actor: Actor, channel: str) -> None:
        if self.chance.random() < QUEUE_SHARE:
            await actor.use(channel, "queue")
        prompt = self.chance.choice(PROMPTS)
        if self.chance.random() < TYPED_SHARE:
            took_s = await actor.autocomplete(channel, "imagine", "prompt", f"{prompt} --a")
            self.figures.suggestions.append(took_s)
        self.asked += 1
        answer = await actor.imagine(channel, prompt)
        job = await self._follow(actor, channel, answer)
        if job is None or self.chance.random() >= PRESSED_SHARE:
            return
        for shown in self.audience.of_job(job):
            button = self.chance.choice([one for one in shown.buttons if one.startswith("job:")])
            self.asked += 1
            pressed = await actor.press(shown.channel_id, shown.id, button)
            await self._follow(actor, channel, pressed)
            return

    async def _follow(self, actor: Actor, channel: str, answer: Answer) -> str | None:
        """Wait until an answer's job has ended; returns its id, None if it made no job."""
        begun = asyncio.get_running_loop().time()
        job = await self._job_of(answer)
        if job is None or answer.message_id is None:
            return None
        if self.chance.random() < CANCELLED_SHARE:
            await actor.press(channel, answer.message_id, f"job:{job}:cancel")
        await self.audience.until_ended(answer.message_id)
        self.figures.ended(actor.name, asyncio.get_running_loop().time() - begun)
        return job

    async def _job_of(self, answer: Answer) -> str | None:
        if answer.message_id is None or answer.kind == "update":
            return None
        # “thinking…” gets its buttons later; what is for its member alone is never seen here.
        for _ in range(50):
            seen = self.audience.messages.get(answer.message_id)
            if seen is not None and seen.jobs:
                return next(iter(seen.jobs))
            if seen is not None and seen.deleted:
                return None
            await asyncio.sleep(0.1)
        return None


async def run(wanted: Wanted) -> Figures:
    """Run it all in a folder that is gone afterwards."""
    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="darkroom-load-")))
        limits = Limits(shards=wanted.shards)
        playground = await opened.enter_async_context(running_playground(limits=limits))
        channels = _fill(playground, wanted)
        audience = Audience(playground.url)
        await opened.enter_async_context(audience.listening())
        port = programs.free_port()
        engine = programs.engine("engine", wanted.engine, port, folder)
        database = f"sqlite:///{folder}/darkroom.sqlite3"
        engines = f"http://127.0.0.1:{port}"
        watched = programs.free_port()
        bot = programs.bot(
            *("bot", playground.url, engines, database, folder), DARKROOM_METRICS_PORT=str(watched)
        )
        for program in (engine, bot):
            program.start()
            opened.push_async_callback(program.stop)
        await audience.until_commands()
        connector = aiohttp.TCPConnector(limit=0)
        http = await opened.enter_async_context(aiohttp.ClientSession(connector=connector))
        await _until_ready(http, watched)
        figures = Figures(wanted.members, wanted.engine, os.getloadavg()[0], wanted.shards)
        cpu_before_s = _cpu_s(bot)
        crowd = Crowd(wanted, audience, figures, chance=random.Random(wanted.seed))
        watcher = asyncio.create_task(_watch_memory(bot, figures))
        async with asyncio.TaskGroup() as all_members:
            for name, channel in channels.items():
                actor = Actor(playground.url, name, http, figures.answered)
                all_members.create_task(crowd.play(actor, channel))
        figures.bot_cpu_s = _cpu_s(bot) - cpu_before_s
        figures.handled = await _handled(http, watched)
        await asyncio.sleep(SETTLE_S)
        watcher.cancel()
        figures.finish(_memory(bot), bot.starts)
        return figures


def _fill(playground: Playground, wanted: Wanted) -> dict[str, str]:
    """Have members join, and give each a channel that a few share; returns both by name.

    With several shards each channel is on a server of its own, and these are spread over them.
    """
    administration, shards = playground.administration, wanted.shards
    names = [f"Member{number}" for number in range(wanted.members)]
    for name in names:
        administration.add_member(name)
    channels = [f"studio-{number}" for number in range(-(-len(names) // MEMBERS_IN_A_CHANNEL))]
    for number, channel in enumerate(channels):
        if shards > 1:
            administration.add_server(f"Server {number}", channel, (number % shards, shards))
        else:
            administration.add_channel(channel)
    return {name: channels[number % len(channels)] for number, name in enumerate(names)}


def _memory(bot: programs.Program) -> int:
    return programs.memory_kib(_pid(bot))


def _cpu_s(bot: programs.Program) -> float:
    return programs.cpu_s(_pid(bot))


def _pid(bot: programs.Program) -> int:
    if bot.pid is None:
        raise SystemExit(f"The bot ended by itself:\n{bot.log.read_text(encoding='utf-8')[-3000:]}")
    return bot.pid


async def _until_ready(http: aiohttp.ClientSession, port: int) -> None:
    """Until all shards are connected: the second has to wait until some seconds after the first."""
    while True:
        async with http.get(f"http://127.0.0.1:{port}/readyz") as response:
            if response.ok:
                return
        await asyncio.sleep(READY_INTERVAL_S)


async def _handled(http: aiohttp.ClientSession, port: int) -> Handled:
    """What the bot's metrics say of its own part of the first answers."""
    async with http.get(f"http://127.0.0.1:{port}/metrics") as response:
        return read_handled(await response.text())


async def _watch_memory(bot: programs.Program, figures: Figures) -> None:
    said = 0
    while True:
        kib, ended = _memory(bot), len(figures.waits)
        figures.remember(kib)
        if ended >= said + SAID_EVERY_JOBS:
            said = ended
            print(f"{ended} jobs; the bot has {kib / 1024:.0f} MiB", file=sys.stderr, flush=True)
        await asyncio.sleep(1)


def main(arguments: Sequence[str] | None = None) -> None:
    # As Ctrl-C: whatever was started is ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=5000, help="how many are asked for")
    parser.add_argument("--pause", type=float, default=20, help="a member's mean pause in seconds")
    parser.add_argument("--engine", choices=("quick", "embedded"), default="quick")
    parser.add_argument("--seed", type=int, default=1, help="of what the members do")
    parser.add_argument("--shards", type=int, default=1, help="over which servers are spread")
    parser.add_argument("--write", action="store_true", help=f"the table to {DOCUMENT}")
    chosen = parser.parse_args(arguments)
    wanted = Wanted(
        *(chosen.members, chosen.jobs, chosen.pause, chosen.engine, chosen.seed, chosen.shards)
    )
    text = report(asyncio.run(run(wanted)))
    print(text)
    if chosen.write:
        write(DOCUMENT, PLACE, text)


if __name__ == "__main__":
    main()
