"""`python -m benchmarks.simulation`: how long members wait, by simulation.

With `--write` the tables are written to docs/scale.md. With `--trial` the simulation is compared
with two real engines on this machine instead.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import publish
from benchmarks.simulation.scenarios import report
from benchmarks.simulation.trial import run_trial

DOCUMENT = Path("docs/scale.md")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    parser.add_argument("--jobs", type=int, help="of each scenario (3000), or of the trial (150)")
    parser.add_argument("--trial", action="store_true", help="compare with real engines")
    parser.add_argument("--seed", type=int, default=20, help="of the trial")
    parser.add_argument("--write", action="store_true", help=f"the tables to {DOCUMENT}")
    chosen = parser.parse_args(arguments)
    if chosen.trial:
        tables = {"trial": asyncio.run(run_trial(chosen.jobs or 150, chosen.seed))}
    else:
        tables = dict(report(chosen.jobs or 3000))
    publish(tables, DOCUMENT, writing=chosen.write)


if __name__ == "__main__":
    main()
