"""Errors about who may do what, and where the bot may be used."""

from bot.errors.base import UserError
from bot.i18n.markdown import Markup


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


class ServerNotServed(UserError):
    """The operator lets the bot work on other servers only."""


class Blocked(UserError):
    """A moderator has blocked the member; `until` is None if only a moderator ends it."""

    def __init__(self, until: Markup | None, reason: str | None) -> None:
        super().__init__(
            until=until or "none", reason=reason or "", has_reason="yes" if reason else "no"
        )


class CannotBlock(UserError):
    """Somebody who may not be blocked; `why` is `self`, `bot` or `manages`."""

    def __init__(self, why: str) -> None:
        super().__init__(why=why)


class NotBlocked(UserError):
    """Somebody who is not blocked cannot be unblocked."""


class InvalidDuration(UserError):
    def __init__(self, given: str) -> None:
        super().__init__(given=given)


class DrawElsewhere(UserError):
    """The server lets the bot draw in other channels; `channels` are they, None for all others."""

    def __init__(self, channels: Markup | None) -> None:
        super().__init__(channels=channels or "none")


class NeedsRole(UserError):
    """Only members with one of these roles may draw."""

    def __init__(self, roles: Markup) -> None:
        super().__init__(roles=roles)


class ButtonsNeedRole(UserError):
    """Only the owner of a job and members with one of these roles may use its buttons."""

    def __init__(self, roles: Markup | None) -> None:
        super().__init__(roles=roles or "none")


class OverYourBound(UserError):
    """More than the member's roles allow; `what` is a name of `bot.policy.bounds.NUMBERS`."""

    def __init__(self, what: str, given: str, most: str) -> None:
        super().__init__(what=what, given=given, most=most)


class NotForYourRoles(UserError):
    """The member's roles do not allow this; `what` is `parameter`, which `flag` names, or a name of
    `bot.policy.bounds.SWITCHES`."""

    def __init__(self, what: str, flag: str = "") -> None:
        super().__init__(what=what, flag=flag)


class LoraNotForYou(UserError):
    """`usable` are the LoRAs that the member's roles allow; None if there are none."""

    def __init__(self, lora: str, usable: Markup | None) -> None:
        super().__init__(lora=lora, usable=usable or "none")


class ModelNotForYou(UserError):
    """`usable` are the models that the member may use; None if there are none."""

    def __init__(self, model: str, usable: Markup | None) -> None:
        super().__init__(model=model, usable=usable or "none")


class InvalidBound(UserError):
    """A bound of a role has a value that it does not take; `what` is its option."""

    def __init__(self, what: str, given: str) -> None:
        super().__init__(what=what, given=given)
