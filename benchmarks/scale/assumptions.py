"""What the figures of docs/scale.md are computed from and nobody measured here.

Each can be replaced: `python -m benchmarks.scale --set members=50000`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.services.job_runner import PREVIEW_COUNT


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number, what it is of, and where it comes from."""

    value: float
    meaning: str
    source: str


OURS = "a guess of ours"
DISCORD = "discord.com/developers/docs"

ASSUMPTIONS: Mapping[str, Assumption] = {
    "members": Assumption(1e6, "members of all servers", "the question"),
    "members_a_server": Assumption(200, "members of a server", OURS),
    "active": Assumption(0.1, "members who draw on a day, of all", OURS),
    "jobs_a_day": Assumption(10, "jobs of such a member on a day", OURS),
    "drawn": Assumption(0.7, "jobs that are drawn, of all; the rest copy a stored picture", OURS),
    "pictures": Assumption(4, "pictures of a drawn job", "`--n`'s default"),
    "peak": Assumption(2.5, "jobs at the busiest minute, times the mean", OURS),
    "interactions": Assumption(4, "interactions a job: autocomplete, a command or a button", OURS),
    "edits": Assumption(PREVIEW_COUNT, "previews of a drawn job, at most", "`PREVIEW_COUNT`"),
    "servers_a_shard": Assumption(1000, "servers of a shard; 2,500 at most", f"{DISCORD}: gateway"),
    "requests": Assumption(50, "requests a second of a bot, at first", f"{DISCORD}: rate limits"),
    "load": Assumption(0.9, "work of GPUs at the busiest minute", "the simulation below"),
    "bot_load": Assumption(0.5, "work of a bot's processor core at the busiest minute", OURS),
    "keep_days": Assumption(90, "days that pictures are kept", OURS),
    "store_price": Assumption(
        0.023, "$ for a GB and month of objects", "aws.amazon.com/s3/pricing, from memory"
    ),
    "database_price": Assumption(
        0.115, "$ for a GB and month of Postgres", "aws.amazon.com/rds/pricing, from memory"
    ),
}


def values(changes: Mapping[str, float]) -> dict[str, float]:
    """The values by their names, with changes. Raises KeyError for a name that there is not."""
    for name in changes:
        if name not in ASSUMPTIONS:
            raise KeyError(name)
    return {name: one.value for name, one in ASSUMPTIONS.items()} | dict(changes)
