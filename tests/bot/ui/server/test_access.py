"""`/server access` through the real client: allowed, refused, on old buttons, after a restart."""

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from bot.policy import rate_limit
from playground.testing.member import Member, Refused, Upload
from storage.database import Database
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import finished, question, told


@pytest.fixture(autouse=True)
def _as_often_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "BURST_ACTIONS", 10_000)


PROMPT = "a cat --steps 1 --n 1"


async def imagine(member: Member, prompt: str, channel: str = "darkroom") -> str:
    """How a prompt is refused."""
    return await told(member, await member.slash(channel, "imagine", prompt=prompt))


async def test_only_in_the_listed_channels_or_in_all_but_them(
    bot: DarkroomBot, ada: Member, owner: Member
) -> None:
    old = await finished(ada, await ada.slash("darkroom", "imagine", prompt=PROMPT))
    shown = await owner.slash("darkroom", "server access channels", rule="only", add="gallery")
    gallery = (await owner.say("gallery", "here")).channel_id
    assert f"only <#{gallery}>" in await told(owner, shown)
    typed = f"{PROMPT} --seed 77"
    answer = await ada.slash("darkroom", "imagine", prompt=typed)
    refused = await told(ada, answer)
    assert "On this server, the bot does not draw in this channel." in refused
    assert f"Use one of these: <#{gallery}>" in refused
    kept = await ada.wait_for(lambda m: m.interaction_id == answer.interaction_id)
    assert typed in kept.content
    # Also from a button on an old message.
    assert "does not draw in this channel" in await told(ada, (await ada.press(old, "V1")).message)
    await finished(ada, await ada.slash("gallery", "imagine", prompt=PROMPT))
    await owner.slash("darkroom", "server access channels", rule="except")
    assert "Use another channel." in await imagine(ada, PROMPT, "gallery")
    await finished(ada, (await ada.press(old, "V1")).message)


