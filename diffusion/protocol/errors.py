"""The error for a field that cannot be used."""

from typing import NoReturn


class InvalidField(ValueError):
    """A field of a request cannot be used.

    `param` is the field's name, or None if the whole body is at fault. `message` is one
    sentence for a person that says what to do.
    """

    def __init__(self, param: str | None, message: str) -> None:
        super().__init__(message)
        self.param = param
        self.message = message


def refuse(param: str | None, message: str) -> NoReturn:
    """Raise InvalidField."""
    raise InvalidField(param, message)
