"""Completes a prompt that is being typed, for the autocomplete of `/imagine`.

After two hyphens it offers names and values of parameters, and otherwise the member's own earlier
prompts, or before the first of them what the model draws well. Every suggestion is tried before it
is offered: one that would be refused is left out.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bot.errors import NoModel, UserError
from bot.models.registry import ModelRegistry
from bot.models.versions import Versions
from bot.policy.actors import Requester
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.parameters import (
    BY_FLAG,
    FAITHFUL,
    MAX_STYLIZE,
    MAX_WEIRD,
    NIJI,
    PARAMETERS,
    QUALITIES,
    RAW,
    STYLISED,
    Parameter,
)
from bot.prompts.parser import normalise, parse
from bot.prompts.recipe import as_typed
from bot.prompts.resolve import size_of
from bot.prompts.values import Aspect, flag_name
from bot.prompts.words import QUOTES, quoted, split_words
from bot.services.admin.access import Access
from bot.services.admin.authorization import Authorization
from bot.services.job_builder import ResolvedPrompt, resolve_all
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import SAMPLER_NAMES
from storage import history, members
from storage.database import Database

MAX_SUGGESTIONS = 25
MAX_COMPLETION_CHARS = 100
"""Discord's limits for an autocomplete."""

MAX_PAST_PROMPTS = 2 * MAX_SUGGESTIONS
"""Earlier prompts that are looked at: some are too long to be offered."""

ASPECTS = ("3:2", "2:3", "16:9", "9:16", "1:1", "4:3", "3:4", "2:1", "1:2")

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "aspect": ASPECTS,
    "chaos": ("10", "25", "50", "100"),
    "negative": ("text", "people", "frame"),
    "quality": tuple(f"{quality:g}".removeprefix("0") for quality in QUALITIES),
    "repeat": ("2", "3", "4", "10"),
    "seed": ("1", "42", "1234"),
    "sameseed": ("1", "42", "1234"),
    "stop": ("50", "70", "80", "90"),
    "stylize": ("100", "250", "50", "750", "0", str(MAX_STYLIZE)),
    "weird": ("50", "250", "1000", str(MAX_WEIRD)),
    "image_weight": ("1", "0.5", "2", "3"),
    "steps": ("20", "10", "30", "50"),
    "guidance": ("7", "3", "5", "10"),
    "sampler": tuple(SAMPLER_NAMES),
    "pictures": ("1", "2", "3", "4"),
    "temperament": (FAITHFUL, STYLISED),
}
"""Values to offer, by the names of parameters. `_values` has those that depend on the models."""


class PromptCompletion:
    """Suggests how a prompt may go on."""

    def __init__(
        self, database: Database, registry: ModelRegistry, authorization: Authorization
    ) -> None:
        self._database = database
        self._registry = registry
        self._authorization = authorization

    async def suggest(
        self, requester: Requester, typed: str, *, has_pictures: bool = False
    ) -> Sequence[str]:
        """Whole prompts to put in place of the typed one, each of them without a mistake, and
        allowed to this member.

        `has_pictures` is whether a picture is attached. None for a text that is longer than an
        autocomplete.
        """
        if len(typed) > MAX_COMPLETION_CHARS:
            return ()
        try:
            versions = await self._registry.versions()
        except NoModel:
            return ()
        member_id = requester.member_id
        async with self._database.reading_at_once():
            mine = await self._authorization.access_of(requester)
            sources = SettingsSources(
                await members.get_preferences(self._database, member_id),
                await members.get_options(self._database, member_id),
                mine.server,
                requester.defaults,
            )

        def is_allowed(prompts: Sequence[ResolvedPrompt]) -> bool:
            return _is_allowed(prompts, requester, mine, uploads=has_pictures)

        # In threads: what braces and options stand for is written out for each suggestion.
        found = await asyncio.to_thread(
            lambda: drawable(
                completions(typed, sources, versions),
                sources,
                versions,
                has_pictures=has_pictures,
                is_allowed=is_allowed,
            )
        )
        if found:
            return found
        words = normalise(typed).split()
        past = await history.past_prompts(self._database, member_id, words, MAX_PAST_PROMPTS)
        offered = [*map(as_typed, past)]
        if not words and not past:
            # Who has drawn nothing yet sees what the model draws well.
            offered = [*versions.models[versions.default].examples]
        return await asyncio.to_thread(
            lambda: drawable(
                offered, sources, versions, has_pictures=has_pictures, is_allowed=is_allowed
            )
        )


