"""Every language says everything, with the same values, and the code says nothing that is not."""

import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

import bot
from bot import errors
from bot.i18n import texts
from bot.i18n.texts import Text, say
from bot.prompts.parameters import PARAMETERS
from storage.models import JobKind


class Values(Visitor):
    """The names of the values in a pattern."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:
        self.names.add(node.id.name)


def entries(language: str) -> dict[str, set[str]]:
    """Every key and `key.attribute` of a language, with the values it takes."""
    found: dict[str, set[str]] = {}
    parsed = [FluentParser().parse(file.read_text()) for file in texts.files_of(language)]
    for entry in (entry for resource in parsed for entry in resource.body):
        assert not isinstance(entry, ast.Junk), entry.content
        if not isinstance(entry, ast.Message):
            continue
        named = {entry.id.name: entry.value}
        named |= {f"{entry.id.name}.{one.id.name}": one.value for one in entry.attributes}
        for key, pattern in named.items():
            assert key not in found, f"{key} is there twice"
            values = Values()
            values.visit(pattern)
            found[key] = values.names
    return found


@pytest.mark.parametrize("language", [one for one in texts.LANGUAGES if one != "en"])
def test_every_language_says_the_same(language: str) -> None:
    assert entries(language) == entries("en")


def test_what_the_code_says_is_there() -> None:
    said = set()
    for module in Path(bot.__file__).parent.rglob("*.py"):
        said |= set(re.findall(r'(?:say|Text)\(\s*"([a-z][a-z0-9.-]+)"', module.read_text()))
    assert said
    assert said <= entries("en").keys()


def test_every_refusal_and_every_parameter_has_its_words() -> None:
    known = entries("en")
    for error in vars(errors).values():
        is_error = isinstance(error, type) and issubclass(error, errors.UserError)
        if is_error and not error.__subclasses__():
            key = re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__).lower()
            assert {key, f"{key}.problem", f"{key}.remedy"} <= known.keys()
    for parameter in PARAMETERS:
        for text in (parameter.meaning, parameter.allowed, parameter.default_shown):
            assert say(text)
    assert {f"action-{kind}" for kind in JobKind if kind != "imagine"} <= known.keys()


def test_what_is_to_be_chosen_is_called_as_discord_shows_it() -> None:
    texts_of = {
        language: [file.read_text() for file in texts.files_of(language)]
        for language in texts.LANGUAGES
    }
    named = {key for key in entries("en") if key.startswith("command-") and key.endswith("-name")}
    for language, found in texts_of.items():
        renamed = {say(key, "en") for key in named} - {say(key, language) for key in named}
        shown = set(re.findall("`([a-z_]+)`", "\n".join(found)))
        assert not renamed & shown, language


def test_commands_are_called_the_same_in_every_language() -> None:
    # Texts and documents name them, and what they name can be typed.
    called = [key for key in entries("en") if re.fullmatch(r"command-[a-z_-]+\.name", key)]
    assert "command-server-words-add.name" in called
    for language in texts.LANGUAGES:
        assert [say(key, language) for key in called] == [say(key, "en") for key in called]


def test_a_text_within_a_text_is_in_the_same_language() -> None:
    error = errors.PromptTooLong(7000, 6000)
    assert say(error.problem, "de") == "Der Prompt hat 7.000 Zeichen; erlaubt sind 6.000."
    assert say(error.problem, "en-GB") == "The prompt has 7,000 characters; the limit is 6,000."
    assert str(error) == "The prompt has 7,000 characters; the limit is 6,000. Shorten it."


def test_other_languages_read_english() -> None:
    assert say("status-stopped", "pt-BR") == "(Stopped)"


def test_what_people_typed_is_shown_as_it_is() -> None:
    typed = "{ $flag } — \u202e --x"
    # What turns the words behind it round is no part of what can be read.
    assert "“{ $flag } — --x”" in say(errors.MisplacedText("ar", typed).problem)


def test_an_unknown_key_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        say(Text("no-such-text"))
