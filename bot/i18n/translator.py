"""Translates the names and descriptions of commands with the texts of `bot.i18n.texts`.

The key of a command is `command-` and its full name with hyphens. Its value is the description,
`.name` the last word of the name, `.{option}` an option's description and `.{option}-name` the
option's name. Context menus have `menu-` keys. A choice carries its key, which `choices` gives it.
"""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.i18n.texts import language_of, say


class Translator(app_commands.Translator):
    """discord.py's translator; English is in the commands themselves."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        if language_of(locale.value) == "en":
            return None
        key = string.extras.get("key") or _key(context.location, context.data)
        return say(key, locale.value) if key else None


def choices(*values: str, prefix: str = "choice") -> list[app_commands.Choice[str]]:
    """Choices of an option. The key of each is `prefix`, a hyphen and its value."""
    named = ((f"{prefix}-{value}", str(value)) for value in values)
    return [
        app_commands.Choice(name=app_commands.locale_str(say(key), key=key), value=value)
        for key, value in named
    ]


def called(command: Any, locale: str) -> str:
    """The full name of a command in this language: `prefer option set`."""
    words = [say(f"{key_of(command)}.name", locale)]
    while command.parent is not None:
        command = command.parent
        words.insert(0, say(f"{key_of(command)}.name", locale))
    return " ".join(words)


def key_of(command: Any) -> str:
    """The key of a command, group or context menu in `bot.i18n.texts`."""
    kind = "menu" if isinstance(command, app_commands.ContextMenu) else "command"
    return f"{kind}-{command.qualified_name.lower().replace(' ', '-')}"


def _key(location: Location, about: Any) -> str | None:
    match location:
        case Location.command_name | Location.group_name:
            return f"{key_of(about)}.name"
        case Location.command_description | Location.group_description:
            return key_of(about)
        case Location.parameter_name:
            return f"{key_of(about.command)}.{about.name}-name"
        case Location.parameter_description:
            return f"{key_of(about.command)}.{about.name}"
    return None
