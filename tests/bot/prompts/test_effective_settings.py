"""What overrides what: the prompt, its member, the server, the model and the table."""

from bot.models.versions import name_models
from bot.prompts.effective_settings import (
    QueueSettings,
    SettingsSources,
    effective_settings,
    queue_settings,
)
from bot.prompts.parameters import DEFAULT_VALUES
from bot.prompts.parser import parse
from bot.prompts.stylize import FAITHFUL, STYLISED
from bot.prompts.values import Aspect
from diffusion.protocol.models import ModelInfo
from storage.members import Preferences
from storage.models import JobMode
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
