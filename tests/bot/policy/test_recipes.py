"""Which files carry their recipe: the server's word first, then the member's for stealth jobs."""

import pytest

from bot.policy.recipes import carries_recipe
from storage.servers import ServerSettings


@pytest.mark.parametrize("stealth", [False, True])
@pytest.mark.parametrize("wants", [False, True])
def test_a_server_that_keeps_prompts_out_keeps_all_out(stealth: bool, wants: bool) -> None:
    settings = ServerSettings(1, pictures_carry="mark")
    assert not carries_recipe(settings, is_stealth=stealth, wants_in_stealth=wants)


@pytest.mark.parametrize("settings", [None, ServerSettings(1)])
def test_stealth_jobs_carry_it_only_if_their_member_wants_that(
    settings: ServerSettings | None,
) -> None:
    assert carries_recipe(settings, is_stealth=False, wants_in_stealth=False)
    assert not carries_recipe(settings, is_stealth=True, wants_in_stealth=False)
    assert carries_recipe(settings, is_stealth=True, wants_in_stealth=True)
