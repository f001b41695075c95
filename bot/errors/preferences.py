"""Errors in what members choose for themselves: own options and the suffix."""

from bot.errors.base import UserError


class InvalidOptionName(UserError):
    """The name of an own option is not valid."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class OptionIsParameter(UserError):
    """The name of an own option is that of a parameter."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class NoSuchOption(UserError):
    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class TooManyOptions(UserError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class SuffixHasWords(UserError):
    """A suffix may have only parameters; `text` is the part that is not one."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class TooManyDefaults(UserError):
    """A server has defaults for too many categories, channels and roles."""

    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class OneScopeOnly(UserError):
    """Defaults are for a channel or for a role, not for both at once."""
