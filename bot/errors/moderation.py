"""Errors about what moderators decide, and about reports and appeals."""

from bot.errors.base import UserError
from bot.i18n.texts import Text


class NotModerator(UserError):
    """The button or command needs the permission to manage messages."""


class NoReviewChannel(UserError):
    """A server has no channel in which moderators could look at anything."""


class AlreadyDecided(UserError):
    """Somebody else decided first; `who` and `when` are written for Discord."""

    def __init__(self, decision: str, who: str, when: str) -> None:
        super().__init__(decision=Text(f"review-decided.{decision}", {"who": who, "when": when}))


class ReviewGone(UserError):
    """What was to be decided about is deleted."""


class AlreadyReported(UserError):
    """The member has reported this picture before."""


class NothingToReport(UserError):
    """The message is of no picture of this server that is shown."""


class TooManyReports(UserError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class TooManyAppeals(UserError):
    """The member has `most` appeals that nobody has decided."""

    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class AlreadyAppealed(UserError):
    """Moderators look at this already, or have decided about it."""


class NotYourAppeal(UserError):
    """Only the member whose picture it is can appeal."""


class NothingToAppeal(UserError):
    """Nothing is refused there."""
