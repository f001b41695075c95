"""Folds text, so that one word compares equal however it is disguised. Pure.

Case, accents, look-alike letters of other scripts, zero-width characters, letters that are spaced
out and digits or signs in place of letters are all ways to write the same word. Each way of reading
a text is a `Reading`: its words, each with its place in the text. A text has several readings,
because some disguises are ambiguous: `1` stands for `i` or for `l`.

Everything is linear in the length of the text.
"""

import bisect
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from confusable_homoglyphs import confusables

Letter = tuple[str, int]
"""A folded character, and the place in the text of the one that it comes from."""

_ASCII_LETTER = re.compile("[A-Za-z]")
_OF_LATIN_LETTER = re.compile(
    r"(?:.* )?(?:LATIN(?: SMALL| CAPITAL)? (?:LETTER|LIGATURE)|INDICATOR SYMBOL LETTER)"
    r"(?: SMALL CAPITAL| DOTLESS)? ([A-Z]|AE|OE)(?: WITH .+)?"
)
"""The Unicode names of forms of a Latin letter: with a stroke, a small capital, in a square."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u0640\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U0001f3fb-\U0001f3ff]"
)
"""Characters that are not seen, and those that only stretch or colour the one before them."""

_ACCENT = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Marks without which a word is still read as the same."""

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u303c\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\U00020000-\U0003ffff]"
)
"""Letters of scripts that write no spaces between words: each counts as a word of its own."""

_SIGNS = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e"}
_AMBIGUOUS_SIGNS = "1!|"
_AMBIGUOUS_MEANINGS = "il"
"""What `1`, `!` and `|` may stand for: all of them in a text for the same."""

_EDGES = "!|?.,;:()[]{}\"'“”„‘’"
"""Signs that stand for no letter at the edges of a word: `wow!`."""

MIN_SPACED_OUT = 3
"""Single letters in a row that make a word: `n u d e`."""

_ARTICLES = frozenset("aioey")
"""Words of one letter, one of which may stand before a word that is spaced out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as words with one space between them, before the first and behind the last one.

    `starts` are the places of the words in it, `places` where each begins and ends in the text.
    """

    words: str
    starts: tuple[int, ...]
    places: tuple[tuple[int, int], ...]

    def place_of(self, start: int, end: int) -> tuple[int, int]:
        """Where in the text the words are that `words[start:end]` touches."""
        first = max(bisect.bisect_right(self.starts, start) - 1, 0)
        if self.words[start] == " " and start > 0:
            first += 1
        last = max(bisect.bisect_left(self.starts, end - (self.words[end - 1] == " ")) - 1, first)
        return self.places[first][0], self.places[last][1]


def readings(text: str) -> tuple[Reading, ...]:
    """All ways to read a text, the plain one first; none if it has neither letters nor signs."""
    found: dict[str, Reading] = {}
    for letters in _foldings(text):
        for spelled in _spellings(letters):
            for words in _divisions(spelled):
                reading = _reading(words)
                if reading.places:
                    found.setdefault(reading.words, reading)
    return tuple(found.values())


def needle(phrase: str) -> str:
    """A phrase as it is found in a reading's words; empty if it has neither letters nor signs.

    `*` at its beginning or end leaves that side of the word open.
    """
    letters = _folded(phrase, before_case=False)
    inner = _reading(_words(letters)).words
    if not inner.strip():
        return ""
    begins, ends = phrase.strip().startswith("*"), phrase.strip().endswith("*")
    return inner[begins : len(inner) - ends]


def folded(text: str) -> str:
    """The text folded but not divided into words: its signs and spaces stay."""
    return "".join(letter for letter, _ in _folded(text, before_case=False))


def _foldings(text: str) -> Iterator[list[Letter]]:
    plain = _folded(text, before_case=False)
    yield plain
    if not text.isascii():
        # A capital may look like a letter that its small one does not look like: Cyrillic В and в.
        other = _folded(text, before_case=True)
        if other != plain:
            yield other


def _folded(text: str, *, before_case: bool) -> list[Letter]:
    if text.isascii():
        return [*zip(text.casefold(), range(len(text)), strict=True)]
    letters: list[Letter] = []
    for place, sign in enumerate(text):
        letters += [(letter, place) for letter in _fold(sign, before_case)]
    return letters


@cache
def _fold(sign: str, before_case: bool) -> str:
    """What one character folds to; empty for one that is not seen."""
    if sign.isascii():
        return sign.casefold()
    if _INVISIBLE.match(sign):
        return ""
    parts = _ACCENT.sub("", unicodedata.normalize("NFKD", sign))
    if before_case:
        parts = "".join(map(_look_alike, parts))
    folded = unicodedata.normalize("NFKD", parts.casefold())
    return "".join(map(_look_alike, _ACCENT.sub("", folded))).casefold()


def _look_alike(sign: str) -> str:
    """The Latin letter that a character is a form of, or looks like; else itself."""
    if sign.isascii():
        return sign
    if latin := _OF_LATIN_LETTER.fullmatch(unicodedata.name(sign, "")):
        return latin[1].lower()
    return _table().get(sign, sign)


