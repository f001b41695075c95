"""Application commands and the choices of an autocomplete."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from playground.state import errors, limits
from playground.state.errors import Complaint, DiscordError, InvalidForm, Reason
from playground.validation.rules import (
    NOT_A_LIST,
    ChoiceRule,
    ListRule,
    Rule,
    TextRule,
    bad_length,
    check,
    joined,
)


class CommandKind(IntEnum):
    CHAT = 1
    USER = 2
    MESSAGE = 3


class OptionKind(IntEnum):
    SUBCOMMAND = 1
    GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


COMMAND_RULES: tuple[Rule, ...] = (
    TextRule("name", limits.MAX_COMMAND_NAME_CHARS, 1, required=True),
    ChoiceRule("type", tuple(CommandKind)),
    ListRule("options", limits.MAX_COMMAND_OPTIONS),
)
CHAT_RULES: tuple[Rule, ...] = (
    TextRule("description", limits.MAX_COMMAND_DESCRIPTION_CHARS, 1, required=True),
)
OPTION_RULES: tuple[Rule, ...] = (
    ChoiceRule("type", tuple(OptionKind), required=True),
    TextRule("name", limits.MAX_COMMAND_NAME_CHARS, 1, required=True),
    TextRule("description", limits.MAX_COMMAND_DESCRIPTION_CHARS, 1, required=True),
    ListRule("options", limits.MAX_COMMAND_OPTIONS),
    ListRule("choices", limits.MAX_COMMAND_CHOICES),
    TextRule("choices[].name", limits.MAX_CHOICE_CHARS, 1, required=True),
)
CHOICES_RULES: tuple[Rule, ...] = (
    ListRule("choices", limits.MAX_AUTOCOMPLETE_CHOICES, required=True),
    TextRule("choices[].name", limits.MAX_CHOICE_CHARS, 1, required=True),
)
_NAME = re.compile(limits.COMMAND_NAME_PATTERN)


def check_commands(bodies: Any, figures: limits.Limits) -> None:
    """Raise where a whole set of commands, or one command in it, breaks a limit."""
    if not isinstance(bodies, list):
        raise InvalidForm([Complaint("_body", *NOT_A_LIST)])
    complaints: list[Complaint] = []
    for index, body in enumerate(bodies):
        complaints += _check_command(body, str(index))
    if complaints:
        raise InvalidForm(complaints)
    most = {
        CommandKind.CHAT: figures.chat_commands,
        CommandKind.USER: figures.user_commands,
        CommandKind.MESSAGE: figures.message_commands,
    }
    for kind, count in Counter(body.get("type", CommandKind.CHAT) for body in bodies).items():
        if count > most[kind]:
            words = errors.TOO_MANY_COMMANDS.message.format(limit=most[kind])
            raise DiscordError(Reason(400, errors.TOO_MANY_COMMANDS.code, words))
    _check_names_differ(bodies)


def check_choices(body: Any) -> None:
    """Raise InvalidForm where the answer to an autocomplete breaks a limit."""
    complaints = list(check(body, CHOICES_RULES, "data"))
    if complaints:
        raise InvalidForm(complaints)


def _check_command(body: Any, at: str) -> Iterator[Complaint]:
    complaints = list(check(body, COMMAND_RULES, at))
    yield from complaints
    if complaints:
        return
    if body.get("type", CommandKind.CHAT) != CommandKind.CHAT:
        if body.get("options"):
            words = "Context menu commands cannot have options"
            yield Complaint(joined(at, "options"), "APPLICATION_COMMAND_INVALID_OPTIONS", words)
        return
    yield from check(body, CHAT_RULES, at)
    yield from _check_name(body["name"], at)
    yield from _check_options(body.get("options") or [], at)
    if _size(body) > limits.MAX_COMMAND_TOTAL_CHARS:
        words = f"Command exceeds maximum size ({limits.MAX_COMMAND_TOTAL_CHARS})"
        yield Complaint(at, "APPLICATION_COMMAND_TOO_LARGE", words)


def _check_name(name: str, at: str) -> Iterator[Complaint]:
    if not _NAME.match(name) or name != name.lower():
        words = "Command name is invalid"
        yield Complaint(joined(at, "name"), "APPLICATION_COMMAND_INVALID_NAME", words)


def _check_options(options: list[Any], at: str) -> Iterator[Complaint]:
    optional_seen = False
    names: set[str] = set()
    for index, option in enumerate(options):
        here = f"{at}.options.{index}"
        complaints = list(check(option, OPTION_RULES, here))
        yield from complaints
        if complaints:
            continue
        yield from _check_name(option["name"], here)
        if option["name"] in names:
            words = "Option name already exists"
            yield Complaint(here, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", words)
        names.add(option["name"])
        if option.get("required") and optional_seen:
            words = "Required options must be placed before non-required options"
            yield Complaint(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words)
        optional_seen = optional_seen or not option.get("required")
        yield from _check_choices_of(option, here)
        yield from _check_options(option.get("options") or [], here)


def _check_choices_of(option: dict[str, Any], at: str) -> Iterator[Complaint]:
    choices = option.get("choices") or []
    if choices and option.get("autocomplete"):
        words = "Choices and autocomplete cannot both be given"
        yield Complaint(at, "APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES", words)
    for index, choice in enumerate(choices):
        value = choice.get("value")
        if isinstance(value, str) and not 1 <= len(value) <= limits.MAX_CHOICE_CHARS:
            yield bad_length(f"{at}.choices.{index}.value", 1, limits.MAX_CHOICE_CHARS)


def _check_names_differ(bodies: list[Any]) -> None:
    seen: set[tuple[int, str]] = set()
    for index, body in enumerate(bodies):
        key = (body.get("type", CommandKind.CHAT), body["name"])
        if key in seen:
            words = "Application command names must be unique"
            path = f"{index}.name"
            raise InvalidForm([Complaint(path, "APPLICATION_COMMANDS_DUPLICATE_NAME", words)])
        seen.add(key)


def _size(body: dict[str, Any]) -> int:
    """Characters of names, descriptions and choices, which Discord caps in sum."""
    size = len(body["name"]) + len(body.get("description") or "")
    for choice in body.get("choices") or []:
        size += len(choice["name"]) + len(str(choice.get("value", "")))
    return size + sum(_size(option) for option in body.get("options") or [])
