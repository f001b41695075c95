"""Finds what a server's rules about words hold against a text. Pure.

A rule is a phrase or a regular expression. Phrases are found as whole words, however they are
disguised (`bot.policy.folding`). Expressions run by RE2, whose time is linear in the text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import re2

from bot.errors import InvalidRule
from bot.policy.folding import Reading, folded, needle, readings
from bot.policy.verdicts import Verdict

MAX_RULE_CHARS = 200
MAX_RULES = 1000
MAX_EXPRESSIONS = 200
"""Rules, and regular expressions among them, that a server may have."""

MIN_OPEN_CHARS = 3
"""Characters that a phrase with `*` has at least: shorter ones are in every other word."""

MAX_EXPRESSION_BYTES = 1 << 20
"""Memory that one compiled expression may use."""

MAX_SHOWN_CHARS = 80
"""Characters of what a rule found in a text."""

_EXPRESSION = re.compile(r"/(.+)/")


class WordAction(StrEnum):
    """What a rule does to a job whose words it finds, the mildest first."""

    LOG = "log"
    SPOILER = "spoiler"
    REVIEW = "review"
    REFUSE = "refuse"

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS[self]


_VERDICTS = {
    WordAction.LOG: Verdict.ALLOW,
    WordAction.SPOILER: Verdict.SPOILER,
    WordAction.REVIEW: Verdict.REVIEW,
    WordAction.REFUSE: Verdict.REFUSE,
}


@dataclass(frozen=True, slots=True)
class WordRule:
    """A rule as it is written: a phrase, or an expression between slashes.

    It holds in a place: a channel, a category, or the server, whose id is the place's then.
    """

    place_id: int
    pattern: str
    action: WordAction


@dataclass(frozen=True, slots=True)
class WordMatch:
    """What a rule found in a text."""

    rule: WordRule
    found: str


class WordRules:
    """The rules of a server, ready to be used. Not cheap to make: keep it."""

    def __init__(self, rules: Iterable[WordRule]) -> None:
        self._phrases: list[tuple[WordRule, str]] = []
        self._expressions: list[tuple[WordRule, re2._Regexp[str]]] = []
        for rule in rules:
            if expression := _EXPRESSION.fullmatch(rule.pattern):
                self._expressions.append((rule, _compiled(expression[1])))
            else:
                self._phrases.append((rule, needle(rule.pattern)))

    def matches(self, text: str, places: Sequence[int]) -> tuple[WordMatch, ...]:
        """What the rules of these places find in a text, the strictest first, each rule once."""
        # RE2 reads UTF-8, which has no lone surrogates.
        text = text.encode(errors="replace").decode()
        read, spelled = readings(text), dict.fromkeys((text, folded(text)))
        found = [
            *self._in_readings(text, read, places),
            *self._by_expressions(spelled, places),
        ]
        return tuple(sorted(found, key=lambda one: -one.rule.action.verdict))

    def _in_readings(
        self, text: str, read: Sequence[Reading], places: Sequence[int]
    ) -> Iterator[WordMatch]:
        for rule, words in self._phrases:
            if rule.place_id not in places:
                continue
            for reading in read:
                start = reading.words.find(words)
                if start >= 0:
                    begin, end = reading.place_of(start, start + len(words))
                    yield WordMatch(rule, text[begin:end][:MAX_SHOWN_CHARS])
                    break

    def _by_expressions(self, spelled: Iterable[str], places: Sequence[int]) -> Iterator[WordMatch]:
        for rule, expression in self._expressions:
            if rule.place_id not in places:
                continue
            for text in spelled:
                if match := expression.search(text):
                    yield WordMatch(rule, match[0][:MAX_SHOWN_CHARS])
                    break


def check_rule(pattern: str) -> str:
    """The pattern without spaces around it and with single spaces in it. Raises InvalidRule."""
    pattern = " ".join(pattern.split())
    if len(pattern) > MAX_RULE_CHARS:
        raise InvalidRule("long", pattern[:MAX_SHOWN_CHARS], MAX_RULE_CHARS)
    if expression := _EXPRESSION.fullmatch(pattern):
        try:
            compiled = _compiled(expression[1])
        except re2.error as error:
            raise InvalidRule("expression", pattern, detail=_reason(error)) from None
        if compiled.search("") is not None:
            raise InvalidRule("everything", pattern)
        return pattern
    inner = pattern.removeprefix("*").removesuffix("*")
    if not (words := needle(pattern)) or not words.strip():
        raise InvalidRule("empty", pattern)
    if "*" in inner:
        raise InvalidRule("star", pattern)
    is_open = inner != pattern
    if is_open and words.strip().isascii() and len(words.strip()) < MIN_OPEN_CHARS:
        raise InvalidRule("open", pattern, MIN_OPEN_CHARS)
    return pattern


def is_expression(pattern: str) -> bool:
    return _EXPRESSION.fullmatch(pattern) is not None


def _compiled(expression: str) -> "re2._Regexp[str]":
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MAX_EXPRESSION_BYTES
    return re2.compile(expression, options)


def _reason(error: Exception) -> str:
    """RE2's own words about a mistake."""
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
