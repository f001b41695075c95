"""Parses a typed prompt into a `Prompt`. Pure: knows no defaults, no models and no Discord."""

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bot.errors import (
    ConflictingParameters,
    EmptyPrompt,
    InvalidParameter,
    MisplacedLink,
    MisplacedText,
    MissingValue,
    PromptTooLong,
    RenamedParameter,
    RepeatedParameter,
    TooManyLinks,
    TrailingSign,
    UnknownParameter,
    UnsupportedParameter,
)
from bot.i18n.markdown import names, visible
from bot.prompts.lint import LINK, lint
from bot.prompts.multi_prompt import has_words, split
from bot.prompts.notation.foreign_parameters import LACKED, RENAMED, hyphenated
from bot.prompts.notation.near_misses import near_miss
from bot.prompts.notation.syntax import translate
from bot.prompts.parameters import BY_FLAG, PARAMETERS, Parameter
from bot.prompts.values import Aspect, Size, flag_name
from bot.prompts.words import split_words
from diffusion.protocol.requests import MAX_PROMPT_CHARS, Lora, WeightedPrompt

MAX_LINKS = 4

SIGNS = {",": "comma", ";": "semicolon", ".": "full-stop"}
"""What people put between parameters by mistake, and its name in the texts."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A parsed prompt. A field is None, or empty, if the prompt does not decide it.

    `parts` is empty unless there are several. `links` are the URLs of pictures to start from.
    """

    text: str
    parts: tuple[WeightedPrompt, ...] = ()
    links: tuple[str, ...] = ()
    aspect: Aspect | None = None
    chaos: int | None = None
    negative: tuple[str, ...] = ()
    quality: float | None = None
    repeat: int | None = None
    seed: int | None = None
    sameseed: int | None = None
    stop: int | None = None
    stylize: int | None = None
    style: str | None = None
    temperament: str | None = None
    weird: int | None = None
    tile: bool | None = None
    image_weight: float | None = None
    version: str | None = None
    draft: bool | None = None
    mode: str | None = None
    stealth: bool | None = None
    exact: bool | None = None
    steps: int | None = None
    guidance: float | None = None
    sampler: str | None = None
    size: Size | None = None
    loras: tuple[Lora, ...] = ()
    pictures: int | None = None


def normalise(typed: str) -> str:
    """The text as it is drawn, stored and shown: one line, without invisible characters."""
    return visible(typed)


def parse(typed: str) -> Prompt:
    """Parse a typed prompt. Raises a `PromptError` that says what is wrong."""
    if len(typed) > MAX_PROMPT_CHARS:
        raise PromptTooLong(len(typed), MAX_PROMPT_CHARS)
    return parse_normalised(translate(normalise(typed)))


def parse_normalised(text: str) -> Prompt:
    """Parse a text that `normalise` has cleaned, such as those that `expand` returns."""
    words = text.split()
    lint(words)
    said, *flagged = split_words(words)
    fields = _fields(flagged)
    links, said = _links(said)
    text = " ".join(said)
    if not has_words(text):
        raise EmptyPrompt
    parts = split(text)
    if len(parts) == 1:
        return Prompt(parts[0].text, (), links, **fields)
    return Prompt(text, parts, links, **fields)


def without_parameters(typed: str) -> str:
    """The words of a prompt without links and parameters, also where the prompt is not valid."""
    said, *_ = split_words(normalise(typed).split())
    return " ".join(word for word in said if not LINK.fullmatch(word))


def read_value(flag: str, value: str) -> Any:
    """Read the value of a known flag. Raises InvalidParameter, MissingValue, TrailingSign."""
    parameter = BY_FLAG[flag]
    try:
        return parameter.read(value)
    except ValueError:
        if not value:
            raise MissingValue(flag, parameter.allowed) from None
        if value[-1] in SIGNS and _is_valid(parameter, value[:-1]):
            meant = f"--{flag} {value[:-1]}"
            raise TrailingSign(value[:100], SIGNS[value[-1]], meant[:100]) from None
        raise InvalidParameter(flag, value[:100], parameter.allowed) from None


def _is_valid(parameter: Parameter, value: str) -> bool:
    try:
        parameter.read(value)
    except ValueError:
        return False
    return True


def _fields(flagged: list[list[str]]) -> dict[str, Any]:
    """The fields of a `Prompt` that the parameters set."""
    fields: dict[str, Any] = {}
    decided: dict[str, str] = {}
    times: Counter[str] = Counter()
    for typed_flag, *value in flagged:
        flag = flag_name(typed_flag)
        parameter = _find(flag)
        earlier = decided.setdefault(parameter.decides, flag)
        if BY_FLAG[earlier] is not parameter:
            raise ConflictingParameters(flag, earlier)
        times[parameter.name] += 1
        if times[parameter.name] > parameter.most:
            raise RepeatedParameter(flag, parameter.most)
        taken = value if parameter.words is None else value[: parameter.words]
        read = read_value(flag, " ".join(taken))
        if rest := value[len(taken) :]:
            if rest[0] in SIGNS:
                meant = " ".join([f"--{flag}", *taken])
                raise TrailingSign(f"{meant} {rest[0]}"[:100], SIGNS[rest[0]], meant[:100])
            raise MisplacedText(flag, " ".join(rest)[:100])
        if parameter.most > 1:
            read = (*fields.get(parameter.field, ()), read)
        fields[parameter.field] = read
    return fields


def _links(said: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The links at the beginning of the text, and the words after them."""
    matches = [LINK.fullmatch(word) for word in said]
    links = [match[1] for match in itertools.takewhile(bool, matches) if match]
    misplaced = next((match[1] for match in matches[len(links) :] if match), None)
    if misplaced:
        raise MisplacedLink(misplaced[:100])
    if len(links) > MAX_LINKS:
        raise TooManyLinks(MAX_LINKS)
    return tuple(links), said[len(links) :]


def _find(flag: str) -> Parameter:
    """The parameter of a flag. Raises UnknownParameter, and others that know what was meant."""
    if flag in BY_FLAG:
        return BY_FLAG[flag]
    if flag[-1] in SIGNS and flag[:-1] in BY_FLAG:
        raise TrailingSign(f"--{flag}", SIGNS[flag[-1]], f"--{flag[:-1]}")
    foreign = hyphenated(flag)
    if ours := RENAMED.get(foreign):
        raise RenamedParameter(flag, ours, BY_FLAG[ours].allowed)
    if what := LACKED.get(foreign):
        raise UnsupportedParameter(flag, what)
    known = names(f"--{parameter.flags[0]}" for parameter in PARAMETERS)
    raise UnknownParameter(flag[:40], near_miss(flag, BY_FLAG), known)
