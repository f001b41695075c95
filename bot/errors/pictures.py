"""Errors with pictures: those that members send, and those that are stored."""

from bot.errors.base import PromptError, UserError
from bot.i18n.texts import Text


class InvalidLink(PromptError):
    """A link does not lead to a picture that can be used; `reason` is a key under `link-`."""

    def __init__(self, link: str, reason: str) -> None:
        shown = link if len(link) <= 100 else f"{link[:99]}…"
        super().__init__(link=shown, reason=Text(f"link-{reason}"))


class InvalidUpload(PromptError):
    """A file that came along is no picture that can be used; `reason` is a key under `upload-`."""

    def __init__(self, name: str, reason: str) -> None:
        shown = name if len(name) <= 100 else f"{name[:99]}…"
        super().__init__(name=shown, reason=Text(f"upload-{reason}"))


class NotAPicture(UserError):
    """There is no picture to describe: neither a file nor a link."""


class PictureLost(UserError):
    """A picture's file is gone from the disk, or damaged there."""


class PictureTakenAway(UserError):
    """A moderator had a picture taken away, with its file."""


class PicturesBusy(UserError):
    """Too many pictures wait to be read, of all members or of this one."""


class CannotKeep(UserError):
    """A picture to start from cannot be put on the disk; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class CannotDelete(UserError):
    """A picture's file cannot be taken away; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
