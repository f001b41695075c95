"""All that members read, in their language. Knows keys and values, nothing of what they are about.

The words stand in `{language}.ftl`, those about commands in `commands.{language}.ftl`, in Fluent's
syntax (projectfluent.org): English is complete, and stands in where another language lacks
something.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Text:
    """Something to be said, not yet in any language. Values may be texts themselves."""

    key: str
    values: Mapping[str, "Value"] = field(default_factory=dict)

    def __getitem__(self, attribute: str) -> "Text":
        """Another line of the same entry: `text["remedy"]`."""
        return Text(f"{self.key}.{attribute}", self.values)


Value = str | int | float | Text


def say(text: Text | str, locale: str = "en", /, **values: Value) -> str:
    """The words for a text, or for a key and values, in the language of a Discord locale.

    Whole numbers are written as the language groups them; ids and seeds are passed as `str`.
    """
    if isinstance(text, str):
        text = Text(text, values)
    key, _, attribute = text.key.partition(".")
    known = {
        name: say(value, locale) if isinstance(value, Text) else value
        for name, value in text.values.items()
    }
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
        return str(words)
    raise KeyError(text.key)


def language_of(locale: str) -> str:
    """The language for somebody whose Discord is set to `locale`, such as `de` or `en-GB`."""
    language = locale.partition("-")[0]
    return language if language in LANGUAGES else "en"


@cache
def _bundle(language: str) -> FluentBundle:
    # Isolating marks around values would show in Markdown, and in what people copy.
    bundle = FluentBundle([language], use_isolating=False)
    for file in files_of(language):
        bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle


def files_of(language: str) -> tuple[Path, Path]:
    return FOLDER / f"{language}.ftl", FOLDER / f"commands.{language}.ftl"
