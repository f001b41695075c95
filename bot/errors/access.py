"""Errors about who may do what, and where the bot may be used."""

from bot.errors.base import UserError


class NotYourJob(UserError):
    """Only the job's owner, or a moderator, may do this to it."""


class NotYourButtons(UserError):
    """The server lets only the job's owner use its buttons."""


class NotYoursToDelete(UserError):
    """Only the job's owner and moderators may delete its message."""


class NotInItsServer(UserError):
    """A job can be added to the highlights only on its own server."""


class NoHighlights(UserError):
    """A star adds nothing to the highlights; `why` is `no-channel`, `no-permission`, `deleted`."""

    def __init__(self, why: str) -> None:
        super().__init__(why=why)


class NotPermitted(UserError):
    """The command needs the permission to manage the server."""


class PermissionsUnknown(UserError):
    """Discord does not say what the member may do on a server."""


class NowhereToDraw(UserError):
    """The bot can post pictures in no channel that the member sees."""


class NotAMember(UserError):
    """The member has left the server that the job comes from."""


class TooFast(UserError):
    """The member has used up the rate limit."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.seconds = seconds
        """Seconds to wait before the next action."""


class NotOffered(UserError):
    """A select menu was answered with something that is not on it."""


class DirectMessagesOff(UserError):
    """The admin has turned direct messages off."""


class UserInstallsOff(UserError):
    """The admin has turned user installs off."""


class CannotPostHere(UserError):
    """The bot lacks a permission in the channel; `permission` is Discord's name for it."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission=permission)


class CannotWriteToYou(UserError):
    """The member takes no direct messages from the bot."""


class OutOfReach(UserError):
    """The bot can neither edit nor delete a message, or not any more."""
