"""The database behind PgBouncer, in the modes in which it shares connections out."""

import asyncio
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import URL, make_url, text

from benchmarks.trial.lines import Line, tcp
from benchmarks.trial.programs import free_port
from storage import duties, session_starts
from storage.database import Database, migrate

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CLIENTS, ROUNDS = 6, 10
DEPLOYMENT = Path(__file__).parents[3] / "docs" / "deployment.md"
SETTINGS = """
    SELECT current_setting('idle_in_transaction_session_timeout') AS idle,
           current_setting('random_page_cost') AS cost
"""

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs PgBouncer (Debian: pgbouncer)")


@pytest.fixture(params=["session", "transaction"])
async def pooled_url(request: pytest.FixtureRequest, postgres_url: str) -> AsyncIterator[str]:
    """The address of an empty database through a PgBouncer with fewer connections than clients."""
    # Clients that keep their connections need one each.
    size = 2 if request.param == "transaction" else 2 * CLIENTS
    async with pgbouncer(
        postgres_url, f"pool_mode = {request.param}", f"default_pool_size = {size}"
    ) as url:
        yield url


@asynccontextmanager
async def pgbouncer(postgres_url: str, *settings: str, of_database: str = "") -> AsyncIterator[str]:
    """The address of a database through a PgBouncer with these settings."""
    url, port = make_url(postgres_url), free_port()
    socket = str(url.query["host"])
    # Started by root, Postgres runs as another user, and only that one gets to its socket.
    owner = ("-u", pwd.getpwuid(os.stat(socket).st_uid).pw_name) if os.getuid() == 0 else ()
    lines = (
        "[databases]",
        f"{url.database} = host={socket} user={url.username} {of_database}",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "auth_type = any",
        *settings,
    )
    assert PROGRAM is not None
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        file.write("\n".join(lines))
        file.flush()
        os.chmod(file.name, 0o644)
        process = await asyncio.create_subprocess_exec(
            *(PROGRAM, "-q", *owner, file.name),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield await answering(
                process, url.set(drivername="postgresql", host="127.0.0.1", port=port, query={})
            )
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def answering(process: asyncio.subprocess.Process, url: URL) -> str:
    """The address, once PgBouncer answers there."""
    pooled = url.render_as_string(hide_password=False)
    while True:
        try:
            await (await asyncpg.connect(pooled)).close()
            return pooled
        except OSError:
            assert process.returncode is None, "PgBouncer ended"
            await asyncio.sleep(0.05)


async def test_several_bots_work_behind_a_pooler(pooled_url: str) -> None:
    # Two at once: one waits for the other, by a lock.
    await asyncio.gather(migrate(pooled_url), migrate(pooled_url))
    async with AsyncExitStack() as stack:
        bots = [await stack.enter_async_context(Database(pooled_url)) for _ in range(CLIENTS)]

        async def work(number: int, bot: Database) -> int:
            taken = 0
            for turn in range(ROUNDS):
                taken += await duties.take_on(bot, f"duty {turn}", f"bot {number}")
                await session_starts.take(bot, number, 0.0)
            return taken

        taken = await asyncio.gather(*(work(*each) for each in enumerate(bots)))
        assert sum(taken) == ROUNDS
        async with bots[0].reading() as session:
            kept = await session.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
        assert kept == 0


async def test_a_pooler_that_nobody_could_ask_is_minded(pooled_url: str) -> None:
    """It may come back between the question and the connection, which is kept for long."""
    url = make_url(pooled_url)
    assert url.port is not None
    dial, dialled = tcp(url.port), 0

    async def dial_again() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        nonlocal dialled
        dialled += 1
        if dialled == 1:
            raise ConnectionRefusedError
        return await dial()

    line = Line(dial_again)
    await line.start()
    try:
        async with Database(url.set(port=line.port).render_as_string(hide_password=False)) as bot:
            async with bot.reading() as session:
                kept = await session.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
            assert (dialled, kept) == (2, 0)
    finally:
        await line.stop()


async def test_each_connection_of_the_pooler_has_the_settings_that_the_documents_give_it(
    postgres_url: str,
) -> None:
    """What a bot sets on a connection is gone when the pooler makes a new one."""
    given = re.search(
        r"^ *darkroom = .*(connect_query='.*')$", DEPLOYMENT.read_text(), re.MULTILINE
    )
    assert given
    await migrate(postgres_url)
    async with pgbouncer(
        postgres_url,
        "pool_mode = transaction",
        "server_lifetime = 0",  # a new one for each transaction
        of_database=given[1],
    ) as url:
        seen = []
        async with Database(url) as bot, Database(postgres_url) as direct:
            for each in (direct, bot, bot):
                async with each.reading() as session:
                    seen.append(await session.execute(text(SETTINGS)))
    direct_ones, first, second = ([(one.idle, one.cost) for one in each] for each in seen)
    assert direct_ones == first == second


async def test_without_a_pooler_statements_are_kept(postgres_url: str) -> None:
    await migrate(postgres_url)
    async with Database(postgres_url) as bot:
        await duties.take_on(bot, "duty", "bot")
        async with bot.reading() as session:
            kept = await session.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
        assert kept
