"""How a database answers: the plan of each statement that is executed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

TABLES = ("jobs", "pictures")
"""The tables that become large."""


@dataclass
class Plans:
    """`scans` are the statements that read a large table from its beginning to its end; `read` is
    how many rows of all tables Postgres reads for one statement at most."""

    scans: list[str] = field(default_factory=list)
    read: int = 0
    longest: str = ""
    """The statement for which that is."""


@contextmanager
def recorded_plans() -> Iterator[Plans]:
    """The plans of all statements that this process executes meanwhile."""
    plans = Plans()

    def record(
        connection: Connection, _cursor: Any, statement: str, given: Any, _: Any, many: bool
    ) -> None:
        parameters = given[0] if many else given
        if not statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            return
        if connection.dialect.name == "sqlite":
            _of_sqlite(connection, statement, parameters, plans)
        else:
            _of_postgres(connection, statement, parameters, plans)

    event.listen(Engine, "before_cursor_execute", record)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", record)


def _of_sqlite(connection: Connection, statement: str, parameters: Any, plans: Plans) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    for *_, detail in cursor.fetchall():
        words = detail.split()
        # A whole index is fine if it has only the rows that are wanted.
        if words[0] == "SCAN" and words[1].startswith(TABLES) and "INDEX" not in words:
            plans.scans.append(f"{detail}: {statement}")
    cursor.close()


def _of_postgres(connection: Connection, statement: str, parameters: Any, plans: Plans) -> None:
    cursor = connection.connection.cursor()
    # What changes something must not do so twice: of that, only the plan is made.
    how = "ANALYZE, " if statement.lstrip().startswith(("SELECT", "WITH")) else ""
    cursor.execute(f"EXPLAIN ({how}FORMAT JSON) {statement}", parameters)
    ((found,),) = cursor.fetchall()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    read = 0
    for node in _nodes(plan):
        if "Relation Name" in node and how:
            removed = node.get("Rows Removed by Filter", 0)
            read += int((node["Actual Rows"] + removed) * node["Actual Loops"])
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in TABLES:
            plans.scans.append(f"{node}: {statement}")
    if read > plans.read:
        plans.read, plans.longest = read, statement
    cursor.close()


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
