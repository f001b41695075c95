"""Errors with pictures: those that members send, and those that are stored."""

from bot.errors.base import PromptError, UserError
from bot.i18n.texts import Text


class InvalidLink(PromptError):
    """A link leads to no usable picture; `reason` is a key under `link-` in the texts."""

    def __init__(self, link: str, reason: str) -> None:
        shown = link if len(link) <= 100 else f"{link[:99]}…"
        super().__init__(link=shown, reason=Text(f"link-{reason}"))


class InvalidUpload(PromptError):
    """An attached file is no usable picture; `reason` is a key under `upload-` in the texts."""

    def __init__(self, name: str, reason: str) -> None:
        shown = name if len(name) <= 100 else f"{name[:99]}…"
        super().__init__(name=shown, reason=Text(f"upload-{reason}"))


class NotAPicture(UserError):
    """`/describe` got neither a file nor a link."""


class PictureLost(UserError):
    """The file of a stored picture is missing or damaged; it is a picture of the job `job_id`."""

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self.job_id = job_id


class PictureTakenAway(UserError):
    """A moderator deleted the picture."""


class PicturesBusy(UserError):
    """Too many pictures wait to be fetched or decoded, of all members or of this one."""


class CannotKeep(UserError):
    """A picture to start from cannot be stored; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class CannotDelete(UserError):
    """The file of a picture cannot be deleted; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
