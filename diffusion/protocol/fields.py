"""Reading single fields of JSON that somebody else wrote. Pure; knows no request.

A field that is absent or null takes the default; without one it is required. Whatever cannot be
used raises InvalidField, which names the field and says what to do.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

MAX_TEXT_CHARS = 6000
"""Characters of the longest text anybody may send."""


class InvalidField(ValueError):
    """A field of a request cannot be used. `param` names it, the message says what to do."""

    def __init__(self, param: str | None, message: str) -> None:
        super().__init__(message)
        self.param = param
        self.message = message


def refuse(param: str | None, message: str) -> NoReturn:
    raise InvalidField(param, message)


def present(body: Mapping[str, Any], name: str, default: Any) -> Any:
    value = body.get(name)
    if value is None:
        if default is None:
            refuse(name, f"“{name}” is missing.")
        return default
    return value


def text(body: Mapping[str, Any], name: str, default: str | None) -> str:
    value = present(body, name, default)
    if not isinstance(value, str):
        refuse(name, f"“{name}” must be text.")
    if len(value) > MAX_TEXT_CHARS:
        refuse(name, f"“{name}” has {len(value)} characters; {MAX_TEXT_CHARS} is the most.")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        refuse(name, f"“{name}” has half a character in it (a lone surrogate).")
    return value


def whole(body: Mapping[str, Any], name: str, default: int | None, low: int, high: int) -> int:
    value = present(body, name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse(name, f"“{name}” must be a whole number from {low} to {high}.")
    return value


def number(
    body: Mapping[str, Any], name: str, default: float | None, low: float, high: float
) -> float:
    value = present(body, name, default)
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    # The comparison is done first on purpose: a whole number may be too large for a float.
    if not usable or not low <= value <= high or not math.isfinite(value):
        refuse(name, f"“{name}” must be a number from {low:g} to {high:g}.")
    return float(value)


def flag(body: Mapping[str, Any], name: str) -> bool:
    value = present(body, name, False)
    if not isinstance(value, bool):
        refuse(name, f"“{name}” must be true or false.")
    return value


def choice(
    body: Mapping[str, Any], name: str, default: str | None, choices: tuple[str, ...]
) -> str:
    value = present(body, name, default)
    if value not in choices:
        refuse(name, f"“{name}” must be one of {', '.join(choices)}.")
    return str(value)


def sequence(body: Mapping[str, Any], name: str, most: int) -> Sequence[Any]:
    value = present(body, name, ())
    if value != () and (not isinstance(value, list) or len(value) > most):
        refuse(name, f"“{name}” must be a list of at most {most}.")
    return value  # type: ignore[no-any-return]


def objects(body: Mapping[str, Any], name: str, most: int) -> Sequence[Mapping[str, Any]]:
    entries = sequence(body, name, most)
    if not all(isinstance(entry, Mapping) for entry in entries):
        refuse(name, f"Each of “{name}” must be an object.")
    return entries
