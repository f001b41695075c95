"""A pooler between the bot and Postgres, such as PgBouncer, which may give each transaction another
connection.

A statement that was prepared on one is unknown on the next. Where there is a pooler, statements
have no name: each is prepared anew, in the transaction that runs it. That costs an exchange each,
which a direct connection does not pay.
"""

import asyncio
import logging
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

log = logging.getLogger(__name__)

NO_STATEMENTS_KEPT = {
    # Of the driver, and of SQLAlchemy.
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}

UNKNOWN = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TypeError, ValueError)
"""What is raised where nobody can connect."""


def fit_to_pooler(engine: AsyncEngine) -> None:
    """Have an engine's connections work behind a pooler, if there is one.

    A connection of its own finds that out, before the first.
    """
    found: dict[str, bool] = {}
    looking = asyncio.Lock()

    async def look(how: dict[str, Any]) -> bool:
        async with looking:
            if "pooler" not in found:
                try:
                    found["pooler"] = await is_pooled(how)
                except UNKNOWN:
                    # The connection itself says what is wrong, in the same way. If it is made after
                    # all, it works behind a pooler too, for as long as it is kept.
                    return True
                if found["pooler"]:
                    log.info("There is a pooler before Postgres: no statements are kept.")
        return found["pooler"]

    @event.listens_for(engine.sync_engine, "do_connect")
    def fit(_dialect: Any, _record: Any, _: list[Any], how: dict[str, Any]) -> None:
        if await_only(look(how)):
            how.update(NO_STATEMENTS_KEPT)


async def is_pooled(how: dict[str, Any]) -> bool:
    """Whether what answers at this address, by the driver's parameters, is not Postgres itself.

    A pooler tells a number of its own as that of the server's process. Raises what the driver does.
    """
    own = {name: value for name, value in how.items() if not name.startswith("prepared_")}
    connection = await asyncpg.connect(**{**own, "statement_cache_size": 0})
    try:
        async with connection.transaction():
            told: int = await connection.fetchval("SELECT pg_backend_pid()")
        return bool(told != connection.get_server_pid())
    finally:
        connection.terminate()
