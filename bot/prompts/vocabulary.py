"""Leaves out the words that a small model was never taught. Pure.

What such a model makes of a word that it does not know is not nothing: `the fox` becomes a blob.
So it hears the rest of the prompt, in its order. A model without a vocabulary hears everything.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.prompts.multi_prompt import SEPARATOR
from diffusion.protocol.models import Vocabulary

MAX_NESTED_BRACKETS = 10
"""Brackets around each other that are taken away where nothing is left in them."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[\u2600-\u27bf\U0001f000-\U0001faff]+")
"""A word, or emoji: a model that was taught words makes nothing of them."""

_WEIGHT = re.compile(r":\s*[0-9]*\.?[0-9]+")
"""The weight in `(fox:1.2)`."""

_SIGN = re.compile(r"[^\w\s'’-]")
_CLAUSE_END = re.compile(r"[,.;:!?|]")
_EMPTY_BRACKETS = re.compile(r"[(\[] ?(?::[ 0-9.]+)?[)\]]")
_SPACE_INSIDE = re.compile(r" (?=[,.;:!?)\]])|(?<=[(\[]) ")
_REPEATED_SIGN = re.compile(r"([,.;:!?])[ ,.;:!?]+")
_AT_THE_START, _AT_THE_END = " ,.;:!?-", " ,;:-"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model hears of a text. `left_out` are the stretches that it does not, as typed.

    `has_things` is whether anything is left that it can draw.
    """

    text: str
    left_out: tuple[str, ...] = ()
    has_things: bool = True


@dataclass(slots=True)
class _Phrase:
    """A stretch of the text: a phrase of the vocabulary, or one word that it lacks."""

    start: int
    end: int
    kind: str
    words: int
    is_heard: bool = False


def hear(text: str, vocabulary: Vocabulary) -> Heard:
    """What is heard of a text without parameters; a multi-prompt loses parts without things.

    A text of which everything is heard is returned as it is.
    """
    if not vocabulary.things:
        return Heard(text)
    kept: list[str] = []
    left_out: list[str] = []
    has_things = False
    start = 0
    for border in [*SEPARATOR.finditer(text), None]:
        part = text[start : border.start() if border else len(text)]
        heard = _hear_part(part, vocabulary)
        if heard.has_things:
            kept.append(heard.text + (border[0] if border else ""))
            left_out += heard.left_out
            has_things |= border is None or float(border[1] or 1) > 0
        elif part.strip():
            left_out.append(part.strip())
        start = border.end() if border else start
    if not left_out:
        return Heard(text, has_things=has_things)
    return Heard("".join(kept).strip(), tuple(left_out), has_things)


def hear_words(text: str, vocabulary: Vocabulary) -> Heard:
    """The same for what is not to be drawn: a colour alone is heard too."""
    heard = _hear_part(text, vocabulary) if vocabulary.things else Heard(text)
    return Heard(heard.text, heard.left_out, bool(_WORD.search(heard.text)))


def _hear_part(text: str, vocabulary: Vocabulary) -> Heard:
    phrases = _phrases(text, vocabulary)
    for clause in _clauses(text, phrases):
        _listen(clause)
    has_things = any(one.is_heard and one.kind == "things" for one in phrases)
    gaps = list(_gaps(text, phrases))
    if not gaps:
        return Heard(text, has_things=has_things)
    left_out = tuple(text[start:end] for start, end in gaps)
    written = text
    for start, end in reversed(gaps):
        written = f"{written[:start]} {written[end:]}"
    return Heard(_tidied(written), left_out, has_things)


def _listen(clause: Sequence[_Phrase]) -> None:
    """Mark what is heard of a clause.

    A thing and what is said before it are heard, without the words between that are unknown. After
    a thing, an unknown word begins something that is not heard: `riding a horse`, `in the snow`. It
    ends at a joint, or where a phrase says how or where the thing is: `on a yellow background`.
    """
    has_thing = is_beside_it = False
    for phrase in clause:
        if phrase.kind == "joints" or (phrase.kind == "modifiers" and phrase.words > 1):
            is_beside_it = False
        has_thing = phrase.kind != "joints" and (has_thing or phrase.kind == "things")
        if phrase.kind == "unknown":
            is_beside_it = has_thing
        phrase.is_heard = phrase.kind != "unknown" and not is_beside_it
    _drop_loose_ends(clause)


def _drop_loose_ends(clause: Sequence[_Phrase]) -> None:
    """Articles are heard with what they belong to, and joints between two things."""
    follows = None
    has_thing_after = False
    for phrase in reversed(clause):
        if phrase.kind == "articles":
            phrase.is_heard &= follows in ("things", "modifiers")
        elif phrase.kind == "joints":
            phrase.is_heard &= has_thing_after
            has_thing_after &= not phrase.is_heard
        if phrase.is_heard:
            follows = phrase.kind
            has_thing_after |= phrase.kind == "things"
    has_thing_before = False
    for phrase in clause:
        if phrase.kind == "joints":
            phrase.is_heard &= has_thing_before
        has_thing_before |= phrase.is_heard and phrase.kind == "things"


def _phrases(text: str, vocabulary: Vocabulary) -> list[_Phrase]:
    """The text as phrases, each the longest that the vocabulary has at its place."""
    kinds, most = _lookup(vocabulary)
    words = list(_WORD.finditer(_unweighted(text)))
    folded = [_folded(word[0]) for word in words]
    found = []
    place = 0
    while place < len(words):
        # A phrase goes on over spaces and hyphens only.
        room = 1
        while room < min(most, len(words) - place) and not _SIGN.search(
            text, words[place + room - 1].end(), words[place + room].start()
        ):
            room += 1
        count, kind = next(
            (
                (count, kind)
                for count in range(room, 0, -1)
                if (kind := _kind_of(folded[place : place + count], kinds))
            ),
            (1, "unknown"),
        )
        last = words[place + count - 1]
        found.append(_Phrase(words[place].start(), last.end(), kind, count))
        place += count
    return found


def _kind_of(words: Sequence[str], kinds: dict[tuple[str, ...], str]) -> str | None:
    """What a phrase is, also in the plural; None for an unknown one."""
    *before, last = words
    singulars = [last]
    if last.endswith("ies"):
        singulars.append(f"{last[:-3]}y")
    singulars += [last.removesuffix(ending) for ending in ("es", "s") if last.endswith(ending)]
    return next((kinds[key] for one in singulars if (key := (*before, one)) in kinds), None)


def _clauses(text: str, phrases: Sequence[_Phrase]) -> Iterator[list[_Phrase]]:
    """The phrases between two commas and the like."""
    unweighted = _unweighted(text)
    clause: list[_Phrase] = []
    for phrase in phrases:
        if clause and _CLAUSE_END.search(unweighted, clause[-1].end, phrase.start):
            yield clause
            clause = []
        clause.append(phrase)
    yield clause


def _gaps(text: str, phrases: Sequence[_Phrase]) -> Iterator[tuple[int, int]]:
    """Where each stretch that is not heard begins and ends; signs such as brackets stay."""
    gap: tuple[int, int] | None = None
    for phrase in phrases:
        if gap and (phrase.is_heard or _SIGN.search(text, gap[1], phrase.start)):
            yield gap
            gap = None
        if not phrase.is_heard:
            gap = (gap[0] if gap else phrase.start, phrase.end)
    if gap:
        yield gap


def _unweighted(text: str) -> str:
    """The text, as long as before, with brackets in place of weights."""
    return _WEIGHT.sub(lambda weight: "(" * len(weight[0]), text)


def _tidied(text: str) -> str:
    """The text without the signs that stand alone since words were left out."""
    text = " ".join(text.split())
    for _ in range(MAX_NESTED_BRACKETS):
        text = _EMPTY_BRACKETS.sub("", text)
    text = _REPEATED_SIGN.sub(r"\1 ", _SPACE_INSIDE.sub("", " ".join(text.split())))
    return text.lstrip(_AT_THE_START).rstrip(_AT_THE_END)


@lru_cache(maxsize=8)
def _lookup(vocabulary: Vocabulary) -> tuple[dict[tuple[str, ...], str], int]:
    """The kind of each phrase, by its words, and the number of words of the longest."""
    kinds: dict[tuple[str, ...], str] = {}
    for kind in ("things", "modifiers", "joints", "articles"):
        for phrase in getattr(vocabulary, kind):
            kinds.setdefault(tuple(_folded(word[0]) for word in _WORD.finditer(phrase)), kind)
    kinds.pop((), None)
    return kinds, max(map(len, kinds), default=1)


def _folded(word: str) -> str:
    return word.casefold().replace("’", "'")
