"""The bot with its real parts, as the tests run it: settings, database, bot, inference."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from bot.client import DarkroomBot, point_at
from bot.config import Settings
from bot.engines.configuration import read_configuration
from bot.engines.connections import open_engines
from bot.picture_store import open_pictures
from playground.state.limits import Limits
from storage.database import Database
from tests.support.processes import RunningProcess

STEPS = 36
"""Steps of the tiny model: long enough to be caught at work, with `--q 4` at 64."""


PATIENT = replace(Limits(), interaction_deadline=20, identify_window=0)
"""Discord's limits, but it waits longer for an answer, and so the bot says “thinking…” later: a
busy machine may stand still for seconds. Tests of slow answers have Discord's own. And a bot that
was restarted may begin a session at once."""


@contextlib.asynccontextmanager
async def running_inference(
    model: Path, port: int = 0
) -> AsyncIterator[tuple[str, RunningProcess]]:
    arguments = ("-m", "diffusion", "--port", str(port), "--model", str(model))
    # One thread: so small a model only loses by sharing its work out.
    async with RunningProcess(*arguments, environment={"OMP_NUM_THREADS": "1"}) as process:
        ready = await process.printed(r"inference ready at (http://\S+)")
        yield ready[1], process


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the bot works, for tests that start it more than once."""

    settings: Settings
    database: Database

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[DarkroomBot]:
        """The real bot, connected to the playground, in this process."""
        assert self.settings.discord_url is not None
        point_at(self.settings.discord_url)
        pictures = open_pictures(self.settings)
        async with (
            open_engines(read_configuration(self.settings)) as engines,
            DarkroomBot(self.settings, self.database, pictures, engines) as bot,
        ):
            connection = asyncio.create_task(bot.start("playground"))
            try:
                yield bot
            finally:
                await bot.close()
                await connection

    def environment(self) -> dict[str, str]:
        """For the same bot as a process of its own."""
        return {
            "DISCORD_TOKEN": "playground",
            "DISCORD_URL": self.settings.discord_url or "",
            "INFERENCE_URL": self.settings.inference_url or "",
            "DARKROOM_DATA": str(self.settings.data_folder),
            "DARKROOM_PICTURES": self.settings.pictures or "",
            "DARKROOM_FILTER": self.settings.picture_filter,
            "DARKROOM_USER_INSTALLS": str(int(self.settings.user_installs)),
        }
