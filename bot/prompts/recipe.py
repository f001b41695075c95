"""Recipes: the text of a prompt says what its pictures were drawn with. Pure.

A job shows its prompt. So the prompt also gets what a member or a server decided without typing it,
and loses what does not hold for a re-roll, a variation or a zoom.
"""

import contextlib
import itertools
import math
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.errors import AmbiguousName, MisplacedText, UnknownVersion, UserError
from bot.models.versions import Versions
from bot.prompts.effective_settings import EffectiveSettings, SettingsSources, effective_settings
from bot.prompts.expand import decides, expand
from bot.prompts.lint import LINK
from bot.prompts.parameters import DEFAULT_VALUES, RAW, STYLISED
from bot.prompts.parser import Prompt, parse_normalised
from bot.prompts.resolve import resolve, strength_of
from bot.prompts.vocabulary import hear, hear_words
from bot.prompts.words import quoted, split_words, unquoted
from diffusion.protocol.models import Vocabulary
from diffusion.protocol.requests import ImageRequest

NOT_INHERITED = frozenset({"seed", "repeat", "mode", "stealth"})
"""What the parameters decide that do not hold for a follow-up job, unless they are typed again."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A line for `/imagine` that makes pictures again, whatever the settings are.

    `picture` is which picture of the line's grid it is, from 0; None for the whole grid. `starts`
    is whether the pictures that it starts from must be attached or linked to.
    """

    line: str
    picture: int | None
    starts: bool


def written_out(text: str, prompt: Prompt, settings: EffectiveSettings, versions: Versions) -> str:
    """The text of a prompt, and what others than the prompt decided, as parameters.

    A usual value is written only where a weaker default says otherwise.
    """
    added = []

    def tells(name: str, value: object, usual: object) -> bool:
        return value != usual or name in settings.overriding

    if (
        prompt.size is None
        and prompt.aspect is None
        and tells("aspect", settings.aspect, DEFAULT_VALUES["aspect"])
    ):
        added.append(f"--ar {settings.aspect}")
    if prompt.stylize is None and tells("stylize", settings.stylize, DEFAULT_VALUES["stylize"]):
        added.append(f"--s {settings.stylize}")
    if prompt.style is None and settings.style == RAW:
        added.append("--raw")
    elif prompt.style is None and settings.style:
        added.append(f"--style {quoted(settings.style)}")
    if prompt.temperament is None and tells("temperament", settings.temperament, STYLISED):
        added.append(f"--temperament {settings.temperament}")
    if prompt.version is None and tells("version", settings.version, versions.default):
        added += [f"--v {named}" for named in _typable(settings.version, versions)]
    return " ".join([text, *added])


def without(text: str, dropped: Collection[str]) -> str:
    """The text without the parameters that decide these things."""
    said, *flagged = split_words(text.split())
    kept = [group for group in flagged if decides(group[0]) not in dropped]
    return " ".join(word for group in (said, *kept) for word in group)


def of_repetition(text: str, request: ImageRequest) -> str:
    """The text of one of the jobs that `--repeat` makes: each has a seed of its own."""
    return _with_seed(without(text, {"repeat"}), request)


def of_followup(
    text: str, meant: ImageRequest, drawn: ImageRequest, *, is_grid: bool, is_seeded: bool
) -> str:
    """The text of a follow-up job, without the parameters that do not hold for it.

    `meant` is the request that the text stands for, `drawn` the one that is drawn. `is_grid` is
    whether it starts from the noise of a grid, for which `--chaos` and `--sameseed` hold.
    `is_seeded` is whether the text's own seed is used.
    """
    dropped = {*NOT_INHERITED}
    flag = _flag_of(text, "seed")
    if flag == "sameseed" and is_grid:
        dropped.remove("seed")
        text = text if is_seeded else _with_seed(text, drawn)
    elif flag == "seed" and is_seeded:
        dropped.remove("seed")
    if not is_grid:
        dropped |= {"chaos", "pictures"}
    if meant.tile and not drawn.tile:
        dropped.add("tile")
    if meant.start != drawn.start:
        dropped.add("image_weight")
        text = _without_links(text)
    resized = (meant.width, meant.height) != (drawn.width, drawn.height)
    reshaped = meant.width * drawn.height != meant.height * drawn.width
    if reshaped or (resized and _flag_of(text, "shape") == "size"):
        dropped.add("shape")
    text = without(text, dropped)
    if "shape" in dropped and drawn.width != drawn.height:
        common = math.gcd(drawn.width, drawn.height)
        text += f" --ar {drawn.width // common}:{drawn.height // common}"
    return text


def of_copy(text: str) -> str:
    """The text of a job that shows or enlarges a picture as it is."""
    return without(text, NOT_INHERITED - {"seed"})


def has_seed(text: str) -> bool:
    return _flag_of(text, "seed") is not None


def as_typed(text: str) -> str:
    """What to type for a text: braces in it are no choices any more."""
    return re.sub(r"[{}]|(?<=\\),", r"\\\g<0>", text)


