"""The error for a field that cannot be used."""

from typing import NoReturn


class InvalidField(ValueError):
    """A field of a request cannot be used.

    `param` is the field's name, or None if the whole body is at fault. `message` is one
    sentence for a person that says what to do, `code` a word for programs.
    """

    def __init__(self, param: str | None, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.message = message
        self.code = code


def refuse(param: str | None, message: str) -> NoReturn:
    """Raise InvalidField."""
    raise InvalidField(param, message)
