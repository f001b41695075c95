"""`python -m benchmarks.engines`: what the bot itself adds to a job, for each kind of engine.

The real bot draws for a member of the playground, with stand-ins of engines, which are those of the
tests, and our own server with a tiny model. All of these run in processes of their own; what the
bot sends and gets passes a relay, which notes when (`benchmarks.surroundings`). So the time from
the claim of a job to its request is the bot's, and so is that from the last byte of the answer to
the last byte of the message with the pictures. How long Discord takes to answer is not. The kinds
take turns. The bot's processor time for a job is that of its process and of those that it starts;
it depends less on what else the machine does. Medians are reported, and written to
docs/performance.md with the load of the machine.
"""

import argparse
import asyncio
import os
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from benchmarks.report import table, write
from benchmarks.surroundings import Exchange
from bot.config import Settings
from bot.policy import rate_limit
from playground.testing.member import Member
from storage import jobs
from storage.database import Database, migrate
from tests.support.bot.deployment import Deployment, running_inference
from tests.support.bot.job_messages import finished, job_id_of
from tests.support.models.tiny_model import build_tiny_model
from tests.support.processes import RunningProcess

DOCUMENT = Path("docs/performance.md")
PLACE = "engines"
ONE_LARGE = "--n 1 --size 1024x1024"
KINDS = {
    "darkroom": "--n 4",
    "openai": ONE_LARGE,
    "vllm-omni": ONE_LARGE,
    "sglang": ONE_LARGE,
    "lenient": ONE_LARGE,
    "comfyui": f"{ONE_LARGE} --steps 2",
}
"""What is typed behind the prompt for each kind."""

OUR_OWN = ("darkroom", "comfyui")
"""The kinds that do not speak OpenAI's dialect."""

JOBS_IN_A_TURN = 5

WORK = ("POST /v1/images/", "POST /prompt")
"""How the request for a picture begins."""

POST = re.compile(r"POST /api/v\d+/channels/\d+/messages$")


@dataclass(frozen=True, slots=True)
class Overhead:
    """What the bot added to one job, and how long Discord took to answer, in milliseconds.

    `before` its request, until its pictures were `stored`, and until the message was `sent`. `cpu`
    is the time of a processor that the bot took from the command until the job was shown, with the
    member's client and what the benchmark asks.
    """

    before: float
    stored: float
    sent: float
    discord: float
    cpu: float

    @property
    def total(self) -> float:
        return self.before + self.stored + self.sent


