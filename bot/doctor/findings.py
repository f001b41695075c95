"""What a check has found. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from bot.i18n.texts import Text


class Level(IntEnum):
    """How bad a finding is; a higher number is worse."""

    OK = 0
    WARNING = 1
    PROBLEM = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is right or wrong.

    `text` and `remedy` name no path, address or key. `detail` may: only the operator sees it.
    `by_admins` is whether the admins of a server can mend it themselves.
    """

    check: str
    level: Level
    text: Text
    remedy: Text | None = None
    detail: str = ""
    by_admins: bool = False


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level; OK if there is no finding."""
    return max((finding.level for finding in findings), default=Level.OK)


def count(findings: Iterable[Finding], level: Level) -> int:
    return sum(finding.level is level for finding in findings)


def title_of(check: str) -> Text:
    """What a check is called."""
    return Text(f"doctor-{check}")
