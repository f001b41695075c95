"""Words between bots on one Postgres; nothing depends on them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from sqlalchemy import make_url

from storage.database import Database, errors, notifications
from tests.support.postgres import execute


class Bot:
    """Hears words, and tells them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.heard: list[str] = []
        self.connected = 0
        self.news = asyncio.Condition()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with self.news:
            await self.news.wait_for(is_so)

    async def run(self) -> None:
        await self.database.hear_bots(
            lambda word: self._note(self.heard.append, word), lambda: self._note(self._connect)
        )

    def _connect(self) -> None:
        self.connected += 1

    def _note(self, note: Callable[..., None], *what: str) -> None:
        note(*what)
        self._told = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()


@pytest.fixture
async def bots(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Bot]]:
    monkeypatch.setattr(notifications, "RECONNECT_INTERVAL_S", 0.05)
    # No test waits for the check: a break that the driver sees is noticed without.
    monkeypatch.setattr(notifications, "CHECK_INTERVAL_S", 3600.0)
    async with AsyncExitStack() as stack:
        some = [Bot(await stack.enter_async_context(Database(postgres_url))) for _ in range(2)]
        running = [asyncio.create_task(bot.run()) for bot in some]
        yield some
        for task in running:
            task.cancel()
        ended = await asyncio.gather(*running, return_exceptions=True)
        # Whatever broke meanwhile, they listened to the end.
        assert [type(one) for one in ended] == [asyncio.CancelledError] * 2


async def test_a_word_is_heard_by_the_others(bots: list[Bot]) -> None:
    one, other = bots
    one.database.tell_bots("queue")  # before there is a connection
    for bot in bots:
        await bot.until(lambda bot=bot: bot.connected == 1)
    other.database.tell_bots("lost 7")
    await one.until(lambda: one.heard == ["lost 7"])
    one.database.tell_bots("queue")
    await other.until(lambda: bool(other.heard))
    assert set(other.heard) == {"queue"}
    assert one.heard == ["lost 7"]


async def test_a_broken_connection_is_made_again(bots: list[Bot], postgres_url: str) -> None:
    one, other = bots
    for bot in bots:
        await bot.until(lambda bot=bot: bot.connected == 1)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    await execute(postgres_url, f"{others} AND datname = current_database()")
    one.database.tell_bots("queue")
    await asyncio.gather(*(bot.until(lambda bot=bot: bot.connected >= 2) for bot in bots))
    one.database.tell_bots("again")
    await other.until(lambda: "again" in other.heard)


async def test_what_a_broken_connection_could_not_send_is_sent_by_the_next(
    bots: list[Bot], postgres_url: str
) -> None:
    one, _ = bots
    for bot in bots:
        await bot.until(lambda bot=bot: bot.connected == 1)
    listener, heard = await asyncpg.connect(postgres_url), asyncio.Event()
    try:
        await listener.add_listener(notifications.CHANNEL, lambda *_: heard.set())
        await listener.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        one.database.tell_bots("queue")
        await heard.wait()
    finally:
        await listener.close()


@asynccontextmanager
async def silenced(postgres_url: str, is_silent: asyncio.Event) -> AsyncIterator[str]:
    """The address of a way to Postgres whose connections carry nothing once `is_silent` is set, and
    do not break either; those that are made later carry all."""
    folder = make_url(postgres_url).query["host"]

    async def carry(come: asyncio.StreamReader, go: asyncio.StreamWriter, silent: bool) -> None:
        while (some := await come.read(65536)) and (silent or not is_silent.is_set()):
            go.write(some)
            await go.drain()
        if not is_silent.is_set():
            go.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        was_silent = is_silent.is_set()
        there, back = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        ways = carry(reader, back, was_silent), carry(there, writer, was_silent)
        writers.extend((back, writer))
        kept.extend(asyncio.create_task(way) for way in ways)

    kept: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []
    with TemporaryDirectory() as own:
        async with await asyncio.start_unix_server(connect, f"{own}/.s.PGSQL.5432"):
            yield str(make_url(postgres_url).update_query_dict({"host": own}))
            for task in kept:
                task.cancel()
            await asyncio.gather(*kept, return_exceptions=True)
            for writer in writers:
                writer.close()
            closed = (writer.wait_closed() for writer in writers)
            await asyncio.gather(*closed, return_exceptions=True)


async def test_a_connection_that_falls_silent_is_made_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a firewall forgets it: nothing comes, and nothing breaks."""
    monkeypatch.setattr(notifications, "RECONNECT_INTERVAL_S", 0.05)
    monkeypatch.setattr(notifications, "CHECK_INTERVAL_S", 0.05)
    monkeypatch.setattr(errors, "TIMEOUT_S", 1.0)
    is_silent = asyncio.Event()
    async with silenced(postgres_url, is_silent) as url, Database(url) as database:
        bot = Bot(database)
        running = asyncio.create_task(bot.run())
        await bot.until(lambda: bot.connected == 1)
        is_silent.set()
        try:
            async with asyncio.timeout(30):
                await bot.until(lambda: bot.connected == 2)
        finally:
            running.cancel()
            await asyncio.wait({running}, timeout=10)


async def test_where_there_is_one_bot_nothing_is_told_or_heard(tmp_path: object) -> None:
    async with Database(f"sqlite:///{tmp_path}/darkroom.sqlite") as database:
        database.tell_bots("queue")
        await database.hear_bots(lambda _: None, lambda: None)