COLUMNS = {
    "claim to request": "before",
    "last byte to stored": "stored",
    "stored to message": "sent",
    "the bot": "total",
    "Discord's answer": "discord",
    "CPU of the bot": "cpu",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where all is that the bot talks to: `urls` by the names of what passes through relays."""

    playground: str
    urls: Mapping[str, str]
    http: aiohttp.ClientSession

    async def traffic(self, name: str) -> list[Exchange]:
        """What has passed a relay since it was last asked."""
        async with self.http.get(f"{self.urls['traffic']}/traffic/{name}") as answer:
            return [Exchange(**one) for one in await answer.json()]


@asynccontextmanager
async def surroundings(kinds: Sequence[str], folder: Path) -> AsyncIterator[Surroundings]:
    """All that jobs of these kinds need."""
    async with AsyncExitStack() as opened:
        module = ("-m", "benchmarks.surroundings")
        playground = await opened.enter_async_context(RunningProcess(*module, "playground"))
        url = (await playground.printed(r"playground: (\S+)"))[1]
        others = [f"discord={url}"]
        if "darkroom" in kinds:
            model = build_tiny_model(folder / "tiny")
            inference, _ = await opened.enter_async_context(running_inference(model))
            others.append(f"darkroom={inference}")
        engines = await opened.enter_async_context(RunningProcess(*module, "engines", *others))
        await engines.printed("all there")
        urls = dict(re.findall(r"^(\S+): (http\S+)$", engines.output, re.MULTILINE))
        http = await opened.enter_async_context(aiohttp.ClientSession())
        yield Surroundings(url, urls, http)


class ProcessorTime:
    """Seconds of processors that this process has taken, and those that it starts from now on."""

    def __init__(self) -> None:
        self._others = self._children()

    def seconds(self) -> float:
        return time.process_time() + sum(
            self._of(child) for child in self._children() - self._others
        )

    def _children(self) -> frozenset[int]:
        files = Path("/proc/self/task").glob("*/children")
        return frozenset(int(child) for file in files for child in file.read_text().split())

    def _of(self, process: int) -> float:
        """User's and system's time (proc(5): fields 14 and 15); 0 for one that has ended."""
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot over one kind of engine."""

    kind: str
    ada: Member
    database: Database
    around: Surroundings
    processor: ProcessorTime

    async def draw(self) -> Overhead:
        for name in (self.kind, "discord"):
            await self.around.traffic(name)
        taken = self.processor.seconds()
        typed = f"a red fox {KINDS[self.kind]}"
        answer = await self.ada.slash("darkroom", "imagine", prompt=typed)
        shown = await finished(self.ada, answer)
        taken = self.processor.seconds() - taken
        job = await jobs.get(self.database, job_id_of(shown))
        if job is None or not job.started_at or not job.finished_at or not shown.attachments:
            raise SystemExit(f"{self.kind}: {shown.content}")
        claimed, stored = (
            moment.replace(tzinfo=UTC).timestamp() for moment in (job.started_at, job.finished_at)
        )
        asked = await self.around.traffic(self.kind)
        posted = [one for one in await self.around.traffic("discord") if POST.match(one.line)]
        message = posted[-1]
        request = next(one for one in asked if one.line.startswith(WORK))
        last = max(one.ended for one in asked if one.ended < message.begun)
        return Overhead(
            1000 * (request.begun - claimed),
            1000 * (stored - last),
            1000 * (message.sent - stored),
            1000 * (message.answered - message.sent),
            1000 * taken,
        )


async def take_turn(kind: str, around: Surroundings, count: int, folder: Path) -> list[Overhead]:
    """The overheads of some jobs; the first job, which learns the models, does not count."""
    spoken = kind if kind in OUR_OWN else "openai"
    settings = Settings(
        _env_file=None,
        discord_token=SecretStr("playground"),
        discord_url=around.urls["discord"],
        inference_url=f"{spoken}+{around.urls[kind]}",
        inference_api_key=SecretStr("sk-test") if spoken == "openai" else None,
        DARKROOM_DATA=folder / kind,
    )
    async with AsyncExitStack() as opened:
        processor = ProcessorTime()
        ada = await opened.enter_async_context(Member(around.playground, "Ada", timeout=120))
        await migrate(settings.database)
        database = Database(settings.database)
        opened.push_async_callback(database.close)
        await opened.enter_async_context(Deployment(settings, database).open())
        await ada.wait_for_command("imagine")
        contender = Contender(kind, ada, database, around, processor)
        await contender.draw()
        return [await contender.draw() for _ in range(count)]


def report(measured: Mapping[str, Sequence[Overhead]], load: Sequence[float]) -> str:
    """A table of the medians, and the circumstances in one line."""

    def row(kind: str, overheads: Sequence[Overhead]) -> list[str]:
        medians = (statistics.median(getattr(one, part) for one in overheads) for part in parts)
        return [kind, KINDS[kind], *(f"{median:.0f}" for median in medians)]

    parts = tuple(COLUMNS.values())
    rows = [row(kind, overheads) for kind, overheads in measured.items()]
    count = len(next(iter(measured.values())))
    said = (
        f"{os.cpu_count()} cores; medians of {count} jobs in milliseconds; load average "
        f"{load[0]:.1f} before and {load[1]:.1f} after."
    )
    return f"{said}\n\n{table(('kind', 'typed', *COLUMNS), rows)}"


async def run(kinds: Sequence[str], rounds: int) -> str:
    rate_limit.BURST_ACTIONS = 10_000  # the benchmark's member is in a hurry
    load = os.getloadavg()[0]
    measured: dict[str, list[Any]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with surroundings(kinds, folder) as around:
            for left in range(rounds, 0, -JOBS_IN_A_TURN):
                for kind in kinds:
                    count = min(left, JOBS_IN_A_TURN)
                    measured[kind] += await take_turn(kind, around, count, folder)
    return report(measured, (load, os.getloadavg()[0]))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--dry", action="store_true", help="only show the table")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.kinds) - set(KINDS):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    text = asyncio.run(run(chosen.kinds or list(KINDS), max(1, chosen.rounds)))
    print(text)
    if not chosen.dry:
        write(DOCUMENT, PLACE, text)


if __name__ == "__main__":
    main()
