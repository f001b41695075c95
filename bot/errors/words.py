"""Errors about a server's rules for words."""

from collections.abc import Sequence

from bot.errors.base import UserError
from bot.i18n.markdown import names

MAX_NAMED_CHARS = 300
"""Characters of the words that a refusal names."""


class ForbiddenWords(UserError):
    """A server does not allow these words, which stand in what the member wrote."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(dict.fromkeys(words))
        super().__init__(words=names(self.words, MAX_NAMED_CHARS), count=len(self.words))


class InvalidRule(UserError):
    """A rule cannot be used; `why` is `long`, `empty`, `everything`, `star`, `open` or
    `expression`, of which `detail` says more.
    """

    def __init__(self, why: str, pattern: str, most: int = 0, detail: str = "") -> None:
        super().__init__(why=why, pattern=pattern, most=most, detail=detail)


class TooManyRules(UserError):
    """A server has no room for more rules; `what` is `rules` or `expressions`."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(what=what, most=most)


class NoSuchRule(UserError):
    def __init__(self, pattern: str) -> None:
        super().__init__(pattern=pattern)


class UnreadableRules(UserError):
    """A file is no list of rules; `why` is `size`, `text` or `lost`."""

    def __init__(self, why: str, most: int) -> None:
        super().__init__(why=why, most=most)
