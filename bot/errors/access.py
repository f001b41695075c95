"""Errors about who may do what, and where the bot may be used."""

from bot.errors.base import UserError


class NotYourJob(UserError):
    """Only its member, or a moderator, may do this to a job."""


class NotYourButtons(UserError):
    """The server lets only a job's member use its buttons."""


class NotYoursToDelete(UserError):
    """Only the member who asked for a job, and moderators, may take its message away."""


class NotInItsServer(UserError):
    """Only in a job's own server can it be shown among the highlights."""


class NotPermitted(UserError):
    """What belongs to the server needs the permission to manage it."""


class NotAMember(UserError):
    """Who asks does not belong any more to the server that this comes from."""


class TooFast(UserError):
    """The member presses or types faster than the bot can do what that asks for."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.seconds = seconds
        """How long to wait before the next."""


class DirectMessagesOff(UserError):
    """Whoever runs the bot has switched conversations with it off."""


class UserInstallsOff(UserError):
    """Whoever runs the bot does not let members bring it along."""


class CannotPostHere(UserError):
    """The bot lacks a permission in the channel; `permission` is Discord's name of it."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission=permission)


class CannotWriteToYou(UserError):
    """The member takes no direct messages from the bot."""


class OutOfReach(UserError):
    """A message can be neither edited nor taken away by the bot, or no longer."""
