"""The connection to the database: addresses, transactions, migration, and its errors.

Knows how SQLite and Postgres differ (drivers, locks, pragmas), so that nothing else has to.
Knows no table and no query.
"""

from storage.database.connection import Database, announce, clock_s, is_shared, upsert
from storage.database.errors import StorageUnavailable
from storage.database.inspection import DatabaseState, inspect_database
from storage.database.migration import MIGRATIONS, migrate, migration_config
from storage.database.url import files_of
from storage.database.write_turns import someone_waits

__all__ = [
    "MIGRATIONS",
    "Database",
    "DatabaseState",
    "StorageUnavailable",
    "announce",
    "clock_s",
    "files_of",
    "inspect_database",
    "is_shared",
    "migrate",
    "migration_config",
    "someone_waits",
    "upsert",
]
