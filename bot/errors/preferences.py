"""Errors in what members choose for themselves: own options and the suffix."""

from bot.errors.base import UserError


class InvalidOptionName(UserError):
    """The name of a member's own parameter is not one."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class OptionIsParameter(UserError):
    """A member's own parameter would hide one that there is."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class NoSuchOption(UserError):
    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class TooManyOptions(UserError):
    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class SuffixHasWords(UserError):
    """What every prompt ends with is parameters only; `text` is not."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)
