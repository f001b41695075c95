"""What a load trial measured, and the table of it. Pure."""

import os
import statistics
from collections import Counter
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.report import table

HANDLING = "darkroom_interaction_handling_seconds"
"""The bot's metric of how long it takes until it sends a first answer."""

SUGGESTING = "autocomplete"
"""The type of interactions that are counted apart."""

WARM_UP_SHARE = 0.1
"""The first jobs, after which the bot's memory counts as its level."""


@dataclass(frozen=True, slots=True)
class Handled:
    """The bot's own part of first answers, without suggestions: how many, and all seconds."""

    count: int = 0
    seconds: float = 0.0

    @property
    def mean_s(self) -> float:
        return self.seconds / self.count if self.count else 0.0


def read_handled(metrics: str) -> Handled:
    """The same from what the bot's `/metrics` says."""
    samples = [
        sample
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
        if sample.labels.get("type") != SUGGESTING
    ]

    def total(name: str) -> float:
        return sum(one.value for one in samples if one.name == f"{HANDLING}_{name}")

    return Handled(int(total("count")), total("sum"))


@dataclass(slots=True)
class Figures:
    """Collected while it runs. Times are seconds, memory is KiB."""

    members: int
    engine: str
    load_before: float
    shards: int = 1
    suggestions: list[float] = field(default_factory=list)
    handled: Handled = field(default_factory=Handled)
    bot_cpu_s: float = 0.0
    answers: list[float] = field(default_factory=list)
    unanswered: int = 0
    refused: int = 0
    """What Discord refused, because the message had just been replaced."""
    waits: list[float] = field(default_factory=list)
    by_member: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[int, int]] = field(default_factory=list)
    """How many jobs had ended, and the bot's memory then."""
    memory_after: int = 0
    restarts: int = 0

    def answered(self, seconds: float, was_answered: bool) -> None:
        if was_answered:
            self.answers.append(seconds)
        else:
            self.unanswered += 1

    def ended(self, member: str, seconds: float) -> None:
        self.by_member[member] += 1
        self.waits.append(seconds)

    def remember(self, kib: int) -> None:
        self.memory.append((len(self.waits), kib))

    def finish(self, kib: int, starts: int) -> None:
        self.memory_after, self.restarts = kib, starts - 1

    def memory_at(self, share: float) -> int:
        """The bot's memory once this share of all jobs had ended."""
        jobs = share * len(self.waits)
        return next((kib for ended, kib in self.memory if ended >= jobs), self.memory_after)


def report(figures: Figures) -> str:
    """A table, and the circumstances in one line."""
    answers = sorted(figures.answers)
    shares = sorted(figures.by_member.values()) or [0]
    shares = [0] * (figures.members - len(shares)) + shares
    waits = sorted(figures.waits) or [0.0]
    rows = [
        ["first answer, median", f"{1000 * statistics.median(answers):.0f} ms"],
        ["first answer, 99th percentile", f"{1000 * _share_of(answers, 0.99):.0f} ms"],
        ["first answer, slowest", f"{1000 * answers[-1]:.0f} ms"],
        ["not answered within 3 s", str(figures.unanswered)],
        ["first answer, mean", f"{1000 * statistics.mean(answers):.0f} ms"],
        ["of this in the bot until it sends it", f"{1000 * figures.handled.mean_s:.0f} ms"],
        ["suggestions while typing, median", _median_ms(figures.suggestions)],
        ["CPU of the bot for a job", f"{1000 * figures.bot_cpu_s / max(1, len(waits)):.0f} ms"],
        ["from asking to the end, median", f"{statistics.median(waits):.1f} s"],
        ["from asking to the end, slowest", f"{waits[-1]:.1f} s"],
        ["the bot's memory, warm", f"{figures.memory_at(WARM_UP_SHARE) / 1024:.0f} MiB"],
        ["the bot's memory, halfway", f"{figures.memory_at(0.5) / 1024:.0f} MiB"],
        ["the bot's memory, at most", f"{max(kib for _, kib in figures.memory) / 1024:.0f} MiB"],
        ["the bot's memory, afterwards", f"{figures.memory_after / 1024:.0f} MiB"],
        ["jobs of a member, fewest", str(shares[0])],
        ["jobs of a member, median", f"{statistics.median(shares):.0f}"],
        ["jobs of a member, most", str(shares[-1])],
    ]
    said = (
        f"{os.cpu_count()} cores; {figures.members} members, "
        f"{len(figures.waits)} jobs, {_shards(figures.shards)}engine "
        f"“{figures.engine}”; load average {figures.load_before:.1f} before and "
        f"{os.getloadavg()[0]:.1f} after."
    )
    if figures.restarts:
        said += f" The bot was started again {figures.restarts} times."
    return f"{said}\n\n{table(('what', 'measured'), rows)}"


def _shards(count: int) -> str:
    return f"{count} shards, " if count > 1 else ""


def _median_ms(seconds: list[float]) -> str:
    return f"{1000 * statistics.median(seconds):.0f} ms" if seconds else "none"


def _share_of(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