def drawable(
    candidates: Iterable[str],
    sources: SettingsSources,
    versions: Versions,
    *,
    has_pictures: bool = False,
    is_allowed: Callable[[Sequence[ResolvedPrompt]], bool] = bool,
) -> tuple[str, ...]:
    """The candidates that an autocomplete can show and that would not be refused."""

    def is_right(candidate: str) -> bool:
        if len(candidate) > MAX_COMPLETION_CHARS:
            return False
        try:
            resolved = resolve_all(candidate, sources, versions, has_pictures=has_pictures)
        except UserError:
            return False
        return is_allowed(resolved)

    fitting = filter(is_right, dict.fromkeys(candidates))
    return tuple(itertools.islice(fitting, MAX_SUGGESTIONS))


def _is_allowed(
    prompts: Sequence[ResolvedPrompt], requester: Requester, mine: Access, *, uploads: bool
) -> bool:
    """Whether a member may have all jobs of these prompts."""
    jobs = [one.job(requester, nth) for one in prompts for nth in range(len(one.requests))]
    repeat = max(len(one.requests) for one in prompts)
    try:
        mine.check_jobs(jobs, repeat=repeat, uploads=uploads)
    except UserError:
        return False
    return True


def completions(typed: str, sources: SettingsSources, versions: Versions) -> Iterator[str]:
    """The typed prompt with the parameter at its end completed; nothing if none is begun there.

    What is right already comes first, so that accepting the first suggestion changes nothing.
    """
    words = normalise(typed).split()
    is_ended = typed[-1:].isspace()
    if words and not is_ended and words[-1] in ("--", "—", "–"):
        yield from _named(words[:-1], "", sources, versions)
        return
    *_, (flag, *value) = split_words([".", *words])
    if flag == ".":
        return
    begun = words[: len(words) - 1 - len(value)]
    name = flag_name(flag)
    if not value and not is_ended:
        yield from _named(begun, name, sources, versions)
    elif name in BY_FLAG and BY_FLAG[name].words != 0 and not (value and is_ended):
        if value:
            yield _written(begun, name, " ".join(value))
        model = _model(begun, sources, versions)
        started = " ".join(value).lower().lstrip(QUOTES)
        for one in _values(BY_FLAG[name], model, versions):
            if one.lower().lstrip(QUOTES).startswith(started):
                yield _written(begun, name, one)
        if BY_FLAG[name].name == "version":
            # Models are found by what they are called too: their names may be mere numbers.
            for version, model in versions.models.items():
                if any(started in called.lower() for called in (model.id, model.title)):
                    yield _written(begun, name, quoted(version))


def _named(
    begun: Sequence[str], name: str, sources: SettingsSources, versions: Versions
) -> Iterator[str]:
    """The prompt with each parameter whose name begins so: all values of one that is named whole,
    and the first value of every other."""
    model = _model(begun, sources, versions)
    named = [BY_FLAG[name]] if name in BY_FLAG else []
    for parameter in [*named, *(other for other in PARAMETERS if other not in named)]:
        flag = next((one for one in parameter.flags if one.startswith(name)), None)
        if flag is None:
            continue
        is_whole = name in parameter.flags
        values = _values(parameter, model, versions)
        for value in values if is_whole else values[:1]:
            yield _written(begun, name if is_whole else flag, value)


def _written(begun: Sequence[str], flag: str, value: str) -> str:
    return " ".join(filter(None, [*begun, f"--{flag}", value]))


def _values(parameter: Parameter, model: ModelInfo, versions: Versions) -> tuple[str, ...]:
    """Values to offer for a parameter; an empty one if it needs none."""
    if parameter.words == 0:
        return ("",)
    by_model: Mapping[str, Callable[[], Iterable[str]]] = {
        "style": lambda: (*map(quoted, model.styles), RAW),
        "version": lambda: map(quoted, versions.models),
        "niji": lambda: (
            one.removeprefix(NIJI).removeprefix("-")
            for one in versions.models
            if one.partition("-")[0] == NIJI
        ),
        "size": lambda: (_size(shape, model) for shape in ASPECTS),
        "loras": lambda: map(quoted, model.loras),
    }
    of_model = by_model.get(parameter.name)
    return tuple(of_model()) if of_model else EXAMPLES.get(parameter.name, ())


def _size(shape: str, model: ModelInfo) -> str:
    width, height = size_of(Aspect(*map(int, shape.split(":"))), model)
    return f"{width}x{height}"


def _model(begun: Sequence[str], sources: SettingsSources, versions: Versions) -> ModelInfo:
    """The model of a prompt as far as it is typed, or the default one while it has a mistake."""
    try:
        return effective_settings(parse(" ".join(begun)), sources, versions).model
    except UserError:
        return versions.models[versions.default]
