"""Which errors mean that the database is unavailable: those that a real one shows too rarely."""

import asyncpg
import pytest
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import InternalError

from storage.database.errors import StorageUnavailable, translate_errors

URL = make_url("postgresql+asyncpg://darkroom@127.0.0.1/darkroom")


def raised(cause: Exception) -> InternalError:
    """What SQLAlchemy makes of an error of asyncpg."""
    error = AsyncAdapt_asyncpg_dbapi.InternalError("cannot switch to state 11", cause)
    error.sqlstate = getattr(cause, "sqlstate", None)
    return InternalError("SELECT 1", None, error)


def test_a_driver_whose_connection_ended_in_the_middle_means_that_it_is_away() -> None:
    with pytest.raises(StorageUnavailable), translate_errors(URL):
        raise raised(asyncpg.InternalClientError("cannot switch to state 11"))


def test_a_fault_of_the_server_itself_is_no_outage() -> None:
    with pytest.raises(InternalError), translate_errors(URL):
        raise raised(asyncpg.InternalServerError("a bug of its own"))
