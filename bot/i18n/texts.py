"""Formats the texts for members in their language, from keys and values.

The texts are in `{language}.ftl`, those of commands in `commands.{language}.ftl`, in Fluent's
syntax (projectfluent.org). English is complete; it is used where another language lacks a text.

Values are shown literally: nothing that was typed becomes a link or Markdown, wherever it is in a
text. Only `Markup` values are not escaped.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import FluentType

from bot.i18n.markdown import Markup, code, plain, visible

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is not formatted yet: its key and values. Values may be texts themselves."""

    key: str
    values: Mapping[str, "Value"] = field(default_factory=dict)

    def __getitem__(self, attribute: str) -> "Text":
        """An attribute of the same entry: `text["remedy"]`."""
        return Text(f"{self.key}.{attribute}", self.values)


Value = str | int | float | Text

# Private-use characters, which no text of ours has, as placeholders for values.
_FIRST_HELD = 0xF0000
_HELD = re.compile("[\U000f0000-\U000f00ff]")
_CODE_OR_HELD = re.compile("`[^`\n]*`|[\U000f0000-\U000f00ff]")


def say(text: Text | str, locale: str = "en", /, **values: Value) -> str:
    """Format a text, or a key and values, in the language of a Discord locale, as Markdown.

    Integers are formatted with the language's separators, so pass ids and seeds as `str`. Raises
    KeyError for a key that does not exist.
    """
    if isinstance(text, str):
        text = Text(text, values)
    return _in_markdown(*_formatted(text, locale, say))


def say_unmarked(text: Text, locale: str = "en") -> str:
    """The same without escaping, for a terminal or a log."""
    words, held = _formatted(text, locale, say_unmarked)
    return _HELD.sub(lambda place: visible(held[ord(place[0]) - _FIRST_HELD]), words)


def _formatted(
    text: Text, locale: str, spoken: Callable[[Text, str], str]
) -> tuple[str, list[str]]:
    """The formatted text with a placeholder for each value that is a string, and these values."""
    key, _, attribute = text.key.partition(".")
    held: list[str] = []
    known: dict[str, object] = {}
    for name, value in text.values.items():
        if isinstance(value, Text):
            value = Markup(spoken(value, locale))
        if isinstance(value, str):
            known[name] = _Held(value, chr(_FIRST_HELD + len(held)))
            held.append(value)
        else:
            known[name] = value
    for language in (language_of(locale), "en"):
        bundle = _bundle(language)
        if not bundle.has_message(key):
            continue
        message = bundle.get_message(key)
        pattern = message.attributes.get(attribute) if attribute else message.value
        if pattern is None:
            continue
        words, mistakes = bundle.format_pattern(pattern, known)
        assert not mistakes, f"{text.key} in {language}.ftl: {mistakes}"
        return str(words), held
    raise KeyError(text.key)


def _in_markdown(words: str, held: list[str]) -> str:
    """Put the values into a formatted text, each escaped for inline code or for plain text."""

    def shown(place: re.Match[str]) -> str:
        if place[0].startswith("`"):
            if not _HELD.search(place[0]):
                return place[0]
            return code(_HELD.sub(lambda one: held[ord(one[0]) - _FIRST_HELD], place[0][1:-1]))
        value = held[ord(place[0]) - _FIRST_HELD]
        if isinstance(value, Markup):
            return value
        return plain(value, at_start=place.start() == 0 or words[place.start() - 1] == "\n")

    return _CODE_OR_HELD.sub(shown, words)


class _Held(FluentType):
    """A value that selects variants by its own text but is formatted as a placeholder."""

    def __init__(self, value: str, sign: str) -> None:
        self.value = value
        self.sign = sign

    def __eq__(self, other: object) -> bool:
        return self.value == other

    def __hash__(self) -> int:
        return hash(self.value)

    def format(self, locale: object) -> str:
        return self.sign


def language_of(locale: str) -> str:
    """The language for a Discord locale such as `de` or `en-GB`; English if we do not have it."""
    language = locale.partition("-")[0]
    return language if language in LANGUAGES else "en"


@cache
def _bundle(language: str) -> FluentBundle:
    # Fluent's isolating marks around values would be visible in Markdown and when copied.
    bundle = FluentBundle([language], use_isolating=False)
    for file in files_of(language):
        bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle


def files_of(language: str) -> tuple[Path, Path]:
    return FOLDER / f"{language}.ftl", FOLDER / f"commands.{language}.ftl"
