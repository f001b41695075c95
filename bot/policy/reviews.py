"""What moderators decide about jobs and prompts, and what follows from it. Pure."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from bot.policy.verdicts import Verdict


class ReviewKind(StrEnum):
    """Why a moderator has to look at something."""

    HELD = "held"
    """A rule wants a finished job looked at before anybody sees its picture."""
    REPORT = "report"
    """Members reported a picture that is shown."""
    APPEAL = "appeal"
    """A member wants a picture looked at that was refused."""
    PROMPT = "prompt"
    """A member wants a prompt looked at that was refused before anything was drawn."""


class Decision(StrEnum):
    """What a moderator decided. Custom_ids spell it so, so its values stay."""

    APPROVE = "approve"
    SPOILER = "spoiler"
    """Shown, but behind a spoiler."""
    REJECT = "reject"
    BLOCK = "block"
    """Rejected, and its member blocked."""
    KEEP = "keep"
    """A reported picture stays as it is."""
    DELETE = "delete"
    """A reported picture is deleted everywhere."""
    DELETE_BLOCK = "delete-block"
    """Deleted everywhere, and its member blocked."""

    @property
    def is_against(self) -> bool:
        """Whether it is against the member whose job or prompt it is."""
        return self not in (Decision.APPROVE, Decision.SPOILER, Decision.KEEP)

    @property
    def deletes(self) -> bool:
        return self in (Decision.DELETE, Decision.DELETE_BLOCK)

    @property
    def blocks(self) -> bool:
        return self in (Decision.BLOCK, Decision.DELETE_BLOCK)


_PICTURE = (Decision.APPROVE, Decision.SPOILER, Decision.REJECT, Decision.BLOCK)

CHOICES: Mapping[ReviewKind, tuple[Decision, ...]] = {
    ReviewKind.HELD: _PICTURE,
    ReviewKind.APPEAL: _PICTURE,
    ReviewKind.PROMPT: (Decision.APPROVE, Decision.REJECT, Decision.BLOCK),
    ReviewKind.REPORT: (Decision.KEEP, Decision.DELETE, Decision.DELETE_BLOCK),
}
"""What can be decided about each kind, in the order of the buttons."""

MAX_OPEN_APPEALS = 3
"""Appeals of one member on a server that nobody has decided yet."""

MAX_REPORTS = 10
"""Reports of one member within REPORT_PERIOD_S."""

REPORT_PERIOD_S = 3600


def verdict_of(decision: Decision) -> Verdict | None:
    """The verdict on a picture after a decision; None if that does not change it."""
    match decision:
        case Decision.APPROVE:
            return Verdict.ALLOW
        case Decision.SPOILER:
            return Verdict.SPOILER
        case Decision.REJECT | Decision.BLOCK:
            return Verdict.REFUSE
        case _:
            return None


def prompt_key(words: str) -> str:
    """The same for prompts that differ only by case and spaces; `words` are those of a prompt,
    without parameters."""
    return hashlib.sha256(" ".join(words.casefold().split()).encode(errors="replace")).hexdigest()
