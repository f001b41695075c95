"""What happens when: the same for the same seed. Pure.

How far the programs are at that moment is up to the machine. So a seed repeats the faults, and not
every instant at which they hit.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Fault(StrEnum):
    """A kind of fault."""

    KILL = "kill"
    """SIGKILL of a program, which is down for some seconds."""
    PAUSE = "pause"
    """SIGSTOP of a program, and SIGCONT some seconds later."""
    CUT = "cut"
    """All connections of a line end, and new ones are refused for some seconds."""
    SLOW = "slow"
    """Every piece that passes a line is late for some seconds; `amount` is by how many."""
    FREEZE = "freeze"
    """The present connections of a line pass nothing any more, and nobody is told."""
    RATE_LIMIT = "rate limit"
    """Discord answers the next `amount` requests of a route with 429."""
    FAIL = "fail"
    """Discord answers the next `amount` requests of a route with 500, and does nothing."""
    LOSE = "lose"
    """Discord carries out the next `amount` requests of a route, and answers with 503."""
    DROP = "drop"
    """Discord ends the gateway's connection; the session is forgotten if `amount` is 0."""
    CLOCK = "clock"
    """The wall clock of a bot jumps by `amount` seconds."""
    DISK = "disk"
    """The disk for pictures, and for SQLite, is full for some seconds."""


@dataclass(frozen=True, slots=True)
class Event:
    """A fault at a moment: `at_s` seconds after the beginning, `seconds` long."""

    at_s: float
    fault: Fault
    target: str
    seconds: float = 0.0
    amount: float = 0.0
    waits: bool = False
    """Whether it waits until a bot is at work. Those that do not can hit one that is starting."""

    def __str__(self) -> str:
        parts = [f"{self.at_s:7.1f} s", f"{self.fault} {self.target}"]
        if self.seconds:
            parts.append(f"for {self.seconds:.1f} s")
        if self.amount:
            parts.append(f"({self.amount:g})")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Targets:
    """The names of what can be hit. `clocks` are bots whose wall clock can be set."""

    bots: Sequence[str]
    engines: Sequence[str]
    others: Sequence[str]
    """Programs that are killed as seldom as all engines together, such as Postgres."""
    lines: Sequence[str]
    routes: Sequence[str]
    clocks: Sequence[str]
    disk: bool


BOT_SHARE = 0.5
"""How many of the kills hit a bot."""

WAITING_SHARE = 0.75
"""How many of the faults wait until a bot is at work."""

MAX_DOWN_S = 3.0
MAX_FAULT_S = 5.0
MAX_PAUSE_S = 8.0
CLOCK_JUMPS_S = (-600.0, -30.0, -5.0, 5.0, 30.0, 90.0, 600.0)
"""None crosses the turn of a month, after which the ledger of a quota begins anew."""


def make_schedule(
    seed: int, kills: int, interval_s: float, targets: Targets, *, only_kills: bool = False
) -> tuple[Event, ...]:
    """So many kills, one in `interval_s` on average, and as many other faults between them."""
    chance = random.Random(seed)
    # Each in a slot of its own, at any moment of it: none is crowded out, and none is expected.
    events = [
        _kill(chance, interval_s * (slot + chance.random()), targets) for slot in range(kills)
    ]
    if not only_kills:
        kinds = _possible(targets)
        events += [
            _of_kind(chance, interval_s * (slot + chance.random()), chance.choice(kinds), targets)
            for slot in range(kills)
        ]
    events.sort(key=lambda event: event.at_s)
    return tuple(replace(event, waits=chance.random() < WAITING_SHARE) for event in events)


def _possible(targets: Targets) -> tuple[Fault, ...]:
    kinds: list[Fault] = [kind for kind in Fault if kind is not Fault.KILL]
    if not targets.clocks:
        kinds.remove(Fault.CLOCK)
    if not targets.disk:
        kinds.remove(Fault.DISK)
    return tuple(kinds)


def _kill(chance: random.Random, at_s: float, targets: Targets) -> Event:
    groups: list[Collection[str]] = [targets.engines, targets.others]
    group = chance.choice([tuple(one) for one in groups if one])
    if chance.random() < BOT_SHARE:
        group = tuple(targets.bots)
    return Event(at_s, Fault.KILL, chance.choice(group), chance.uniform(0, MAX_DOWN_S))


def _of_kind(chance: random.Random, at_s: float, fault: Fault, targets: Targets) -> Event:
    seconds = chance.uniform(0.5, MAX_FAULT_S)
    match fault:
        case Fault.PAUSE:
            name = chance.choice((*targets.bots, *targets.engines))
            return Event(at_s, fault, name, chance.uniform(0.5, MAX_PAUSE_S))
        case Fault.CUT | Fault.FREEZE:
            return Event(at_s, fault, chance.choice(targets.lines), seconds)
        case Fault.SLOW:
            return Event(
                at_s, fault, chance.choice(targets.lines), seconds, chance.uniform(0.05, 1)
            )
        case Fault.RATE_LIMIT | Fault.FAIL | Fault.LOSE:
            return Event(at_s, fault, chance.choice(targets.routes), 0.0, chance.randint(1, 10))
        case Fault.DROP:
            return Event(at_s, fault, "gateway", 0.0, chance.randint(0, 1))
        case Fault.CLOCK:
            clock = chance.choice(targets.clocks)
            return Event(at_s, fault, clock, 0.0, chance.choice(CLOCK_JUMPS_S))
        case Fault.DISK:
            return Event(at_s, fault, "data", seconds)
        case Fault.KILL:
            raise AssertionError("a kill is made by _kill")
