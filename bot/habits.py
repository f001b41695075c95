"""What a member says without typing it: own parameters, and what every prompt ends with. Pure."""

import re
from collections.abc import Mapping

from bot.parameters import BY_FLAG
from bot.permutations import expand
from bot.prompt import apart, clean, flag_of
from bot.spelling import LINK, check_spelling

_OWN = re.compile(r"(?<![^\s{,])(?:--|—|–)([\w-]+)(?=[\s,}]|$)")


def write_out(typed: str, options: Mapping[str, str], suffix: str, most: int) -> tuple[str, ...]:
    """Every prompt that was typed, with all that belongs to it, as one that says everything.

    `options` are a member's own parameters by name, `most` is how many prompts there may be.
    Raises MistypedParameter, and what `expand` raises.
    """
    typed = clean(typed)
    check_spelling(_pieces(typed), [name for name in options if name not in BY_FLAG])
    expanded = expand(_with_options(typed, options), most)
    return tuple(_with_suffix(clean(prompt), clean(suffix)) for prompt in expanded)


def _pieces(typed: str) -> list[str]:
    """The words, each choice in braces by itself."""
    words = [[word] if LINK.fullmatch(word) else re.split(r"[{},]", word) for word in typed.split()]
    return [piece for pieces in words for piece in pieces if piece]


def _with_options(typed: str, options: Mapping[str, str]) -> str:
    """Own parameters replaced by what they stand for; those of the table mean what it says."""

    def meant(match: re.Match[str]) -> str:
        name = match[1].lower()
        return match[0] if name in BY_FLAG else options.get(name, match[0])

    return _OWN.sub(meant, typed)


def _with_suffix(prompt: str, suffix: str) -> str:
    """The prompt, then each parameter of the suffix that it leaves open."""
    decided = {_decides(word) for word, *_ in apart(prompt.split())[1:]}
    added = [part for part in apart(suffix.split())[1:] if _decides(part[0]) not in decided]
    return " ".join([prompt, *(word for part in added for word in part)])


def _decides(word: str) -> str:
    flag = flag_of(word)
    return BY_FLAG[flag].decides if flag in BY_FLAG else flag
