"""Counting what is asked of the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def recorded_statements(counts: Callable[[], bool] = lambda: True) -> Iterator[list[str]]:
    """All SQL statements that this process executes meanwhile, in their order.

    `counts` is asked, where one is executed, whether it is recorded.
    """
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if counts():
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", record)
