"""Who left a server draws no more by way of it; conversations and user installs can be off."""

import asyncio

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from bot.policy import places
from playground import Playground
from playground.testing.member import Member, Refused
from playground.testing.views import Message
from storage import history, jobs
from storage.database import Database
from storage.models import JobState
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    CONFIRMED_PROMPT,
    LONG,
    card,
    caught_at_work,
    drawn,
    finished,
    job_id_of,
    letter,
    question,
    told,
    whoever,
)

MEMBERS = "GET /guilds/{guild_id}/members/{user_id}"
LEFT = "no longer a member"


@pytest.fixture
def _forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot asks Discord each time: a test removes members sooner than people do."""
    monkeypatch.setattr(places, "CACHE_LIFETIME_S", 0.0)


async def refused(member: Member, message: Message, button: str) -> str:
    return await told(member, (await member.press(message, button)).message)


@pytest.mark.usefixtures("_forgetful")
async def test_who_was_banned_makes_nothing_more_of_the_servers_pictures(
    bot: DarkroomBot, playground: Playground, ada: Member, database: Database
) -> None:
    grid = await drawn(ada, "a fox")
    await ada.menu(grid, "Send to me")
    sent = await letter(ada, grid)
    # As a member it works in the conversation too, and makes a job of the conversation.
    own = await finished(ada, (await ada.press(sent, "V1")).message)
    asked = await question(ada, CONFIRMED_PROMPT, "dm")
    playground.faults.remove_member("Ada", banned=True)
    for message, button in ((sent, "V2"), (sent, "U1"), (sent, "🔄"), (own, "V1")):
        assert LEFT in await refused(ada, message, button)
    assert LEFT in await refused(ada, asked, "Yes, start them")
    assert LEFT in await told(ada, await ada.slash("dm", "imagine", prompt="a fox"))
    assert await jobs.open_jobs(database, whoever(grid)) == ()


@pytest.mark.usefixtures("_forgetful")
async def test_a_member_who_left_goes_on_only_where_they_brought_the_bot_themselves(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    await ada.install_app()
    grid = await drawn(ada, "a fox")
    await ada.menu(grid, "Send to me")
    sent = await letter(ada, grid)
    playground.faults.remove_member("Ada")
    # Their own account brings the bot along, but not the server's pictures.
    assert LEFT in await refused(ada, sent, "V1")
    assert (await drawn(ada, "a cat", "@Ben")).attachments
    assert (await drawn(ada, "a cat", "dm")).attachments


@pytest.mark.usefixtures("_forgetful")
async def test_what_waits_when_its_member_is_banned_is_not_drawn(
    settings: Settings, playground: Playground, database: Database, ada: Member, ben: Member
) -> None:
    deployment = Deployment(settings.model_copy(update={"jobs_at_once": 1}), database)
    async with deployment.open():
        await ada.wait_for_command("imagine")
        running = await ben.slash("darkroom", "imagine", prompt=LONG)
        await caught_at_work(ben, running)
        waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
        playground.faults.remove_member("Ada", banned=True)
        await ben.press(running, "Cancel")
        failed = await finished(ben, waiting)
        assert LEFT in card(failed)
        job = await jobs.get(database, job_id_of(waiting))
        assert job is not None
        assert job.state is JobState.FAILED


async def test_discord_is_asked_only_about_who_pressed_elsewhere_or_waited(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    def asked() -> int:
        return sum(request.route == MEMBERS for request in playground.requests)

    grid = await drawn(ada, "a fox")
    await finished(ada, (await ada.press(grid, "U1")).message)
    assert asked() == 0
    own = await drawn(ada, "a fox", "dm")
    await finished(ada, (await ada.press(own, "U1")).message)
    # What was known of Ada holds for a few seconds.
    assert asked() <= 2


@pytest.mark.usefixtures("_forgetful")
async def test_while_discord_does_not_say_who_is_a_member_nobody_is_refused(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    grid = await drawn(ada, "a fox")
    await ada.menu(grid, "Send to me")
    sent = await letter(ada, grid)
    playground.faults.fail(MEMBERS, times=9, status=503)
    assert (await finished(ada, (await ada.press(sent, "U1")).message)).attachments


async def test_a_server_that_the_bot_is_no_member_of_is_not_asked_about(
    bot: DarkroomBot, playground: Playground, ada: Member, database: Database
) -> None:
    await ada.install_app()
    grid = await drawn(ada, "a fox", "elsewhere")
    await ada.menu(grid, "Send to me")
    sent = await letter(ada, grid)
    assert (await finished(ada, (await ada.press(sent, "U1")).message)).attachments
    assert all(request.route != MEMBERS for request in playground.requests)
    assert len(await history.servers_of(database, whoever(grid), 5)) == 1


async def test_direct_messages_can_be_off(
    settings: Settings, database: Database, deployment: Deployment, ada: Member
) -> None:
    async with deployment.open():
        await ada.wait_for_command("imagine")
        await ada.install_app()
        before = await drawn(ada, "a fox", "dm")
    await ada.wait_for_bot(online=False)
    off = Deployment(settings.model_copy(update={"direct_messages": False}), database)
    async with off.open():
        await ada.wait_for_bot()
        await ada.wait_for_command("imagine")
        await told_off(ada, before, "in direct messages")
        assert await ada.command_names("dm") == set()
        with pytest.raises(Refused):
            await ada.slash("dm", "imagine", prompt="a fox")
        assert "imagine" in await ada.command_names("@Ben")
        # Pictures that are wanted there come all the same.
        grid = await drawn(ada, "a cat")
        await ada.menu(grid, "Send to me")
        await told_off(ada, await letter(ada, grid), "in direct messages")


async def test_user_installs_can_be_off(
    settings: Settings, database: Database, deployment: Deployment, ada: Member, ben: Member
) -> None:
    await ada.install_app()
    async with deployment.open():
        await ada.wait_for_command("imagine", "elsewhere")
        before = [await drawn(ada, "a fox", place) for place in ("elsewhere", "@Ben")]
    await ada.wait_for_bot(online=False)
    off = Deployment(settings.model_copy(update={"user_installs": False}), database)
    async with off.open():
        await ada.wait_for_bot()
        await ada.wait_for_command("imagine")
        for message in before:
            await told_off(ada, message, "servers that I am a member of")
            await told_off(ben, message, "servers that I am a member of")
        for place in ("elsewhere", "@Ben"):
            assert await ada.command_names(place) == set()
        assert "imagine" in await ada.command_names("dm")
        assert (await drawn(ada, "a cat", "dm")).attachments


async def told_off(member: Member, message: Message, words: str) -> None:
    assert words in await refused(member, message, "V1")


async def test_commands_and_modals_that_a_client_remembers_are_answered_in_words(
    settings: Settings, database: Database, ada: Member, playground: Playground
) -> None:
    async with Deployment(settings, database).open() as bot:
        await ada.wait_for_command("imagine")
        await ada.slash("dm", "prefer remix")
        grid = await drawn(ada, "a fox", "dm")
        modal = (await ada.press(grid, "V1")).modal
        # As if it had been switched off since these were shown.
        bot.services.places._direct_messages = False
        answer = (await ada.submit(modal)).message
        assert "in direct messages" in await told(ada, answer)
        assert "in direct messages" in await told(ada, await ada.slash("dm", "queue"))
        assert await ada.autocomplete("dm", "imagine", "prompt", "fox") == []


async def test_the_bot_leaves_servers_that_are_not_on_the_operators_list(
    settings: Settings, database: Database, playground: Playground, ada: Member
) -> None:
    """Also one that it is on at the start; before that, it says why in the server's language."""
    off = Deployment(settings.model_copy(update={"servers": "1, 2"}), database)
    leave = "DELETE /users/@me/guilds/{guild_id}"
    # If it cannot leave, nothing works there.
    playground.faults.fail(leave, status=403)
    async with off.open():
        await ada.wait_for_command("imagine")
        said = await ada.wait_for(lambda m: "I am made for other servers only" in m.content)
        assert said.channel_id == (await ada.say("darkroom", "here")).channel_id
        refused = await ada.slash("darkroom", "imagine", prompt="a cat")
        assert "does not let it work on this server" in await told(ada, refused)
        playground.faults.add_bot_again()
        async with asyncio.timeout(60):
            while await ada.command_names("darkroom"):
                pass
    left = [one for one in playground.requests if one.route == leave]
    assert [one.status for one in left] == [403, 204]
    guild_id = left[0].path.rpartition("/")[2]
    playground.faults.add_bot_again()
    on = Deployment(settings.model_copy(update={"servers": f"1 {guild_id}"}), database)
    async with on.open():
        await ada.wait_for_command("imagine")
        await finished(ada, await ada.slash("darkroom", "imagine", prompt="a cat --steps 1 --n 1"))
