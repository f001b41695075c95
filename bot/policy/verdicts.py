"""What becomes of a job or its pictures after the rules of a place were read. Pure."""

from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """The outcomes, the mildest first: the strongest of several rules decides."""

    ALLOW = 0
    """Shown as it is."""
    SPOILER = 1
    """Shown behind Discord's spoiler: a member clicks to see it."""
    REVIEW = 2
    """Shown after a moderator has approved it."""
    REFUSE = 3
    """Not drawn or not shown."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict, and why, for a person to read; `reason` is empty where nothing was found."""

    verdict: Verdict = Verdict.ALLOW
    reason: str = ""


def strongest(*rulings: Ruling) -> Ruling:
    """The ruling that decides; of two equally strong ones the first. At least one is given."""
    return max(rulings, key=lambda ruling: ruling.verdict)
