"""A database's address: read as people write it, turned into one that names the async driver."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.database.errors import StorageUnavailable


def parse_url(url: str) -> URL:
    """Read `sqlite:///path` or `postgresql://…`.

    Raises `StorageUnavailable` for an address that cannot be one.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise StorageUnavailable(
            "The database's address cannot be read; it looks like sqlite:///path/to/file "
            "or postgresql://user:password@host/name."
        ) from error
    kind = parsed.drivername.partition("+")[0]
    if kind == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise StorageUnavailable(
                "The database's address names no file, and a database in memory would lose "
                "everything at the next start; write sqlite:///path/to/file."
            )
        return parsed.set(drivername="sqlite+aiosqlite")
    if kind in ("postgresql", "postgres"):
        query = dict(parsed.query)
        if "sslmode" in query:  # libpq's name for what asyncpg calls ssl
            query["ssl"] = query.pop("sslmode")
        return parsed.set(drivername="postgresql+asyncpg", query=query)
    raise StorageUnavailable(
        f"A database of the kind {kind!r} is not supported; "
        "the address must begin with sqlite:/// or postgresql://."
    )


def is_sqlite(url: URL) -> bool:
    return url.drivername.startswith("sqlite")


def files_of(url: str) -> tuple[Path, ...]:
    """The files that a database is in, whether they exist or not; none for Postgres.

    Raises `StorageUnavailable` for an address that cannot be one.
    """
    parsed = parse_url(url)
    if not is_sqlite(parsed):
        return ()
    return tuple(Path(f"{parsed.database}{end}") for end in ("", "-wal", "-shm", "-journal"))
