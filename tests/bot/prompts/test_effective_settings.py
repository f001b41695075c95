"""What overrides what: the prompt, its member, their roles, the channel, its category, the server,
the model and the table."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from bot.models.versions import name_models
from bot.prompts.effective_settings import (
    DECISIONS,
    QueueSettings,
    SettingsSources,
    Source,
    decisions,
    effective_settings,
    presentation,
    queue_settings,
)
from bot.prompts.parameters import DEFAULT_VALUES
from bot.prompts.parser import parse
from bot.prompts.stylize import FAITHFUL, STYLISED
from bot.prompts.values import Aspect
from diffusion.protocol.models import ModelInfo
from storage.members import Preferences
from storage.models import JobMode, Scope
from storage.rules.defaults import Defaults, ScopedDefaults
from storage.servers import ServerSettings
from tests.support.bot.image_requests import MODEL, settings_for

SERVER = ServerSettings(1, aspect="3:2", style="noto", stylize=50, temperament=FAITHFUL)
MEMBER = Preferences(stylize=0, temperament=STYLISED, raw=True)


def shared(typed: str, member: Preferences, server: ServerSettings) -> tuple[object, ...]:
    """What both a member and a server can decide, and the aspect."""
    decided = settings_for(typed, member, server)
    return decided.aspect, decided.style, decided.stylize, decided.temperament


def test_a_member_comes_before_their_server_and_the_server_before_the_table() -> None:
    plain = (Aspect(1, 1), None, 100, STYLISED)
    assert shared("a fox", Preferences(), ServerSettings(1)) == plain
    assert shared("a fox", Preferences(), SERVER) == (Aspect(3, 2), "noto", 50, FAITHFUL)
    assert shared("a fox", MEMBER, SERVER) == (Aspect(3, 2), "raw", 0, STYLISED)


def test_the_prompt_comes_before_everything() -> None:
    typed = "a fox --ar 1:2 --style noto --s 700 --steps 7 --sampler ddim"
    assert shared(typed, MEMBER, SERVER) == (Aspect(1, 2), "noto", 700, STYLISED)
    decided = settings_for(typed, MEMBER, SERVER)
    assert (decided.steps, decided.sampler) == (7, "ddim")


def test_the_model_decides_what_nobody_does() -> None:
    decided = settings_for("a fox", MEMBER, SERVER)
    assert (decided.steps, decided.sampler) == (MODEL.steps, MODEL.sampler)
    for name in ("chaos", "draft", "pictures", "quality", "repeat", "stop", "tile", "weird"):
        expected = DEFAULT_VALUES[name]
        assert getattr(decided, name) == expected


def test_a_zero_is_a_choice() -> None:
    assert settings_for("a fox --s 0", Preferences(stylize=250), SERVER).stylize == 0
    assert settings_for("a fox", Preferences(stylize=0), SERVER).stylize == 0
    assert settings_for("a fox", server=ServerSettings(1, stylize=0)).stylize == 0


def test_the_prompt_says_how_a_job_waits_and_who_sees_it_and_else_the_member() -> None:
    hidden = Preferences(mode="relax", stealth=True)
    assert settings_for("a fox").queue == QueueSettings(JobMode.FAST, False)
    assert settings_for("a fox", hidden).queue == QueueSettings(JobMode.RELAX, True)
    typed = settings_for("a fox --turbo --public", hidden)
    assert typed.queue == QueueSettings(JobMode.TURBO, False)
    # A button asks with no prompt.
    assert queue_settings(None, SettingsSources(hidden)) == QueueSettings(JobMode.RELAX, True)
    assert queue_settings(None, SettingsSources()) == QueueSettings(JobMode.FAST, False)


def test_settings_are_those_of_the_model_that_is_chosen() -> None:
    other = ModelInfo(id="other", native_size=64, steps=5, guidance_scale=1, sampler="ddim")
    versions = name_models((MODEL, other), {}, None)
    member = SettingsSources(Preferences(model="2"))
    chosen = effective_settings(parse("a fox"), member, versions)
    assert (chosen.model, chosen.steps, chosen.sampler) == (other, 5, "ddim")
    typed = effective_settings(parse("a fox --v 1"), member, versions)
    assert (typed.model, typed.steps) == (MODEL, MODEL.steps)


OTHERS = tuple(
    ModelInfo(
        id=name, native_size=64, steps=5, guidance_scale=1, styles={f"style {name}": "{prompt}"}
    )
    for name in "abcdefg"
)
LADDER = (
    Source.PROMPT,
    Source.MEMBER,
    Source.ROLE,
    Source.ROLE,
    Source.CHANNEL,
    Source.CATEGORY,
    Source.SERVER,
)
"""Who decides, the strongest first; the higher role before the lower."""

VALUES: dict[str, tuple[Any, ...]] = {
    "version": ("1", "2", "3", "4", "5", "6", "7"),
    "aspect": tuple(str(Aspect(n, 5)) for n in (2, 3, 4, 6, 7, 8, 9)),
    "stylize": (1, 2, 3, 4, 5, 6, 7),
    "temperament": (FAITHFUL, STYLISED) * 4,
    "stealth": (False, True) * 4,
    "file_format": (None, None, "png", "jpeg", "webp", "png", "jpeg"),
    "language": (None, None, "en", "de", "en", "de", "en"),
}
"""A value of each setting for each rung of the ladder; None where that cannot decide it."""

FLAGS = {
    "version": "--v {}",
    "aspect": "--ar {}",
    "stylize": "--s {}",
    "temperament": "--temperament {}",
}


def source_of(name: str, rungs: tuple[int, ...]) -> tuple[str, SettingsSources]:
    """A prompt and its sources in which these rungs decide the setting."""
    value = {rung: VALUES[name][rung] for rung in rungs}
    typed = "a fox"
    if 0 in rungs:
        flag = "--stealth" if value[0] else "--public"
        typed += " " + (flag if name == "stealth" else FLAGS[name].format(value[0]))
    chosen = "model" if name == "version" else name
    member = Preferences(**{chosen: value[1]}) if 1 in rungs else Preferences()
    scopes = ((2, Scope.ROLE), (3, Scope.ROLE), (4, Scope.CHANNEL), (5, Scope.CATEGORY))
    given = [(rung, scope) for rung, scope in (*scopes, (6, Scope.SERVER)) if rung in rungs]
    # However they come: only the order of roles is that of Discord.
    given.sort(key=lambda one: -one[0] if one[1] is not Scope.ROLE else one[0])
    defaults = tuple(
        ScopedDefaults(scope, rung, Defaults(**{chosen: value[rung]})) for rung, scope in given
    )
    return typed, SettingsSources(member, {}, ServerSettings(1), defaults)


@pytest.mark.parametrize("name", VALUES)
def test_the_strongest_that_says_something_decides(name: str) -> None:
    """Every setting, with every choice of those who say something."""
    versions = name_models((*OTHERS,), {}, None)
    possible = [rung for rung in range(len(LADDER)) if VALUES[name][rung] is not None]
    if name == "aspect":
        possible.remove(1)  # no preference of members
    for count in range(len(possible) + 1):
        for rungs in itertools.combinations(possible, count):
            typed, sources = source_of(name, rungs)
            found = {one.name: one for one in decisions(parse(typed), sources, versions)}
            assert list(found) == list(DECISIONS)
            decision = found[name]
            # A member who is public leaves it to the place.
            saying = [r for r in rungs if (name, r) != ("stealth", 1) or VALUES[name][1]]
            if not saying:
                assert decision.source is Source.NOBODY
                continue
            assert str(decision.value) == str(VALUES[name][saying[0]])
            assert decision.source is LADDER[saying[0]]
            if decision.source not in (Source.PROMPT, Source.MEMBER):
                assert decision.source_id == saying[0]
            if name == "stealth":
                assert queue_settings(parse(typed), sources).stealth is decision.value
            elif name in ("file_format", "language"):
                assert getattr(presentation(sources.defaults), name) == decision.value
            else:
                drawn = effective_settings(parse(typed), sources, versions)
                assert getattr(drawn, name) == decision.value


def test_a_servers_settings_are_its_defaults() -> None:
    channel = ScopedDefaults(Scope.CHANNEL, 5, Defaults(stylize=7))
    versions = name_models((MODEL,), {}, None)
    sources = SettingsSources(Preferences(), {}, SERVER, (channel,))
    decided = effective_settings(parse("a fox"), sources, versions)
    assert (decided.stylize, decided.aspect, decided.style) == (7, Aspect(3, 2), "noto")
    assert decided.overriding == {"stylize"}


def test_models_and_styles_that_are_gone_leave_it_to_weaker_defaults() -> None:
    versions = name_models(OTHERS, {}, None)
    given = (
        ScopedDefaults(Scope.ROLE, 1, Defaults(model="gone", style="style gone")),
        ScopedDefaults(Scope.CHANNEL, 2, Defaults(model="3", style="style b")),
        ScopedDefaults(Scope.SERVER, 3, Defaults(model="2", style="style c")),
    )
    decided = effective_settings(parse("a fox"), SettingsSources(defaults=given), versions)
    # The style has to be one of the model that is chosen.
    assert (decided.version, decided.style) == ("3", "style c")


def test_an_exact_line_is_drawn_as_it_stands_wherever_it_is_typed() -> None:
    versions = name_models((MODEL, *OTHERS), {}, None)
    everything = Defaults("2", "3:2", "raw", 7, FAITHFUL, True, "webp", "de")
    sources = SettingsSources(defaults=(ScopedDefaults(Scope.ROLE, 1, everything),))
    plain = effective_settings(parse("a fox --exact"), SettingsSources(), versions)
    exact = effective_settings(parse("a fox --exact"), sources, versions)
    assert replace(exact, queue=plain.queue) == plain
    # Who sees it is no matter of what is drawn.
    assert exact.queue.stealth
