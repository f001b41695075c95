"""What is suggested while a prompt is typed: whatever it is, it can be accepted."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.client import DarkroomBot
from bot.models.versions import Versions
from bot.prompts.effective_settings import SettingsSources
from bot.prompts.parameters import BY_FLAG, PARAMETERS
from bot.services.completion import (
    EXAMPLES,
    MAX_COMPLETION_CHARS,
    MAX_SUGGESTIONS,
    completions,
    drawable,
)
from bot.services.job_builder import resolve_all
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import SAMPLER_NAMES
from playground.testing.member import Member
from storage.members import Preferences
from storage.servers import ServerSettings
from tests.support.bot.job_messages import finished, told

PAINTER = ModelInfo(
    "painter",
    512,
    20,
    7.5,
    edits=True,
    tiles=True,
    styles={"noto": "{prompt}, flat", "oil": "{prompt}"},
    loras=("ink",),
)
ANIME = ModelInfo("anime", 768, 30, 5.0, edits=True, styles={"cel": "{prompt}"})
VERSIONS = Versions({"1": PAINTER, "niji": ANIME, "niji-5": ANIME}, "1")
SOURCES = SettingsSources(
    Preferences(suffix="--q .5"),
    {"mine": "--ar 2:1 --style oil"},
    ServerSettings(3, permutations=4),
)


def suggested(typed: str, *, has_pictures: bool = False) -> list[str]:
    found = completions(typed, SOURCES, VERSIONS)
    return list(drawable(found, SOURCES, VERSIONS, has_pictures=has_pictures))


FLAGS = [*BY_FLAG, "mine", "bogus"]
pieces = st.one_of(
    st.sampled_from(
        ["a fox", "{red, blue}", "{", "::", "::2", "https://a.example/b.png", "🦊", ","]
    ),
    st.sampled_from(["--", "—", "-", " ", "3:2", "noto", "250", ".5", "ink:0.8", "512x512"]),
    st.builds(
        lambda dashes, flag, length: dashes + flag[:length],
        st.sampled_from(["--", "—", "-", "--"]),
        st.sampled_from(FLAGS),
        st.integers(1, 12),
    ),
    st.text(max_size=6),
)
half_typed = st.builds(
    lambda some, end: " ".join(some) + end, st.lists(pieces, max_size=7), st.sampled_from(["", " "])
)


@settings(max_examples=400, deadline=None)
@given(half_typed)
@example("a fox --ar")
@example("a fox --style noto --s")
@example("a fox --mine --ar ")
@example("a {red, blue} fox --r 4 --")
def test_whatever_is_suggested_can_be_drawn(typed: str) -> None:
    found = suggested(typed)
    assert len(found) <= MAX_SUGGESTIONS
    assert len(set(found)) == len(found)
    for one in found:
        assert 1 <= len(one) <= MAX_COMPLETION_CHARS
        resolve_all(one, SOURCES, VERSIONS, has_pictures=False)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("a fox --ar", ["a fox --ar 3:2", "a fox --ar 2:3"]),
        ("a fox --ar ", ["a fox --ar 3:2", "a fox --ar 2:3"]),
        ("a fox —ar 16", ["a fox --ar 16:9"]),
        ("a fox --style", ["a fox --style noto", "a fox --style oil", "a fox --style raw"]),
        ("a fox --style O", ["a fox --style oil"]),
        ("a fox --v niji --style ", ["a fox --v niji --style cel", "a fox --v niji --style raw"]),
        ("a fox --v", ["a fox --v 1", "a fox --v niji", "a fox --v niji-5"]),
        ("a fox --niji ", ["a fox --niji", "a fox --niji 5"]),
        ("a fox --lora ", ["a fox --lora ink"]),
        ("a fox --sampler ", [f"a fox --sampler {name}" for name in SAMPLER_NAMES]),
        ("a fox --s 2", ["a fox --s 2", "a fox --s 250"]),
        ("a fox --size ", ["a fox --size 624x416"]),
        ("a fox --ti", ["a fox --tile"]),
        ("a fox --sty", ["a fox --stylize 100", "a fox --style noto"]),
        # What is complete stays as it is when the first suggestion is accepted.
        ("a fox --ar 3:2", ["a fox --ar 3:2"]),
        ("a fox --tile", ["a fox --tile"]),
        ("a fox --ar 1:2", ["a fox --ar 1:2"]),
        ("a fox --r 10", []),  # more than the server's limit of 4
        ("a fox --ar 3:2 --as", []),
        ("a fox --bogus 1 --ar", []),
        ("a fox--ar", []),
        ("--ar", []),
        ("a fox --ar 3:2 ", []),
        ("a fox --tile ", []),
        ("a fox --seed abc", []),
        ("a fox", []),
        ("a fox -", []),
        ("", []),
        (" ", []),
        ("a {red, blue fox --ar", []),
        (f"{'f' * 95} --ar", []),
    ],
)
def test_parameters_are_completed_where_they_are_typed(typed: str, first: list[str]) -> None:
    if first:
        assert suggested(typed)[: len(first)] == first
    else:
        assert suggested(typed) == []


def test_two_hyphens_offer_every_parameter_that_is_still_open() -> None:
    offered = suggested("a fox --", has_pictures=True)
    names = [one.removeprefix("a fox --").split()[0] for one in offered]
    assert "--iw 1" not in " ".join(suggested("a fox --"))
    assert names == [parameter.flags[0] for parameter in PARAMETERS[: len(names)]]
    assert len(names) == MAX_SUGGESTIONS
    decided = suggested("a fox --size 512x512 --raw --")
    assert not [one for one in decided if "--ar" in one or "--style" in one]


def test_all_examples_are_values_of_their_parameters() -> None:
    by_name = {parameter.name: parameter for parameter in PARAMETERS}
    for name, examples in EXAMPLES.items():
        for one in examples:
            by_name[name].read(one)


async def test_over_the_socket_parameters_after_hyphens_and_own_prompts_otherwise(
    bot: DarkroomBot, ada: Member, ben: Member
) -> None:
    async def offered(member: Member, typed: str) -> list[str]:
        found = await member.autocomplete("darkroom", "imagine", "prompt", typed)
        assert all(option.label == option.value for option in found)
        return [option.value for option in found]

    earlier = "a fox --steps 1 --n 1"
    await finished(ada, await ada.slash("darkroom", "imagine", prompt=earlier))
    assert await offered(ada, "") == [earlier]
    assert await offered(ada, "fox") == [earlier]
    assert await offered(ben, "fox") == []
    shapes = await offered(ada, "a fox --ar")
    assert shapes[0] == "a fox --ar 3:2"
    assert all(one.startswith("a fox --ar ") for one in shapes)
    assert "a fox --style sketch" in await offered(ada, "a fox --sty")
    await told(
        ada, await ada.slash("darkroom", "prefer option set", option="mine", value="--ar 1:2")
    )
    assert await offered(ada, "a fox --mine --ar ") == []
