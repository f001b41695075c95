"""Models by name, and what is said of those that cannot do a thing."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from bot.config import Settings
from bot.errors import ModelCannot, NoModel, UnknownVersion
from bot.models.versions import name_models
from bot.prompts.parser import parse
from diffusion.protocol.models import ModelInfo

MINI = ModelInfo(id="darkroom-mini", native_size=128, steps=20, guidance_scale=3)
ANIME = replace(MINI, id="anime", tiles=True, edits=True, loras=("ink",))
BOTH = (MINI, ANIME)


def test_models_are_counted_where_nobody_named_them() -> None:
    versions = name_models(BOTH, {}, None)
    assert list(versions.models) == ["1", "2"]
    assert versions.choose(parse("fox"), None) is MINI
    assert versions.choose(parse("fox --v 2"), None) is ANIME
    assert versions.choose(parse("fox --version ANIME"), None) is ANIME


def test_the_admins_names_and_choice_hold() -> None:
    versions = name_models(BOTH, {"niji": "anime", "x": "gone", "m": "darkroom-mini"}, "anime")
    assert list(versions.models) == ["niji", "m"]
    assert versions.choose(parse("fox"), None) is ANIME
    assert versions.choose(parse("fox --niji"), None) is ANIME
    assert versions.choose(parse("fox --v m"), None) is MINI


def test_a_member_has_a_model_of_their_own_while_it_is_there() -> None:
    versions = name_models(BOTH, {}, None)
    assert versions.choose(parse("fox"), "2") is ANIME
    assert versions.choose(parse("fox --v 1"), "2") is MINI
    assert versions.choose(parse("fox"), "gone") is MINI


@pytest.mark.parametrize("typed", ["fox --v 3", "fox --niji", "fox --niji 5"])
def test_a_model_that_is_not_there_is_refused_with_those_that_are(typed: str) -> None:
    with pytest.raises(UnknownVersion, match="`1`, `2`"):
        name_models(BOTH, {}, None).choose(parse(typed), None)


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
        versions.choose(parse(typed), None)
    assert "`--v 2`" in str(refusal.value)
    assert versions.choose(parse(f"{typed} --v 2"), None) is ANIME
    with pytest.raises(ModelCannot, match="No model here can"):
        name_models((MINI,), {}, None).choose(parse(typed), None)


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
