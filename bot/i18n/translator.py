"""The names and descriptions of commands in every language, from `bot.i18n.texts`.

A command's entry is `command-` and its whole name with hyphens: the value describes it, `.name` is
its last word, `.{option}` describes an option and `.{option}-name` names it. Menus of messages are
`menu-`, choices `choice-` and their value.
"""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.i18n.texts import language_of, say


class Translator(app_commands.Translator):
    """Gives Discord what `bot.i18n.texts` has; English stands in the commands themselves."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        if language_of(locale.value) == "en":
            return None
        key = _key(context.location, context.data)
        return say(key, locale.value) if key else None


def called(command: Any, locale: str) -> str:
    """A command as it is typed in this language, groups and all: `prefer option set`."""
    words = [say(f"{key_of(command)}.name", locale)]
    while command.parent is not None:
        command = command.parent
        words.insert(0, say(f"{key_of(command)}.name", locale))
    return " ".join(words)


def key_of(command: Any) -> str:
    """The key of a command, group or menu in `bot.i18n.texts`."""
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
        case Location.choice_name:
            return f"choice-{about.value}"
    return None
