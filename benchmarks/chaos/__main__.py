"""`python -m benchmarks.chaos --kills N`: are promises kept, whatever is killed?

Bots, engines and Postgres are killed at random; connections are cut, slowed and left dead; Discord
answers with 429 and 500, or not at all; clocks jump, the disk fills up, programs stand still.
Members ask throughout. At the end everything is whole again, and an account is made. The exit
status is 1 if it does not balance. The schedule follows from `--seed`, which is printed.

Not everywhere can the clock jump (this needs libfaketime) or the disk be mounted (this needs root;
the size of files is limited instead). What is missing is said.
"""

import argparse
import asyncio
import contextlib
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.chaos.account import Account, balance
from benchmarks.chaos.asking import CHANNELS, Asking
from benchmarks.chaos.books import count_unsettled, read_books
from benchmarks.chaos.schedule import Event, make_schedule
from benchmarks.chaos.system import Plan, System, running_system
from benchmarks.trial.members import Actor
from playground.app.administration import Administration
from storage.database import Database, StorageUnavailable

MEMBERS = 8
SETTLE_S = 400.0
"""How long everything may take to come to rest once nothing happens any more."""

MAX_WAIT_S = 60.0
"""How long a fault waits for a bot at most."""

CALM_S = 4.0
"""How long a bot has been online when a fault that waits for it comes: it has something to do."""

KILL_INTERVAL_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for on the command line."""

    plan: Plan
    kills: int
    seed: int
    interval_s: float
    only_kills: bool
    keep: Path | None


async def run(wanted: Wanted, folder: Path) -> Account:
    """Run it all in a folder; says on stdout what happens."""
    async with AsyncExitStack() as opened:
        system = await opened.enter_async_context(running_system(wanted.plan, folder))
        if wanted.keep is not None:
            opened.callback(_keep, folder, wanted.keep)
        _say_missing(system)
        names = [f"Member{number}" for number in range(MEMBERS)]
        for name in names:
            system.playground.administration.add_member(name)
        channels = [*CHANNELS, *_add_servers(system.playground.administration, wanted.plan.bots)]
        await system.audience.until_commands()
        http = await opened.enter_async_context(aiohttp.ClientSession())
        actors = [Actor(system.playground.url, name, http) for name in names]
        asking = Asking(system.audience, random.Random(wanted.seed), channels)
        members = [asyncio.create_task(asking.ask_throughout(actor)) for actor in actors]
        schedule = make_schedule(
            wanted.seed,
            wanted.kills,
            wanted.interval_s,
            system.targets,
            only_kills=wanted.only_kills,
        )
        try:
            await _inject_all(system, schedule)
        finally:
            for member in members:
                member.cancel()
            await asyncio.gather(*members, return_exceptions=True)
        database = Database(system.url)
        opened.push_async_callback(database.close)
        took_s = await _settle(database)
        pictures = system.disk.folder / "pictures"
        books = await read_books(database, pictures, system.audience, actors, asking.asked_jobs)
        account = balance(books)
        _say(system, asking, account, took_s)
        return account


def _add_servers(administration: Administration, shards: int) -> list[str]:
    """A server for each shard that has none; returns their channels."""
    first = administration.shard_of_server(shards)
    channels = {number: f"studio-{number}" for number in range(shards) if number != first}
    for number, channel in channels.items():
        administration.add_server(f"Server {number}", channel, (number, shards))
    return list(channels.values())


async def _inject_all(system: System, schedule: Sequence[Event]) -> None:
    """Most faults wait for a bot at work: on a slow machine it would never come to it."""
    begun = time.monotonic()
    async with asyncio.TaskGroup() as running:
        for event in schedule:
            await asyncio.sleep(max(0.0, begun + event.at_s - time.monotonic()))
            if event.waits:
                waited_since = time.monotonic()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(MAX_WAIT_S):
                        await system.audience.until_online_for(CALM_S)
                begun += time.monotonic() - waited_since
            print(event, flush=True)
            running.create_task(system.inject(event))


async def _settle(database: Database) -> float:
    """Wait until every job has ended and is shown; returns how many seconds that took."""
    begun = time.monotonic()
    while time.monotonic() - begun < SETTLE_S:
        try:
            if not await count_unsettled(database):
                break
        except StorageUnavailable:
            pass
        await asyncio.sleep(0.5)
    return time.monotonic() - begun


def _keep(folder: Path, kept: Path) -> None:
    shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("postgres"))


def _say_missing(system: System) -> None:
    if not system.clocks:
        print("The clock does not jump: libfaketime is not installed (Debian: libfaketime).")
    if not system.disk.is_mounted:
        print("The disk is not mounted, which needs root: the size of files is limited instead.")


def _say(system: System, asking: Asking, account: Account, took_s: float) -> None:
    kills = ", ".join(f"{name} {count}" for name, count in sorted(system.killed.items()))
    ended = ", ".join(f"{count} {state}" for state, count in sorted(account.ended.items()))
    print(f"\nkilled: {kills or 'nothing'}")
    print(
        f"answers: {asking.answers} in time, {asking.unanswered} not; {asking.refused} refused "
        "by Discord"
    )
    print(f"jobs: {ended}; at rest {took_s:.0f} s after the last fault")
    for reason, count in account.reasons.most_common():
        print(f"failed {count} times: {reason}")
    left = account.first_answers_left
    print(f"pinged: {account.pinged} times; left over: {len(left)} first answers")
    for line in left:
        print(f"left over: {line}")
    for program in (*system.bots.values(), *system.engines.values()):
        if program.unasked_ends:
            print(f"{program.name} ended by itself with {program.unasked_ends}")
    for line in account.wrong:
        print(f"WRONG: {line}")
    print("The account balances." if account.balances else "The account does not balance.")


def main(arguments: Sequence[str] | None = None) -> None:
    # As Ctrl-C: whatever was started is ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--bots", type=int, default=1, help="more than one need Postgres")
    parser.add_argument("--engines", type=int, default=1)
    parser.add_argument(
        "--engine",
        choices=("quick", "embedded", "fleet"),
        default="quick",
        help="fleet: --engines replicas on Ray, of which each is hit, and Ray's head",
    )
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, printed")
    parser.add_argument("--interval", type=float, default=KILL_INTERVAL_S, help="of kills, seconds")
    parser.add_argument("--only-kills", action="store_true", help="no other faults")
    parser.add_argument("--keep", type=Path, help="keep logs and data in this new folder")
    chosen = parser.parse_args(arguments)
    if chosen.bots > 1 and chosen.database != "postgres":
        parser.error("several bots need --database postgres")
    seed = secrets.randbelow(10**6) if chosen.seed is None else chosen.seed
    print(f"seed {seed}", flush=True)
    plan = Plan(chosen.database, chosen.bots, chosen.engines, chosen.engine)
    wanted = Wanted(plan, chosen.kills, seed, chosen.interval, chosen.only_kills, chosen.keep)
    folder = Path(tempfile.mkdtemp(prefix="darkroom-chaos-"))
    # A Postgres that root starts runs as another user, who has to get there.
    folder.chmod(0o755)
    try:
        account = asyncio.run(run(wanted, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if account.balances else 1)


if __name__ == "__main__":
    main()
