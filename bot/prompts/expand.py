"""Writes out own options, permutations and the suffix of a typed prompt. Pure."""

import re
from collections.abc import Callable, Mapping

from bot.errors import NoEffect, PromptTooLong
from bot.models.names import find_name
from bot.prompts.lint import LINK, lint
from bot.prompts.notation.pasted import read_pasted
from bot.prompts.notation.syntax import check_choices, translate
from bot.prompts.parameters import BY_FLAG
from bot.prompts.parser import normalise
from bot.prompts.permutations import expand_permutations
from bot.prompts.values import flag_name
from bot.prompts.words import split_words
from diffusion.protocol.requests import MAX_PROMPT_CHARS

MAX_EXPANDED_CHARS = 60_000
"""Characters that all prompts of one typed text may have together."""

_OWN = re.compile(r"(?<![^\s{,])(?:--|—|–)([\w-]+)(?=[\s,}]|$)")


def expand(
    typed: str,
    options: Mapping[str, str],
    suffix: str,
    most: int,
    *,
    has_pictures: bool = False,
    has_model: Callable[[str], bool] = lambda name: True,
) -> tuple[str, ...]:
    """All prompts that a typed text stands for, each complete and cleaned by `normalise`.

    `options` are a member's own options: their text by name. `suffix` are parameters that every
    prompt ends with unless it decides them itself, or they would have no effect. `most` is how many
    prompts there may be. `has_pictures` is whether they start from pictures besides their links.
    `has_model` says whether there is a model that a pasted text names.
    No prompt gets longer than MAX_PROMPT, and all together not longer than MAX_EXPANDED_CHARS.
    Raises PromptTooLong, MistypedParameter, UnbalancedBraces, TooManyPermutations, NoEffect,
    ForeignSyntax, UntranslatedSettings, AmbiguousName.
    """
    if len(typed) > MAX_PROMPT_CHARS:
        raise PromptTooLong(len(typed), MAX_PROMPT_CHARS)
    pasted = read_pasted(normalise(typed), has_model)
    # What has no effect is found out below.
    typed = _with_suffix(pasted.text, pasted.parameters, has_pictures=True)
    lint(_pieces(typed), [name for name in options if name not in BY_FLAG])
    suffix = normalise(suffix)
    with_options = _with_options(typed, options)
    check_choices(with_options)
    written = []
    room = MAX_EXPANDED_CHARS
    for prompt in expand_permutations(with_options, most):
        # What options or braces have changed has to be cleaned again.
        cleaned = prompt if prompt == typed else normalise(prompt)
        written.append(_with_suffix(translate(cleaned), suffix, has_pictures))
        _check_length(written[-1])
        room -= len(written[-1])
        if room < 0:
            raise PromptTooLong(MAX_EXPANDED_CHARS - room, MAX_EXPANDED_CHARS, "together")
    return tuple(written)


def _pieces(typed: str) -> list[str]:
    """The words of the text; choices in braces are split too."""
    words = [[word] if LINK.fullmatch(word) else re.split(r"[{},]", word) for word in typed.split()]
    return [piece for pieces in words for piece in pieces if piece]


def _with_options(typed: str, options: Mapping[str, str]) -> str:
    """The text with own options replaced. Names in the table of parameters are never replaced."""

    known = tuple(options)

    def meant(match: re.Match[str]) -> str:
        name = match[1].lower()
        found = None if name in BY_FLAG else find_name(name, known)
        return match[0] if found is None else options[found]

    # Check the length before building the string.
    grown = sum(len(meant(match)) - len(match[0]) for match in _OWN.finditer(typed))
    if len(typed) + grown > MAX_PROMPT_CHARS:
        raise PromptTooLong(len(typed) + grown, MAX_PROMPT_CHARS, "written")
    return _OWN.sub(meant, typed)


def _with_suffix(prompt: str, suffix: str, has_pictures: bool) -> str:
    """The prompt, followed by each parameter of the suffix that the prompt does not decide.

    A prompt with `--exact` stays as it is. Raises NoEffect.
    """
    said, *typed = split_words(prompt.split())
    decided = {decides(flag): value for flag, *value in typed}
    idle = _without_effect(decided, has_pictures or bool(said and LINK.fullmatch(said[0])))
    for flag, *_ in typed:
        if decides(flag) in idle:
            raise NoEffect(flag_name(flag), idle[decides(flag)])
    if "exact" in decided:
        return prompt
    settled = {*decided, *idle}
    added = [part for part in split_words(suffix.split())[1:] if decides(part[0]) not in settled]
    return " ".join([prompt, *(word for part in added for word in part)])


def _without_effect(decided: Mapping[str, list[str]], has_pictures: bool) -> dict[str, str]:
    """What cannot have an effect in a prompt, and why: the key of the reason."""
    idle = {}
    if not has_pictures:
        idle["image_weight"] = "no-picture"
    if decided.get("pictures") == ["1"]:
        idle["chaos"] = "one-picture"
    return idle


def _check_length(written: str) -> None:
    if len(written) > MAX_PROMPT_CHARS:
        raise PromptTooLong(len(written), MAX_PROMPT_CHARS, "written")


def decides(word: str) -> str:
    """What a flag decides: `--seed` and `--sameseed` both decide the seed."""
    flag = flag_name(word)
    return BY_FLAG[flag].decides if flag in BY_FLAG else flag
