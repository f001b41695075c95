"""`python -m benchmarks.scale`: what a million members need.

The tables are computed from assumptions, from docs/performance.md and from what is measured on the
way in a Postgres of its own. `--set NAME=VALUE` replaces an assumption; with `--write` the tables
are written to docs/scale.md.
"""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.report import publish
from benchmarks.scale import measured
from benchmarks.scale.assumptions import values
from benchmarks.scale.figures import (
    assumption_table,
    bot_cpu_s,
    card_figures,
    card_table,
    demand_figures,
    figure_table,
    shown,
    storage_figures,
)

DOCUMENT = Path("docs/scale.md")


def report(changes: Mapping[str, float]) -> Mapping[str, str]:
    """All tables, by their places in the document. Raises KeyError for an unknown name."""
    given = values(changes)
    rows = asyncio.run(measured.rows())
    sides = measured.picture_bytes()
    figures = demand_figures(given)
    wanted = figure_table(figures.rows)
    stored = figure_table(storage_figures(figures, rows, sides[max(sides)]))
    said = (
        f"`bot_cpu_s` is {shown(bot_cpu_s())} (docs/performance.md). `row_bytes` is "
        f"{shown(rows.total_bytes)}: {shown(rows.table_bytes)} of rows and "
        f"{shown(rows.index_bytes)} of indexes for a job with four pictures. `picture_bytes` is "
        + ", ".join(f"{shown(size)} at {side} px" for side, size in sides.items())
        + "; the largest counts."
    )
    return {
        "assumptions": assumption_table(given),
        "demand": wanted,
        "storage": f"{said}\n\n{stored}",
        "cards": card_table(list(card_figures(figures.known))),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--write", action="store_true", help=f"the tables to {DOCUMENT}")
    chosen = parser.parse_args(arguments)
    try:
        changes = {name: float(value) for name, _, value in (c.partition("=") for c in chosen.set)}
        tables = report(changes)
    except ValueError:
        parser.error("--set needs NAME=VALUE, where VALUE is a number")
    except KeyError as error:
        parser.error(f"there is no assumption {error}")
    publish(tables, DOCUMENT, writing=chosen.write)


if __name__ == "__main__":
    main()
