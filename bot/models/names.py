"""Finds the name that somebody typed among the names of models, styles or LoRAs. Pure.

Every name that the bot shows can be typed: as it is shown, also where it was cut off with a `…`, or
without regard to case, spaces and punctuation.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from bot.errors import AmbiguousName, MisplacedText
from bot.i18n.markdown import names

MAX_NAME_CHARS = 200
"""Characters of a typed name."""

CUT_OFF = "…"

# The last one stands for a backtick where the bot shows a name as code.
_PUNCTUATION = re.compile(r"[\W_ˋ]+")


def find_name(typed: str, known: tuple[str, ...]) -> str | None:
    """The known name that was typed; None if there is no such name.

    Raises AmbiguousName if it could be several.
    """
    found = candidates(typed, known)
    if len(found) > 1:
        raise AmbiguousName(typed[:MAX_NAME_CHARS], names(found))
    return found[0] if found else None


def check_text_after(flag: str, typed: str, known: tuple[str, ...]) -> None:
    """Raises MisplacedText if what was typed after a flag is a known name and other text."""
    words = [] if candidates(typed, known) else typed.split()
    for end in range(len(words) - 1, 0, -1):
        if candidates(" ".join(words[:end]), known):
            raise MisplacedText(flag, " ".join(words[end:])[:100])


def candidates(typed: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """All known names that somebody may mean. An exact match wins, then one in another case."""
    if typed in known:
        return (typed,)
    by_fold = _by_fold(known)
    found = by_fold.get(fold(typed), ())
    if typed.endswith(CUT_OFF) and (start := fold(typed)):
        found = tuple(
            name for folded, some in by_fold.items() if folded.startswith(start) for name in some
        )
    same = [name for name in found if name.casefold() == typed.casefold()]
    return (same[0],) if len(same) == 1 else found


def fold(name: str) -> str:
    """The letters and digits of a name, in one case. A name without any is itself."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _PUNCTUATION.sub("", plain) or plain


@lru_cache(maxsize=32)
def _by_fold(known: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in known:
        key = fold(name)
        found[key] = (*found.get(key, ()), name)
    return found