async def test_only_roles_that_may_draw_and_no_more_when_one_is_taken(
    deployment: Deployment, ada: Member, ben: Member, owner: Member
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        artist = await ada.give_role("Artist")
        await owner.slash("darkroom", "server access roles", what="draw", add="Artist")
        refused = await imagine(ben, PROMPT)
        assert "only members with certain roles may draw" in refused
        assert f"<@&{artist}>" in refused
        old = await finished(ada, await ada.slash("darkroom", "imagine", prompt=PROMPT))
        asked = await question(ada, "a {cat, dog} --steps 1 --n 1")
        await ada.take_role("Artist")
    async with deployment.open():
        await ada.wait_for_command("imagine")
        assert "Ask an admin for one of them." in await imagine(ada, PROMPT)
        for button in ("V1", "U1", "🔄"):
            answer = (await ada.press(old, button)).message
            assert "only members with certain roles may draw" in await told(ada, answer)
        # A confirmation of what was asked for before.
        yes = (await ada.press(asked, asked.buttons[0].custom_id or "")).message
        assert "only members with certain roles may draw" in await told(ada, yes)
        answer = await ada.slash("darkroom", "shorten", prompt="a red fox in the snow")
        assert "only members with certain roles may draw" in await told(ada, answer)
        await ada.give_role("Artist")
        await finished(ada, (await ada.press(old, "V1")).message)


BOUNDS = [
    ({"quality": ".5"}, "a fox --q 4", "`--q 4` is more than your roles allow here: at most"),
    ({"steps": "3"}, "a fox --steps 4", "4 steps are more than your roles allow here: at most 3."),
    ({"steps": "3"}, "a fox", "36 steps are more than your roles allow here: at most 3."),
    ({"pictures": "1"}, "a fox --n 2", "2 pictures at once are more than your roles allow here"),
    ({"repeat": "1"}, "a fox --repeat 2", "`--repeat 2` is more than your roles allow here"),
    ({"permutations": "2"}, "a {a, b, c} fox", "One prompt for 3 jobs is more than your roles"),
    ({"turbo": "no"}, "a fox --turbo", "Your roles do not allow turbo mode here."),
    ({"stealth": "no"}, "a fox --stealth", "Your roles do not allow stealth here."),
    ({"links": "no"}, "https://a.example/b.png a fox", "do not allow links to pictures here."),
    ({"without": "weird, no"}, "a fox --w 50", "Your roles do not allow `--weird` here."),
    ({"without": "weird, no"}, "a fox --no hat", "Your roles do not allow `--no` here."),
    ({"size": "8x8"}, "a fox", "has more pixels than your roles allow here: at most 64."),
]


async def test_bounds_hold_for_what_a_prompt_becomes(
    bot: DarkroomBot, ada: Member, owner: Member
) -> None:
    for limits, prompt, words in BOUNDS:
        await owner.slash("darkroom", "server access limits", role="@everyone", **limits)
        assert words in await imagine(ada, prompt), prompt
        unset = dict.fromkeys(limits, "default")
        await owner.slash("darkroom", "server access limits", role="@everyone", **unset)
    shown = await told(owner, await owner.slash("darkroom", "server access show"))
    assert "Limits: none" in shown


async def test_what_a_channel_decides_is_nobodys_own_parameter(
    bot: DarkroomBot, ada: Member, owner: Member
) -> None:
    await owner.slash("darkroom", "server access limits", role="@everyone", without="ar")
    assert "do not allow `--ar`" in await imagine(ada, "a fox --ar 3:2")
    await owner.slash("darkroom", "server defaults", channel="darkroom", aspect="3:2")
    drawn = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --steps 1"))
    assert "--ar 3:2" in drawn.content


async def test_a_patron_may_until_the_role_is_taken(
    bot: DarkroomBot, ada: Member, ben: Member, owner: Member
) -> None:
    await owner.slash("darkroom", "server access limits", role="@everyone", steps="2")
    await ada.give_role("Patron")
    await owner.slash("darkroom", "server access limits", role="Patron", steps="5")
    many = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a cat --steps 4"))
    words = "4 steps are more than your roles allow here: at most 2."
    for button in ("V1", "🔄"):
        assert words in await told(ben, (await ben.press(many, button)).message)
    # One stored picture by itself costs nothing.
    await finished(ben, (await ben.press(many, "U1")).message)
    await finished(ada, (await ada.press(many, "V1")).message)
    await ada.take_role("Patron")
    assert words in await told(ada, (await ada.press(many, "V1")).message)


async def test_bounds_hold_for_suffix_own_options_remix_and_confirmed_drafts(
    bot: DarkroomBot, ada: Member, owner: Member
) -> None:
    old = await finished(ada, await ada.slash("darkroom", "imagine", prompt=PROMPT))
    asked = await question(ada, "a {cat, dog} --steps 5 --n 1")
    await owner.slash("darkroom", "server access limits", role="@everyone", steps="3")
    words = "5 steps are more than your roles allow here: at most 3."
    yes = (await ada.press(asked, asked.buttons[0].custom_id or "")).message
    assert words in await told(ada, yes)
    await ada.slash("darkroom", "prefer option set", option="fine", value="--steps 5")
    assert words in await imagine(ada, "a cat --fine --n 1")
    await ada.slash("darkroom", "prefer remix")
    modal = (await ada.press(old, "V1")).modal
    answer = await ada.submit(modal, {"prompt": "a dog --steps 5"})
    assert words in await told(ada, answer.message)
    await ada.slash("darkroom", "prefer suffix", value="--steps 5")
    assert words in await imagine(ada, "a cat --n 1")


async def test_uploads_are_refused_before_they_are_fetched(
    bot: DarkroomBot, ada: Member, owner: Member
) -> None:
    await owner.slash("darkroom", "server access limits", role="@everyone", uploads="no")
    broken = Upload("cat.png", b"no picture")
    answer = await ada.slash("darkroom", "imagine", prompt=PROMPT, image=broken)
    assert "do not allow pictures of your own to start from" in await told(ada, answer)


async def test_others_buttons_by_role(
    bot: DarkroomBot, ada: Member, ben: Member, owner: Member
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=PROMPT))
    await owner.slash("darkroom", "server settings", buttons_for="roles")
    words = "only the member who started a job can use its buttons."
    assert words in await told(ben, (await ben.press(grid, "U1")).message)
    helper = await owner.give_role("Helper")
    await owner.slash("darkroom", "server access roles", what="buttons", add="Helper")
    refused = await told(ben, (await ben.press(grid, "U1")).message)
    assert f"can use the buttons of others' jobs: <@&{helper}>" in refused
    await ben.give_role("Helper")
    await finished(ben, (await ben.press(grid, "U1")).message)
    await ben.take_role("Helper")
    assert f"<@&{helper}>" in await told(ben, (await ben.press(grid, "V1")).message)
    await finished(ada, (await ada.press(grid, "U1")).message)


async def test_only_who_manages_the_server_sets_rules(bot: DarkroomBot, ada: Member) -> None:
    for command in ("server access show", "server access channels"):
        with pytest.raises(Refused):
            await ada.slash("darkroom", command)


async def test_a_prompt_that_waited_for_its_model_has_the_bounds_of_its_members_roles_then(
    deployment: Deployment, settings: Settings, database: Database, ada: Member, owner: Member
) -> None:
    early = Deployment(
        settings.model_copy(update={"inference_url": "http://127.0.0.1:9"}), database
    )
    async with early.open():
        await ada.wait_for_command("imagine")
        await ada.give_role("Patron")
        await owner.slash("darkroom", "server access limits", role="@everyone", steps="3")
        await owner.slash("darkroom", "server access limits", role="Patron", steps="any")
        # Nobody knows yet how many steps its model has.
        waiting = await ada.slash("darkroom", "imagine", prompt="a fox --n 1")
        allowed = await ada.slash("darkroom", "imagine", prompt="a fox --n 1 --steps 2")
        await ada.take_role("Patron")
    async with deployment.open():
        failed = await finished(ada, waiting)
        words = "36 steps are more than your roles allow here: at most 3."
        assert words in f"{failed.content} {failed.embeds}"
        assert failed.button("Edit prompt")
        assert (await finished(ada, allowed)).attachments
