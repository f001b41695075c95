"""A command's options: what a member typed, turned into what an interaction carries.

Does what Discord's client does before it sends anything: finds the subcommand, matches choices,
converts and bounds numbers, and refuses what is missing or unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from playground.interactions.command_registry import Command
from playground.state.errors import Refusal
from playground.state.messages import Json, StoredFile
from playground.validation.commands import OptionKind

NESTED = (OptionKind.SUBCOMMAND, OptionKind.GROUP)


@dataclass(frozen=True, slots=True)
class TypedOptions:
    """The `options` of the interaction, and the files, users, channels and roles in them."""

    options: list[dict[str, Any]]
    files: dict[int, StoredFile] = field(default_factory=dict)
    users: set[int] = field(default_factory=set)
    channels: set[int] = field(default_factory=set)
    roles: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Finds files, users, channels and roles by a typed name or id; raises Refusal if unknown."""

    file: Callable[[str], StoredFile]
    user: Callable[[str], int]
    channel: Callable[[str], int]
    role: Callable[[str], int]


def fill_options(
    command: Command,
    path: list[str],
    values: Mapping[str, Any],
    lookup: Lookup,
    focused: str | None = None,
) -> TypedOptions:
    """Fill the options of `command` (below the subcommands in `path`) with typed `values`.

    With `focused`, an autocomplete: nothing is required yet and the focused value is kept as
    typed.
    """
    options = command.definition.get("options") or []
    steps = []
    for name in path:
        found = next((o for o in options if o["type"] in NESTED and o["name"] == name), None)
        if found is None:
            raise Refusal(f"/{command.name} has no subcommand {name!r}.")
        steps.append(found)
        options = found.get("options") or []
    if any(option["type"] in NESTED for option in options):
        raise Refusal(f"/{command.name} needs a subcommand.")
    typed = TypedOptions([])
    unknown = set(values) - {option["name"] for option in options}
    if unknown:
        raise Refusal(f"/{command.name} has no option {', '.join(sorted(unknown))}.")
    for option in options:
        if option["name"] in values:
            typed.options.append(_fill(option, values[option["name"]], typed, lookup, focused))
        elif option.get("required") and focused is None:
            raise Refusal(f"The option {option['name']} of /{command.name} is required.")
    filled = typed.options
    for step in reversed(steps):
        filled = [{"type": step["type"], "name": step["name"], "options": filled}]
    return replace(typed, options=filled)


def _fill(
    option: Json, value: Any, typed: TypedOptions, lookup: Lookup, focused: str | None
) -> dict[str, Any]:
    filled: dict[str, Any] = {"type": option["type"], "name": option["name"]}
    if option["name"] == focused:
        return {**filled, "value": str(value), "focused": True}
    return {**filled, "value": _convert(option, value, typed, lookup)}


def _convert(option: Json, value: Any, typed: TypedOptions, lookup: Lookup) -> Any:
    if option.get("choices"):
        return _chosen(option, value)
    match option["type"]:
        case OptionKind.STRING:
            return _bounded(option, str(value), len(str(value)), "min_length", "max_length")
        case OptionKind.INTEGER:
            number = _number(option, value, int)
            return _bounded(option, number, number, "min_value", "max_value")
        case OptionKind.NUMBER:
            number = _number(option, value, float)
            return _bounded(option, number, number, "min_value", "max_value")
        case OptionKind.BOOLEAN:
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case OptionKind.ATTACHMENT:
            file = lookup.file(str(value))
            typed.files[file.id] = file
            return str(file.id)
        case OptionKind.CHANNEL:
            channel_id = lookup.channel(str(value))
            typed.channels.add(channel_id)
            return str(channel_id)
        case OptionKind.ROLE:
            role_id = lookup.role(str(value))
            typed.roles.add(role_id)
            return str(role_id)
        case OptionKind.USER | OptionKind.MENTIONABLE:
            user_id = lookup.user(str(value))
            typed.users.add(user_id)
            return str(user_id)
    raise Refusal(f"The option {option['name']} is of a kind the playground does not offer.")


def _chosen(option: Json, value: Any) -> Any:
    for choice in option["choices"]:
        if str(value) in (str(choice["value"]), choice["name"]):
            return choice["value"]
    known = ", ".join(choice["name"] for choice in option["choices"])
    raise Refusal(f"The option {option['name']} is one of {known}.")


def _number(option: Json, value: Any, kind: type[int] | type[float]) -> float:
    try:
        return kind(value)
    except (TypeError, ValueError):
        if kind is int:
            raise Refusal(f"The option {option['name']} is a whole number.") from None
        raise Refusal(f"The option {option['name']} is a number.") from None


def _bounded(option: Json, value: Any, measure: float, least: str, most: str) -> Any:
    """The value, if it or its length is within the option's limits."""
    if least in option and option[least] is not None and measure < option[least]:
        raise Refusal(f"The option {option['name']} must be {option[least]} or more.")
    if most in option and option[most] is not None and measure > option[most]:
        raise Refusal(f"The option {option['name']} must be {option[most]} or less.")
    return value