@cache
def _table() -> dict[str, str]:
    """Unicode's confusable characters, as far as they look like one Latin letter."""
    table = {}
    for sign, alike in confusables.confusables_data.items():
        if not sign.isascii() and len(sign) == 1 and unicodedata.category(sign)[0] == "L":
            latin = [one["c"] for one in alike if _ASCII_LETTER.fullmatch(one["c"])]
            if latin:
                table[sign] = latin[0]
    return table


def _spellings(letters: list[Letter]) -> Iterator[list[Letter]]:
    """The letters, and the same with digits and signs as the letters that they stand for."""
    yield letters
    signs = {letter for letter, _ in letters if letter in _SIGNS or letter in _AMBIGUOUS_SIGNS}
    if not signs:
        return
    is_ambiguous = any(sign in _AMBIGUOUS_SIGNS for sign in signs)
    for meaning in _AMBIGUOUS_MEANINGS if is_ambiguous else "i":
        yield _spelled(letters, {**_SIGNS, **dict.fromkeys(_AMBIGUOUS_SIGNS, meaning)})


def _spelled(letters: list[Letter], meant: dict[str, str]) -> list[Letter]:
    spelled: list[Letter] = []
    for chunk in _chunks(letters):
        first, last = 0, len(chunk)
        while first < last and chunk[first][0] in _EDGES:
            first += 1
        while last > first and chunk[last - 1][0] in _EDGES:
            last -= 1
        inner = [letter for letter, _ in chunk[first:last]]
        # Numbers, sizes and years are not words: 50mm, 1920s, 24/7.
        digits = sum(letter.isdigit() for letter in inner)
        if digits <= sum(letter.isalpha() for letter in inner):
            inner = [meant.get(letter, letter) for letter in inner]
        places = [place for _, place in chunk[first:last]]
        spelled += [*chunk[:first], *zip(inner, places, strict=True), *chunk[last:], (" ", -1)]
    return spelled


def _divisions(letters: list[Letter]) -> Iterator[list[list[Letter]]]:
    """The words that letters make: with all signs as borders, with none, and spaced out.

    Also with digits apart from letters: text encoders read `word2` as `word 2`.
    """
    words = _words(letters)
    yield words
    parted = [part for word in words for part in _without_digits(word)]
    if len(parted) != len(words):
        yield parted
    joined = []
    for chunk in _chunks(letters):
        inside = [one for one in chunk if _is_letter(one[0])]
        # Never joined are letters that are words of their own, and two words like “he'll”.
        is_parted = any(letter in "'’" or _stands_alone(letter) for letter, _ in chunk)
        is_word = inside and not is_parted
        joined += [inside] if is_word else _words(chunk)
    if len(joined) < len(words):
        yield joined
    spaced = [*_spaced_out(words)]
    if len(spaced) != len(words):
        yield spaced


def _without_digits(word: list[Letter]) -> Iterator[list[Letter]]:
    """A word in parts: its letters, and its digits."""
    for _, part in itertools.groupby(word, lambda one: one[0].isdigit()):
        yield [*part]


def _spaced_out(words: Sequence[list[Letter]]) -> Iterator[list[Letter]]:
    """The words, with letters that stand one by one put together: `n u d e`, `n. u. d. e.`."""
    run: list[Letter] = []
    for word in [*words, []]:
        if len(word) == 1 and not _stands_alone(word[0][0]):
            run += word
            continue
        if len(run) >= MIN_SPACED_OUT:
            yield run
            if run[0][0] in _ARTICLES:
                yield run[1:]
        else:
            yield from ([letter] for letter in run)
        run = []
        if word:
            yield word


def _words(letters: Iterable[Letter]) -> list[list[Letter]]:
    words: list[list[Letter]] = []
    is_open = False
    for one in letters:
        letter = one[0]
        if unicodedata.category(letter)[0] == "M" and words:
            words[-1].append(one)
        elif _stands_alone(letter):
            words.append([one])
            is_open = False
        elif _is_letter(letter):
            if not is_open:
                words.append([])
            words[-1].append(one)
            is_open = True
        else:
            is_open = False
    return words


def _chunks(letters: Iterable[Letter]) -> list[list[Letter]]:
    """The letters and signs between spaces."""
    chunks: list[list[Letter]] = [[]]
    for one in letters:
        if one[0].isspace():
            chunks.append([])
        else:
            chunks[-1].append(one)
    return [chunk for chunk in chunks if chunk]


@cache
def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNM"


@cache
def _stands_alone(letter: str) -> bool:
    """Whether it is a word by itself: emoji, and letters of scripts without spaces."""
    return unicodedata.category(letter) == "So" or _UNSPACED.match(letter) is not None


def _reading(words: Iterable[Sequence[Letter]]) -> Reading:
    text, length, starts, places = [" "], 1, [], []
    for word in words:
        starts.append(length)
        text += [letter for letter, _ in word]
        text.append(" ")
        length += len(word) + 1
        places.append((word[0][1], word[-1][1] + 1))
    return Reading("".join(text), tuple(starts), tuple(places))
