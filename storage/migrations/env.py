"""What Alembic runs to migrate, on a connection and in a transaction that are passed to it.

`storage.database.migration_config` passes them; there is no alembic.ini.
"""

import warnings
from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from storage.models import EXPRESSION_INDEXES, Base


def write_type(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Write our own types into new migrations as what the database calls them.

    A migration must mean the same for ever, so it refers to nothing of ours that may change.
    """
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def is_compared(_: Any, name: str | None, kind: str, *_rest: Any) -> bool:
    """Leave indexes of expressions out of the comparison: SQLAlchemy cannot read SQLite's."""
    return not (kind == "index" and name in EXPRESSION_INDEXES)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by making it anew
    render_item=write_type,
    include_object=is_compared,
)
with warnings.catch_warnings(), context.begin_transaction():
    warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
    context.run_migrations()
