"""Errors of what the bot depends on: inference, its models and the database."""

from bot.errors.base import UserError


class CannotDescribe(UserError):
    """No model here puts pictures into words, or weighs words."""


class TooShort(UserError):
    """There is nothing to leave out of the prompt."""


class InferenceAway(UserError):
    """Inference does not answer what only it can."""


class NoModel(UserError):
    """Inference has not said yet what model it has."""


class DatabaseAway(UserError):
    """The database does not answer."""
