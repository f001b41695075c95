"""What was meant as a parameter and is not written as one: `cat--ar 3:2`, `-ar 3:2`, `--ar=3:2`.

Read as they stand, such words would be drawn. Pure; knows the flags, no values.
"""

import re
from collections.abc import Sequence

from bot.errors import MistypedParameter
from bot.parameters import BY_FLAG

LINK = re.compile(r"<?(https?://[^\s<>]+)>?", re.IGNORECASE)

_HYPHENS = re.compile(r"(?:-|---+)([a-z]+)", re.IGNORECASE)
_GLUED_AFTER = re.compile(r"(?:--|—|–)([a-z]+)[=:]*(-?[.\d].*|(?<=[=:]).+)?", re.IGNORECASE)
_GLUED_BEFORE = re.compile(r"(.*[^\s—–-])(--|—|–)([a-z]+)([=:.\d].*)?", re.IGNORECASE)
_VALUE = re.compile(r"[.\d].*")


def check_spelling(words: Sequence[str]) -> None:
    """Raises MistypedParameter for the first word that was meant as a parameter."""
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        after = words[place + 2] if place + 2 < len(words) else ""
        if LINK.fullmatch(word):
            continue
        if word in ("--", "—", "–") and following.lower() in BY_FLAG and _VALUE.match(after):
            raise MistypedParameter(f"{word} {following}", f"--{following.lower()}")
        if meant := _meant(word, following):
            raise MistypedParameter(word[:80], meant[:80])


def _meant(word: str, following: str) -> str | None:
    """How it should have been written; None if it is right, or an ordinary word."""
    if (match := _HYPHENS.fullmatch(word)) and match[1].lower() in BY_FLAG:
        return f"--{match[1].lower()}"
    match = _GLUED_AFTER.fullmatch(word)
    if match and match[1].lower() in BY_FLAG and word.lstrip("-—–").lower() != match[1].lower():
        return f"--{match[1].lower()} {match[2] or ''}".strip()
    match = _GLUED_BEFORE.fullmatch(word)
    if match is None or match[3].lower() not in BY_FLAG:
        return None
    if match[2] != "--" and not match[4] and not _VALUE.match(following):
        return None  # a dash between two words is ordinary punctuation, unless a value follows
    value = (match[4] or "").lstrip("=:")
    return f"{match[1]} --{match[3].lower()} {value}".strip()
