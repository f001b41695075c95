"""The kinds of rule that most of Discord's limits are, and the code that applies them.

A path names fields from the root of the body; `[]` stands for every element of a list:
`embeds[].fields[].name`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playground.state.errors import Complaint


@dataclass(frozen=True, slots=True)
class TextRule:
    """A string of `least` to `most` characters; absent and null are fine unless required."""

    path: str
    most: int
    least: int = 0
    required: bool = False


@dataclass(frozen=True, slots=True)
class ListRule:
    """A list of `least` to `most` elements; absent and null are fine unless required."""

    path: str
    most: int
    least: int = 0
    required: bool = False


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """One of a few values; absent is fine unless required."""

    path: str
    values: tuple[Any, ...]
    required: bool = False


Rule = TextRule | ListRule | ChoiceRule

REQUIRED = ("BASE_TYPE_REQUIRED", "This field is required")
NOT_A_MODEL = ("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
NOT_A_LIST = ("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")


def check(body: Any, rules: tuple[Rule, ...], at: str = "") -> Iterator[Complaint]:
    """Every violation of the rules in a body that lies at path `at` of the request."""
    for rule in rules:
        yield from _apply(rule, body, rule.path.split("."), at)


def joined(at: str, name: object) -> str:
    """The path of a field or element below `at`."""
    return f"{at}.{name}" if at else str(name)


def bad_length(path: str, least: int, most: int) -> Complaint:
    words = f"Must be between {least} and {most} in length."
    return Complaint(path, "BASE_TYPE_BAD_LENGTH", words)


def _apply(rule: Rule, node: Any, parts: list[str], at: str) -> Iterator[Complaint]:
    """Follow the path; complain where the shape on the way is wrong."""
    if not isinstance(node, dict):
        yield Complaint(at or "_body", *NOT_A_MODEL)
        return
    name = parts[0].removesuffix("[]")
    value = node.get(name)
    here = joined(at, name)
    if len(parts) == 1:
        yield from _judge(rule, value, here)
    elif value is not None and not parts[0].endswith("[]"):
        yield from _apply(rule, value, parts[1:], here)
    elif value is not None:
        if not isinstance(value, list):
            yield Complaint(here, *NOT_A_LIST)
            return
        for index, element in enumerate(value):
            yield from _apply(rule, element, parts[1:], joined(here, index))


def _judge(rule: Rule, value: Any, here: str) -> Iterator[Complaint]:
    if value is None:
        if rule.required:
            yield Complaint(here, *REQUIRED)
        return
    match rule:
        case ChoiceRule():
            if value not in rule.values or isinstance(value, bool) != isinstance(
                rule.values[0], bool
            ):
                known = ", ".join(map(str, rule.values))
                yield Complaint(here, "BASE_TYPE_CHOICES", f"Value must be one of ({known}).")
            return
        case TextRule():
            if not isinstance(value, str):
                words = f"Could not interpret {value!r} as string."
                yield Complaint(here, "STRING_TYPE_CONVERT", words)
                return
        case ListRule():
            if not isinstance(value, list):
                yield Complaint(here, *NOT_A_LIST)
                return
    if rule.least <= len(value) <= rule.most:
        return
    if rule.least == 0:
        words = f"Must be {rule.most} or fewer in length."
        yield Complaint(here, "BASE_TYPE_MAX_LENGTH", words)
    elif len(value) == 0 and rule.required:
        yield Complaint(here, *REQUIRED)
    else:
        yield bad_length(here, rule.least, rule.most)
