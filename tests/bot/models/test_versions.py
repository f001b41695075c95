"""Models by name, and what is said of those that cannot do a thing."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from bot.config import Settings
from bot.errors import ModelCannot, NoModel, UnknownVersion
from bot.models.versions import Versions, name_models
from bot.prompts.effective_settings import SettingsSources, effective_settings
from bot.prompts.parser import parse
from diffusion.protocol.models import ModelInfo
from storage.members import Preferences

MINI = ModelInfo(id="darkroom-mini", native_size=128, steps=20, guidance_scale=3)
ANIME = replace(MINI, id="anime", tiles=True, edits=True, loras=("ink",))
BOTH = (MINI, ANIME)


def chosen(versions: Versions, typed: str, preferred: str | None = None) -> ModelInfo:
    """The model that draws a typed prompt of a member who prefers one."""
    member = SettingsSources(Preferences(model=preferred))
    return effective_settings(parse(typed), member, versions).model


def test_models_are_counted_where_nobody_named_them() -> None:
    versions = name_models(BOTH, {}, None)
    assert list(versions.models) == ["1", "2"]
    assert chosen(versions, "fox") is MINI
    assert chosen(versions, "fox --v 2") is ANIME
    assert chosen(versions, "fox --version ANIME") is ANIME


def test_the_admins_names_and_choice_hold() -> None:
    versions = name_models(BOTH, {"niji": "anime", "x": "gone", "m": "darkroom-mini"}, "anime")
    assert list(versions.models) == ["niji", "m"]
    assert chosen(versions, "fox") is ANIME
    assert chosen(versions, "fox --niji") is ANIME
    assert chosen(versions, "fox --v m") is MINI


def test_a_member_has_a_model_of_their_own_while_it_is_there() -> None:
    versions = name_models(BOTH, {}, None)
    assert chosen(versions, "fox", "2") is ANIME
    assert chosen(versions, "fox --v 1", "2") is MINI
    assert chosen(versions, "fox", "gone") is MINI


@pytest.mark.parametrize("typed", ["fox --v 3", "fox --niji", "fox --niji 5"])
def test_a_model_that_is_not_there_is_refused_with_those_that_are(typed: str) -> None:
    with pytest.raises(UnknownVersion, match="`1`, `2`"):
        chosen(name_models(BOTH, {}, None), typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("fox --tile", "seamless"),
        ("https://a.org/x.png fox", "start from a picture"),
        ("fox --lora ink", "LoRA"),
    ],
)
def test_what_a_model_cannot_is_refused_with_those_that_can(typed: str, words: str) -> None:
    versions = name_models(BOTH, {}, None)
    with pytest.raises(ModelCannot, match=words) as refusal:
        chosen(versions, typed)
    assert "`--v 2`" in str(refusal.value)
    assert chosen(versions, f"{typed} --v 2") is ANIME
    with pytest.raises(ModelCannot, match="No model here can"):
        chosen(name_models((MINI,), {}, None), typed)


LARGE_ONLY = ModelInfo(
    "large", native_size=1024, fixed_steps=True, sizes=("1024x1024", "1536x1024")
)


def test_a_draft_that_would_be_no_draft_is_refused() -> None:
    """All would be drawn with as many steps, and in the same size."""
    small_too = replace(LARGE_ONLY, id="small", sizes=("1024x1024", "768x768"))
    fewer_steps = replace(LARGE_ONLY, id="steps", fixed_steps=False)
    any_size = replace(LARGE_ONLY, id="any", sizes=())
    versions = name_models((LARGE_ONLY, small_too, fewer_steps, any_size), {}, None)
    with pytest.raises(ModelCannot, match="--draft") as refusal:
        chosen(versions, "fox --draft")
    assert "`--v 2`, `--v 3`, `--v 4`" in str(refusal.value)
    for name in "234":
        assert chosen(versions, f"fox --draft --v {name}") is versions.models[name]


def test_without_models_there_is_none() -> None:
    with pytest.raises(NoModel):
        name_models((), {"1": "gone"}, None)


def test_names_are_read_from_the_environment() -> None:
    settings = Settings(_env_file=None, DARKROOM_VERSIONS=" 1=darkroom-mini, Niji = anime,")
    assert settings.named_versions == {"1": "darkroom-mini", "niji": "anime"}
    assert Settings(_env_file=None).named_versions == {}
    for wrong in ("photo", "=x", "a b=c", "1="):
        with pytest.raises(ValidationError, match="name=model"):
            Settings(_env_file=None, DARKROOM_VERSIONS=wrong)
