"""Registration of application commands, global and of the server."""

from __future__ import annotations

from typing import Any

from playground.interactions.command_registry import Command
from playground.payloads.commands import command_payload
from playground.rest.call import Call
from playground.state import errors
from playground.state.errors import DiscordError


def list_commands(call: Call) -> Any:
    return [_payload(call, command) for command in call.standin.commands.all(_scope(call))]


def replace_commands(call: Call) -> Any:
    scope = _scope(call)
    commands = call.standin.commands.replace_all(scope, call.body.json)
    return [_payload(call, command) for command in commands]


def create_command(call: Call) -> Any:
    scope = _scope(call)
    return _payload(call, call.standin.commands.put(scope, call.form))


def get_command(call: Call) -> Any:
    return _payload(call, call.standin.commands.get(_scope(call), call.id("command_id")))


def change_command(call: Call) -> Any:
    scope, command_id = _scope(call), call.id("command_id")
    return _payload(call, call.standin.commands.change(scope, command_id, call.form))


def delete_command(call: Call) -> None:
    call.standin.commands.remove(_scope(call), call.id("command_id"))


def _scope(call: Call) -> int | None:
    """The guild's id, or None for global commands, of this application."""
    if call.id("application_id") != call.world.application_id:
        raise DiscordError(errors.UNKNOWN_APPLICATION)
    return call.id("guild_id") if "guild_id" in call.path else None


def _payload(call: Call, command: Command) -> Any:
    return command_payload(call.world, command)
