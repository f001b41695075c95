"""Errors of what the bot depends on: inference, its models and the database."""

from bot.errors.base import UserError


class CannotDescribe(UserError):
    """No model can describe pictures, or weigh words."""


class TooShort(UserError):
    """The prompt is too short to be shortened."""


class InferenceAway(UserError):
    """Inference does not answer."""


class NoModel(UserError):
    """Inference has not listed any model yet."""


class ExportedLately(UserError):
    """The member had their data sent a short while ago."""

    def __init__(self, minutes: int) -> None:
        super().__init__(minutes=minutes)


class CannotExport(UserError):
    """Discord does not take the files with a member's data at the moment."""


class StorageFull(UserError):
    """There is no room left for pictures: no new jobs are taken."""


class DatabaseAway(UserError):
    """The database does not answer."""


class PicturesAway(UserError):
    """What keeps the pictures does not answer."""
