"""`python -m benchmarks.first_picture`: how long a newcomer waits.

Each round begins with empty folders and starts `darkroom` as `make run` does: the embedded model,
the bot and the playground, in processes of their own. When it says that it is ready, the first
suggestion of the page is sent as *Try it* sends it. Measured are the seconds until it is ready and,
from pressing, until the first preview and until the finished grid are there. Then it is stopped and
started again in the same folders, which now have the kept files. Medians are reported, and written
to docs/performance.md with the load of the machine.
"""

import argparse
import asyncio
import os
import re
import signal
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.report import table, write
from playground.testing.member import Member
from tests.support.bot.job_messages import finished, labels
from tests.support.processes import RunningProcess, environment

DOCUMENT = Path("docs/performance.md")
PLACE = "the first picture"
PAGE = Path("playground/page/js/welcome.js")
PATIENCE_S = 300.0
STARTS = ("the very first start", "a later start")


class Wait(NamedTuple):
    """Seconds until inference and all are ready, and from pressing to what is shown."""

    inference: float
    ready: float
    preview: float
    grid: float


COLUMNS = ("inference is ready", "all is ready", "press to first preview", "press to grid")


def suggestion() -> str:
    """The prompt that *Try it* sends, as the page has it."""
    found = re.search(r'^const FIRST = "(.+)";$', PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit(f"{PAGE} has no FIRST suggestion.")
    return found[1]


async def start_and_draw(folder: Path, prompt: str, model: Path | None = None) -> Wait:
    """Start everything with its files in `folder`, draw once, and stop.

    `model` is by default the embedded one.
    """
    variables = environment(folder, model)
    variables.pop("OMP_NUM_THREADS")
    began = time.perf_counter()
    async with RunningProcess("-m", "bot", environment=variables) as darkroom:

        async def until(pattern: str) -> tuple[float, str]:
            match = await darkroom.printed(pattern)
            return time.perf_counter() - began, match[1]

        async with asyncio.timeout(PATIENCE_S):
            (inference, _), (ready, url) = await asyncio.gather(
                until(r"(inference ready at)"), until(r"Darkroom is ready. Open (http\S+) ")
            )
        async with Member(url, "Ada", timeout=PATIENCE_S) as ada:
            await ada.wait_for_command("imagine")
            pressed = time.perf_counter()
            answer = await ada.slash("darkroom", "imagine", prompt=prompt)
            first = asyncio.create_task(
                ada.wait_for(lambda shown: bool(shown.attachments), within=PATIENCE_S)
            )
            first.add_done_callback(lambda _: seen.append(time.perf_counter() - pressed))
            seen: list[float] = []
            grid = await finished(ada, answer)
            done = time.perf_counter() - pressed
            await first
            if "U1" not in labels(grid):
                raise SystemExit(f"No grid came: {grid.content}")
        darkroom.send(signal.SIGINT)
        await darkroom.wait()
    return Wait(inference, ready, min(seen[0], done), done)


async def measure(rounds: int, model: Path | None = None) -> dict[str, list[Wait]]:
    """What each start took, by its kind."""
    waits: dict[str, list[Wait]] = {start: [] for start in STARTS}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            for start in STARTS:
                waits[start].append(await start_and_draw(Path(name), suggestion(), model))
    return waits


def report(waits: dict[str, list[Wait]], load: Sequence[float]) -> str:
    """A table of the medians, and the circumstances in one line."""
    rows = [
        [start, *(f"{statistics.median(column):.1f}" for column in zip(*taken, strict=True))]
        for start, taken in waits.items()
    ]
    rounds = len(next(iter(waits.values())))
    said = (
        f"{os.cpu_count()} cores; medians of {rounds} rounds; load average {load[0]:.1f} before "
        f"and {load[1]:.1f} after."
    )
    return f"{said}\n\n{table(('seconds', *COLUMNS), rows)}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dry", action="store_true", help="only show the table")
    chosen = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    waits = asyncio.run(measure(max(1, chosen.rounds)))
    text = report(waits, (load, os.getloadavg()[0]))
    print(text)
    if not chosen.dry:
        write(DOCUMENT, PLACE, text)


if __name__ == "__main__":
    main()
