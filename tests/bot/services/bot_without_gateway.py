"""Run as a process of its own: a bot that hears nothing of Discord, but draws and shows.

It is a whole bot, which is never connected to the gateway. So two of them can be tested on one
Postgres, and what one takes over from the other. Its leases end after `LEASE_S`.
"""

import asyncio

from bot import leases as bot_leases
from bot.client import DarkroomBot, point_at
from bot.config import Settings
from bot.engines.configuration import read_configuration
from bot.engines.connections import open_engines
from bot.services import queue_worker
from diffusion.telemetry import logs
from storage.database import Database, errors
from storage.jobs import leases as job_leases
from storage.pictures import PictureFolder, PictureStore

LEASE_S = 3.0


async def main() -> None:
    job_leases.LEASE_S = bot_leases.LEASE_S = LEASE_S
    bot_leases.RENEW_INTERVAL_S = queue_worker.POLL_INTERVAL_S = LEASE_S / 6
    errors.MAX_IDLE_S = LEASE_S / 3
    settings = Settings(_env_file=None)
    assert settings.discord_url is not None
    point_at(settings.discord_url)
    folder = PictureStore(PictureFolder(settings.picture_folder))
    async with (
        Database(settings.database) as database,
        open_engines(read_configuration(settings)) as engines,
        DarkroomBot(settings, database, folder, engines) as bot,
    ):
        await bot.login("playground")
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    logs.set_up()
    asyncio.run(main())
