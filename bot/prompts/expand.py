"""What a member says without typing it: own parameters, and what every prompt ends with. Pure."""

import re
from collections.abc import Mapping

from bot.errors import PromptTooLong
from bot.prompts.lint import LINK, lint
from bot.prompts.parameters import BY_FLAG
from bot.prompts.parser import normalise, split_words
from bot.prompts.permutations import expand_permutations
from bot.prompts.values import flag_name
from diffusion.protocol.requests import MAX_PROMPT

MAX_EXPANDED_CHARS = 60_000
"""Characters that all prompts of several have together."""

_OWN = re.compile(r"(?<![^\s{,])(?:--|—|–)([\w-]+)(?=[\s,}]|$)")


def expand(typed: str, options: Mapping[str, str], suffix: str, most: int) -> tuple[str, ...]:
    """Every prompt that was typed, with all that belongs to it, as one that says everything.

    `options` are a member's own parameters by name, `most` is how many prompts there may be.
    However little was typed, no prompt is longer than MAX_PROMPT, and all together are no longer
    than MAX_EXPANDED_CHARS. Raises PromptTooLong, MistypedParameter, UnbalancedBraces,
    TooManyPermutations.
    """
    if len(typed) > MAX_PROMPT:
        raise PromptTooLong(len(typed), MAX_PROMPT)
    typed = normalise(typed)
    lint(_pieces(typed), [name for name in options if name not in BY_FLAG])
    suffix = normalise(suffix)
    written = []
    room = MAX_EXPANDED_CHARS
    for prompt in expand_permutations(_with_options(typed, options), most):
        # What options or braces have changed has to be cleaned again.
        cleaned = prompt if prompt == typed else normalise(prompt)
        written.append(_with_suffix(cleaned, suffix))
        _check_length(written[-1])
        room -= len(written[-1])
        if room < 0:
            raise PromptTooLong(MAX_EXPANDED_CHARS - room, MAX_EXPANDED_CHARS, "together")
    return tuple(written)


def _pieces(typed: str) -> list[str]:
    """The words, each choice in braces by itself."""
    words = [[word] if LINK.fullmatch(word) else re.split(r"[{},]", word) for word in typed.split()]
    return [piece for pieces in words for piece in pieces if piece]


def _with_options(typed: str, options: Mapping[str, str]) -> str:
    """Own parameters replaced by what they stand for; those of the table mean what it says."""

    def meant(match: re.Match[str]) -> str:
        name = match[1].lower()
        return match[0] if name in BY_FLAG else options.get(name, match[0])

    # How long it becomes is known before it is written out.
    grown = sum(len(meant(match)) - len(match[0]) for match in _OWN.finditer(typed))
    if len(typed) + grown > MAX_PROMPT:
        raise PromptTooLong(len(typed) + grown, MAX_PROMPT, "written")
    return _OWN.sub(meant, typed)


def _with_suffix(prompt: str, suffix: str) -> str:
    """The prompt, then each parameter of the suffix that it leaves open."""
    decided = {_decides(word) for word, *_ in split_words(prompt.split())[1:]}
    added = [part for part in split_words(suffix.split())[1:] if _decides(part[0]) not in decided]
    return " ".join([prompt, *(word for part in added for word in part)])


def _check_length(written: str) -> None:
    if len(written) > MAX_PROMPT:
        raise PromptTooLong(len(written), MAX_PROMPT, "written")


def _decides(word: str) -> str:
    flag = flag_name(word)
    return BY_FLAG[flag].decides if flag in BY_FLAG else flag
