"""The connection to the database: addresses, transactions, migration, and its errors.

Knows how SQLite and Postgres differ (drivers, locks, pragmas), so that nothing else has to.
Knows no table and no query.
"""

from storage.database.connection import (
    MIGRATIONS,
    Database,
    StorageUnavailable,
    files_of,
    migrate,
    migration_config,
    upsert,
)

__all__ = [
    "MIGRATIONS",
    "Database",
    "StorageUnavailable",
    "files_of",
    "migrate",
    "migration_config",
    "upsert",
]
