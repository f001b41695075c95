"""Finds mistyped parameters: `cat--ar 3:2`, `-ar 3:2`, `--ar=3:2`.

Without this check they would count as words of the prompt. Pure; knows the names of parameters but
not their values.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.errors import MistypedParameter
from bot.prompts.parameters import BY_FLAG
from bot.prompts.values import flag_name
from bot.prompts.words import quoted_places

LINK = re.compile(r"<?(https?://[^\s<>]+)>?", re.IGNORECASE)

_VALUE = re.compile(r"[.\d].*")


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The ways to mistype a set of names."""

    hyphens: re.Pattern[str]
    glued_after: re.Pattern[str]
    glued_before: re.Pattern[str]


@lru_cache(maxsize=64)
def _patterns(names: frozenset[str]) -> _Patterns:
    # Longer names first, so that `--mine2` is not read as `--mine` followed by a 2.
    name = "|".join(map(re.escape, sorted(names, key=lambda one: (-len(one), one))))

    def pattern(around: str) -> re.Pattern[str]:
        return re.compile(around.replace("NAME", f"({name})"), re.IGNORECASE | re.DOTALL)

    return _Patterns(
        hyphens=pattern(r"(?:-|---+)NAME"),
        glued_after=pattern(r"(?:--|—|–)NAME[=:]*(-?[.\d].*|(?<=[=:]).+)?"),
        glued_before=pattern(r"(.*[^\s—–-])(--|—|–)NAME([=:.\d].*)?"),
    )


def lint(words: Sequence[str], names: Collection[str] = BY_FLAG) -> None:
    """Raises MistypedParameter for the first word that looks like a mistyped one of these names."""
    if not names:
        return
    slips = _patterns(frozenset(names))
    quoted = quoted_places(words)
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        after = words[place + 2] if place + 2 < len(words) else ""
        if place in quoted or LINK.fullmatch(word):
            continue
        if word in ("--", "—", "–") and following.lower() in names and _VALUE.match(after):
            raise MistypedParameter(f"{word} {following}", f"--{following.lower()}")
        if meant := _meant(slips, word, following):
            raise MistypedParameter(word[:80], meant[:80])


def _meant(slips: _Patterns, word: str, following: str) -> str | None:
    """The corrected spelling, or None if the word is right or is no parameter."""
    if match := slips.hyphens.fullmatch(word):
        return f"--{match[1].lower()}"
    match = slips.glued_after.fullmatch(word)
    if match and flag_name(word) != match[1].lower():
        return f"--{match[1].lower()} {match[2] or ''}".strip()
    match = slips.glued_before.fullmatch(word)
    if match is None:
        return None
    if match[2] != "--" and not match[4] and not _VALUE.match(following):
        return None  # A dash between two words is punctuation, unless a value follows.
    value = (match[4] or "").lstrip("=:")
    return f"{match[1]} --{match[3].lower()} {value}".strip()
