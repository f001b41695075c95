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


class DatabaseAway(UserError):
    """The database does not answer."""
