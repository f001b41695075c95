"""`python -m benchmarks.engines`: what the bot itself adds to a job, for each kind of engine.

The real bot draws over the playground with stand-ins of engines, which are those of the tests, and
our own server with a tiny model. Between bot and engine, every byte is noted. So two times are left
that are the bot's: from the claim of a job to its request, and from the last byte of the answer to
the message that a member sees. The playground works in the same process, so the times are an upper
bound. Medians are reported, and written to docs/performance.md with the load of the machine.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from yarl import URL

from benchmarks.report import table, write
from bot.config import Settings
from bot.policy import rate_limit
from playground import running_playground
from playground.testing.member import Member
from storage import jobs
from storage.database import Database, migrate
from tests.support.bot.deployment import PATIENT, Deployment, running_inference
from tests.support.bot.job_messages import finished, job_id_of
from tests.support.engines.comfyui import StandInComfyUI
from tests.support.engines.dialects import speaking, stand_in_of
from tests.support.models.tiny_model import build_tiny_model

DOCUMENT = Path("docs/performance.md")
PLACE = "engines"
KINDS = {
    "darkroom": "--n 1",
    "openai": "--n 1 --size 1024x1024",
    "vllm-omni": "--n 1 --size 1024x1024",
    "sglang": "--n 1 --size 1024x1024",
    "lenient": "--n 1 --size 1024x1024",
    "comfyui": "--n 1 --size 1024x1024 --steps 2",
}
"""What is typed behind the prompt for each kind."""

WORK = (b"POST /v1/images/", b"POST /prompt")
"""How the request for a picture begins."""


@dataclass(slots=True)
class Traffic:
    """When bytes passed, in seconds of Unix time: requests for pictures, and parts of answers."""

    requests: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Overhead:
    """What the bot added to one job, in milliseconds."""

    before: float
    after: float

    @property
    def total(self) -> float:
        return self.before + self.after


@asynccontextmanager
async def watched(port: int, traffic: Traffic) -> AsyncIterator[int]:
    """Pass bytes on to a port and back, and note when; yields the port to ask."""
    running: set[asyncio.Task[Any]] = set()

    async def pass_on(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_answer: bool
    ) -> None:
        while some := await reader.read(1 << 20):
            if is_answer:
                traffic.answers.append(time.time())
            elif some.startswith(WORK):
                traffic.requests.append(time.time())
            writer.write(some)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other = await asyncio.open_connection("127.0.0.1", port)
        ways = [pass_on(reader, other[1], False), pass_on(other[0], writer, True)]
        tasks = {asyncio.create_task(way) for way in ways}
        running.update(tasks)
        await asyncio.gather(*tasks, return_exceptions=True)
        running.difference_update(tasks)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot over one kind of engine."""

    kind: str
    ada: Member
    database: Database
    traffic: Traffic

    async def draw(self) -> Overhead:
        typed = f"a red fox {KINDS[self.kind]}"
        self.traffic.requests.clear()
        answer = await self.ada.slash("darkroom", "imagine", prompt=typed)
        shown = await finished(self.ada, answer)
        seen = time.time()
        job = await jobs.get(self.database, job_id_of(shown))
        if job is None or job.started_at is None or not shown.attachments:
            raise SystemExit(f"{self.kind}: {shown.content}")
        claimed = job.started_at.replace(tzinfo=UTC).timestamp()
        last = max(moment for moment in self.traffic.answers if moment < seen)
        return Overhead(
            1000 * (self.traffic.requests[0] - claimed),
            1000 * (seen - last),
        )


async def engine_port(kind: str, folder: Path, opened: AsyncExitStack) -> int:
    """Start an engine of this kind; its port."""
    if kind == "darkroom":
        model = build_tiny_model(folder / "tiny")
        url, _ = await opened.enter_async_context(running_inference(model))
    elif kind == "comfyui":
        url = await opened.enter_async_context(StandInComfyUI().serving())
    else:
        url = (await opened.enter_async_context(speaking(stand_in_of(kind), kind))).url
    port = URL(url).port
    assert port is not None
    return port


async def measure(kind: str, rounds: int, folder: Path) -> list[Overhead]:
    """The overhead of each round; the first job, which learns the models, does not count."""
    async with AsyncExitStack() as opened:
        limits = replace(PATIENT, buckets={})
        playground = await opened.enter_async_context(running_playground(limits=limits))
        ada = await opened.enter_async_context(Member(playground.url, "Ada", timeout=120))
        traffic = Traffic()
        port = await engine_port(kind, folder, opened)
        port = await opened.enter_async_context(watched(port, traffic))
        spoken = kind if kind in ("darkroom", "comfyui") else "openai"
        settings = Settings(
            _env_file=None,
            discord_token=SecretStr("playground"),
            discord_url=playground.url,
            inference_url=f"{spoken}+http://127.0.0.1:{port}",
            inference_api_key=SecretStr("sk-test") if spoken == "openai" else None,
            DARKROOM_DATA=folder / kind,
        )
        await migrate(settings.database)
        database = Database(settings.database)
        opened.push_async_callback(database.close)
        await opened.enter_async_context(Deployment(settings, database).open())
        await ada.wait_for_command("imagine")
        contender = Contender(kind, ada, database, traffic)
        await contender.draw()
        return [await contender.draw() for _ in range(rounds)]


def report(measured: dict[str, list[Overhead]], load: Sequence[float]) -> str:
    """A table of the medians, and the circumstances in one line."""
    rows = [
        (
            kind,
            *(
                f"{statistics.median(getattr(one, part) for one in overheads):.0f}"
                for part in ("before", "after", "total")
            ),
        )
        for kind, overheads in measured.items()
    ]
    head = ("milliseconds", "claim to request", "last byte to message", "both")
    rounds = len(next(iter(measured.values())))
    said = (
        f"{os.cpu_count()} cores; medians of {rounds} jobs of one picture each; load average "
        f"{load[0]:.1f} before and {load[1]:.1f} after."
    )
    return f"{said}\n\n{table(head, rows)}"


async def run(kinds: Sequence[str], rounds: int) -> str:
    rate_limit.BURST_ACTIONS = 10_000  # the benchmark's member is in a hurry
    load = os.getloadavg()[0]
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            measured[kind] = await measure(kind, rounds, Path(folder))
    return report(measured, (load, os.getloadavg()[0]))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--rounds", type=int, default=9)
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