def to_edit(text: str) -> str:
    """What a modal offers of a prompt: what would hold if it was submitted unchanged."""
    return as_typed(without(text, NOT_INHERITED))


def recipe_of(text: str, request: ImageRequest, versions: Versions) -> Recipe | None:
    """The recipe of a job's pictures; None if no line makes exactly these.

    There is none for variations, and for what was drawn into or from another picture. Every line
    is read and resolved here before it is offered.
    """
    start = request.start
    named = next((n for n, model in versions.models.items() if model.id == request.model), None)
    if named is None or (start is not None and start.mask is not None):
        return None
    heard = _as_heard(text, versions.models[named].vocabulary)
    for one in dict.fromkeys((text, heard)):
        if recipe := _recipe_of(one, request, named, versions):
            return recipe
    return None


def left_out_of(text: str, request: ImageRequest, vocabulary: Vocabulary) -> tuple[str, ...]:
    """What the request leaves out of the text of its prompt, as it was typed."""
    said, *flagged = split_words(text.split())
    if not vocabulary.things or _flag_of(text, "exact"):
        return ()
    left_out = [*hear(_without_links(" ".join(said)), vocabulary).left_out]
    for flag, *value in flagged:
        if decides(flag) == "negative":
            left_out += hear_words(" ".join(value), vocabulary).left_out
    # Requests that are older than the vocabulary have all of it.
    drawn = ", ".join((request.prompt, request.negative_prompt))
    if set(left_out) & set(hear(drawn, vocabulary).left_out):
        return ()
    return tuple(left_out)


def _as_heard(text: str, vocabulary: Vocabulary) -> str:
    """The text with only the words that are heard, also in `--no`; its links stay."""
    said, *flagged = split_words(text.split())
    links = [*itertools.takewhile(LINK.fullmatch, said)]
    words = [*links, hear(" ".join(said[len(links) :]), vocabulary).text]
    for flag, *value in flagged:
        if decides(flag) == "negative":
            value = hear_words(" ".join(value), vocabulary).text.split()
            if not value:
                continue
        words += [flag, *value]
    return " ".join(words)


def _recipe_of(text: str, request: ImageRequest, named: str, versions: Versions) -> Recipe | None:
    """The recipe with just these words; `named` is the version of the request's model."""
    start = request.start
    seed = "sameseed" if _flag_of(text, "seed") == "sameseed" else "seed"
    words = as_typed(without(text, {*NOT_INHERITED, "version", "exact"}))
    version = next((f"--v {one}" for one in _typable(named, versions)), "")
    line = " ".join(f"{words} --{seed} {request.noises[0].seed} {version} --exact".split())
    try:
        (written,) = expand(line, {}, "", 1, has_pictures=start is not None)
        prompt = parse_normalised(written)
        settings = effective_settings(
            prompt, SettingsSources(), versions, has_pictures=start is not None
        )
        (made,) = resolve(prompt, settings, 0)
    except UserError:
        return None
    if start is not None and start.strength != strength_of(settings.image_weight):
        return None
    if replace(made, noises=request.noises, start=start) != request:
        return None
    if made.noises == request.noises:
        return Recipe(line, None, start is not None)
    if len(request.noises) > 1 or request.noises[0] not in made.noises:
        return None
    return Recipe(line, made.noises.index(request.noises[0]), start is not None)


def has_noise_of_a_prompt(request: ImageRequest) -> bool:
    """Whether a prompt with the request's seed starts from the same noise.

    Variations have noise of their own, and so have pictures that are drawn into another one.
    """
    is_drawn_into = request.start is not None and request.start.mask is not None
    return not is_drawn_into and all(len(noise.blends) <= 1 for noise in request.noises)


def _flag_of(text: str, decided: str) -> str | None:
    """The parameter that decides this in a text, by its name; None if none does."""
    for flag, *_ in split_words(text.split())[1:]:
        if decides(flag) == decided:
            return flag.lstrip("-—–").lower()
    return None


def _with_seed(text: str, request: ImageRequest) -> str:
    """The text; if it has a seed, with that of the request in its place."""
    said, *flagged = split_words(text.split())
    for group in flagged:
        if decides(group[0]) == "seed":
            group[1:] = [str(request.noises[0].seed)]
    return " ".join(word for group in (said, *flagged) for word in group)


def _without_links(text: str) -> str:
    words = text.split()
    while words and LINK.fullmatch(words[0]):
        words.pop(0)
    return " ".join(words)


def _typable(version: str, versions: Versions) -> list[str]:
    """The names that can be typed for a model, the usual one first."""
    typable = []
    for one in (version, versions.models[version].id):
        typed = quoted(one)
        with contextlib.suppress(UnknownVersion, AmbiguousName, MisplacedText):
            if versions.find(unquoted(typed)[0]) == version:
                typable.append(typed)
    return typable[:1]
