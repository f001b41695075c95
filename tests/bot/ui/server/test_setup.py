"""`/server setup` through the real client: its steps, on the server and in direct messages."""

from typing import Any

import discord
import pytest
from discord import app_commands

from bot.client import DarkroomBot
from bot.config import Settings
from bot.policy import rate_limit
from bot.ui.dynamic_items import view_of
from playground import Playground
from playground.app.faults import SEND_MESSAGE
from playground.state.people import Permission
from playground.testing.member import Member
from playground.testing.views import Message
from storage import servers
from storage.database import Database
from storage.models import Scope
from storage.rules import defaults, pictures, quotas
from storage.rules.quotas import Allowance
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import finished, told, value_of, written

MAX_COMPONENTS = 40
"""Discord's limit for one message."""

HEADING = "Set up Darkroom on “Darkroom Playground”"


@pytest.fixture(autouse=True)
def _as_often_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "BURST_ACTIONS", 10_000)


def menu(panel: Message, step: str) -> str:
    (found,) = [one.custom_id for one in panel.selects if one.custom_id.endswith(f":{step}")]
    return found


def plain(panel: Message) -> str:
    """What it says without the signs that Markdown would read."""
    return written(panel).replace("\\", "")


async def steps_in(member: Member, channel: str = "dm") -> list[Message]:
    """The panels that were sent to a member without being asked for."""
    messages = await member.messages(channel)
    return [one for one in messages if one.selects and HEADING in written(one)]


async def sent_to(member: Member) -> Message:
    """The panel in a member's direct messages, once it is there."""
    return await member.wait_for(
        lambda m: not m.ephemeral and bool(m.selects) and HEADING in written(m)
    )


def components_of(components: list[dict[str, Any]]) -> int:
    """How many there are, with those inside of others."""
    return sum(1 + components_of(one.get("components", [])) for one in components)


async def hello(member: Member) -> Message:
    return await member.wait_for(lambda m: "`/server setup` is for admins" in m.content)


async def test_each_step_holds_when_it_is_chosen_and_ends_in_a_picture(
    bot: DarkroomBot, owner: Member, database: Database, playground: Playground
) -> None:
    server_id = playground.administration.server_id
    panel = await owner.slash("gallery", "server setup")
    assert panel.ephemeral
    assert HEADING in written(panel)
    assert "3 jobs at a time" in written(panel)
    panel = (await owner.press(panel, "public: 20 pictures a day")).message
    assert panel.ephemeral
    assert "**Changed:** everybody has the limits of “public”" in written(panel)
    everyone = (await quotas.get_quotas(database, server_id))[server_id]
    assert everyone.pictures == Allowance(20)
    assert "20 pictures a day" in written(panel)
    assert panel.button("✓ public: 20 pictures a day")
    panel = (await owner.choose(panel, "de", select=menu(panel, "language"))).message
    assert "**Changed:** messages are written in: German" in written(panel)
    (stored,) = await defaults.of_server(database, server_id)
    assert (stored.scope, stored.chosen.language) == (Scope.SERVER, "de")
    # Later, in another place, it shows what is set.
    panel = await owner.slash("darkroom", "server setup")
    assert panel.button("✓ public: 20 pictures a day")
    assert value_of(panel, menu(panel, "language")) == "de"
    panel = (await owner.choose(panel, "open", select=menu(panel, "language"))).message
    assert value_of(panel, menu(panel, "language")) == "open"
    darkroom = playground.administration.channel_id("darkroom")
    assert f"</imagine:{bot.command_ids['imagine']}> in <#{darkroom}>" in written(panel)
    panel = (await owner.press(panel, "Draw the first picture")).message
    assert f"is being drawn in <#{darkroom}>" in written(panel)
    first = await owner.wait_for(lambda m: "a red fox" in m.content and not m.ephemeral)
    grid = await finished(owner, first)
    assert grid.channel_id == str(darkroom)
    assert grid.attachments


async def test_explicit_pictures_and_the_review_channel_are_steps_too(
    bot: DarkroomBot, owner: Member, database: Database, playground: Playground
) -> None:
    there = playground.administration
    server_id, gallery = there.server_id, str(there.channel_id("gallery"))
    panel = await owner.slash("darkroom", "server setup")
    assert "**Explicit pictures:** **spoiler**: behind a spoiler" in written(panel)
    assert "**Review channel:** none" in written(panel)
    assert "nobody can report or appeal" in written(panel)
    # What another command said about the threshold stays.
    await owner.slash("darkroom", "server filter", threshold=60)
    await owner.slash("darkroom", "server filter", action="refuse", place="gallery")
    panel = (await owner.choose(panel, "review", select=menu(panel, "filter"))).message
    assert "**Changed:** explicit pictures – review" in plain(panel)
    assert "**review**: shown after a moderator approved them, from 60 % on" in written(panel)
    assert "1 channel or category has its own choice" in written(panel)
    assert value_of(panel, menu(panel, "filter")) == "review"
    stored = {one.place_id: one for one in await pictures.policies_of(database, server_id)}
    assert (stored[server_id].action, stored[server_id].threshold_percent) == ("review", 60)
    panel = (await owner.choose(panel, gallery, select=menu(panel, "review"))).message
    assert f"**Changed:** moderators decide in <#{gallery}>" in written(panel)
    assert "Everybody can see the review channel" in written(panel)
    assert "is not age-restricted" in written(panel)
    assert (await servers.get_settings(database, server_id)).review_channel == int(gallery)
    playground.faults.deny("gallery", Permission.ATTACH_FILES)
    # Later it shows what is set.
    panel = await owner.slash("darkroom", "server setup")
    assert value_of(panel, menu(panel, "filter")) == "review"
    assert value_of(panel, menu(panel, "review")) == gallery
    assert "cannot post pictures in the review channel" in written(panel)
    assert components_of(panel.raw["components"]) <= MAX_COMPONENTS
    panel = (await owner.choose(panel, "open", select=menu(panel, "review"))).message
    assert "**Changed:** there is no review channel" in written(panel)
    assert (await servers.get_settings(database, server_id)).review_channel is None


async def test_all_of_many_channels_are_offered_for_review(
    bot: DarkroomBot, owner: Member, database: Database, playground: Playground
) -> None:
    there = playground.administration
    added = [there.add_channel(f"room-{number}") for number in range(25)]
    panel = await owner.slash("darkroom", "server setup")
    review = menu(panel, "review")
    panel = (await owner.choose(panel, "page:1", select=review)).message
    (shown,) = [one for one in panel.selects if one.custom_id == review]
    assert str(added[-1]) in [one.value for one in shown.options]
    panel = (await owner.choose(panel, str(added[-1]), select=review)).message
    settings = await servers.get_settings(database, there.server_id)
    assert settings.review_channel == added[-1]


async def test_it_draws_only_in_the_chosen_channels(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    there = playground.administration
    gallery, no_entry = str(there.channel_id("gallery")), str(there.channel_id("no-entry"))
    panel = await owner.slash("darkroom", "server setup")
    assert "**Where it draws:** all channels" in written(panel)
    panel = (await owner.choose(panel, gallery, select=menu(panel, "channels"))).message
    assert "**Changed:** where pictures are drawn" in written(panel)
    assert value_of(panel, menu(panel, "channels")) == gallery
    assert f"/imagine:{bot.command_ids['imagine']}> in <#{gallery}>" in written(panel)
    refusal = await ada.slash("darkroom", "imagine", prompt="a fox")
    assert f"<#{gallery}>" in await told(ada, refusal)
    panel = (await owner.press(panel, "Draw the first picture")).message
    first = await owner.wait_for(lambda m: "a red fox" in m.content and not m.ephemeral)
    assert first.channel_id == gallery
    await finished(owner, first)
    # A channel in which the bot cannot write is chosen all the same, with what to do about it.
    (offered,) = [one for one in panel.selects if one.custom_id == menu(panel, "channels")]
    (line,) = [option for option in offered.options if option.value == no_entry]
    assert line.description == "I lack: Send Messages"
    panel = (await owner.choose(panel, no_entry, select=menu(panel, "channels"))).message
    assert "cannot draw in #no-entry. Missing there: Send Messages" in plain(panel)
    assert "allow it for the bot's role" in written(panel)
    assert panel.button("Draw the first picture").disabled
    panel = (await owner.choose(panel, select=menu(panel, "channels"))).message
    assert "**Where it draws:** all channels" in written(panel)
    await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --steps 1 --n 1"))


async def test_all_of_many_channels_can_be_chosen_page_by_page(
    bot: DarkroomBot, owner: Member, database: Database, playground: Playground
) -> None:
    there = playground.administration
    category = there.add_category("Studios")
    for number in range(25):
        there.add_forum(f"room-{number}")
    await owner.slash("darkroom", "server access channels", rule="only", add="Studios")
    panel = await owner.slash("darkroom", "server setup")
    channels = menu(panel, "channels")
    darkroom = str(there.channel_id("darkroom"))
    panel = (await owner.choose(panel, darkroom, select=channels)).message
    panel = (await owner.choose(panel, "page:1", select=channels)).message
    (shown,) = [one for one in panel.selects if one.custom_id == channels]
    assert darkroom not in [one.value for one in shown.options]
    chosen = next(one.value for one in shown.options if not one.value.startswith("page:"))
    panel = (await owner.choose(panel, chosen, select=channels)).message
    rules = await bot.services.access_settings.rules(there.server_id)
    assert rules.channels == (category, int(darkroom), int(chosen))


async def test_what_other_commands_set_is_shown_and_none_of_the_presets(
    bot: DarkroomBot, owner: Member
) -> None:
    await owner.slash("darkroom", "server quota set", pictures=7, per="hour")
    panel = await owner.slash("darkroom", "server setup")
    assert "7 pictures an hour" in written(panel)
    assert not [one for one in panel.buttons if (one.label or "").startswith("✓")]


async def test_where_the_bot_cannot_draw_it_says_what_to_do(
    bot: DarkroomBot, owner: Member, playground: Playground
) -> None:
    playground.faults.deny("darkroom")
    panel = await owner.slash("darkroom", "server setup")
    # There is one channel left.
    gallery = playground.administration.channel_id("gallery")
    assert f"in <#{gallery}>" in written(panel)
    playground.faults.deny("gallery", Permission.ATTACH_FILES)
    panel = (await owner.press(panel, "Check again")).message
    assert "can draw in no channel" in written(panel)
    assert "open Permissions and allow the bot's role View Channel" in written(panel)
    assert panel.button("Draw the first picture").disabled
    answer = await owner.forge(panel, panel.button("Draw the first picture").custom_id or "")
    assert "No channel to draw in" in await told(owner, answer.message)
    playground.faults.allow("gallery")
    panel = (await owner.press(panel, "Check again")).message
    assert "can draw in no channel" not in written(panel)
    assert not panel.button("Draw the first picture").disabled


async def test_it_is_sent_once_to_whoever_added_the_bot_and_works_after_a_restart(
    deployment: Deployment, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    there = playground.administration
    there.add_role("Auditors", Permission.VIEW_AUDIT_LOG)
    there.add_role("Managers", Permission.MANAGE_GUILD)
    there.give_bot_role("Auditors")
    there.give_role("Ada", "Managers")
    async with deployment.open():
        await ada.wait_for_command("server")
        playground.faults.add_bot_again(by="Ada")
        panel = await sent_to(ada)
        assert "All pictures here are made by AI" in written(panel)
        greeting = await hello(ada)
        assert "<@" not in greeting.content
    async with deployment.open():
        await ada.wait_for_bot()
        playground.faults.add_bot_again(by="Ada")
        panel = (await ada.press(panel, "community: 100 pictures a day")).message
        assert panel.button("✓ community: 100 pictures a day")
        assert not panel.ephemeral
        held = await quotas.get_quotas(database, there.server_id)
        assert held[there.server_id].pictures == Allowance(100)
        panel = (await ada.press(panel, "Draw the first picture")).message
        first = await ada.wait_for(lambda m: "a red fox" in m.content)
        assert first.channel_id == str(there.channel_id("darkroom"))
        await finished(ada, first)
        assert len(await steps_in(ada)) == 1
        assert not await steps_in(owner)
        # Who may not manage the server any more changes nothing, and is told so.
        there.take_role("Ada", "Managers")
        for label in ("friends: no limit", "Draw the first picture"):
            answer = await ada.press(panel, label)
            assert "Manage Server" in await told(ada, answer.message)
        for value, step in (("de", "language"), ("off", "filter"), ("open", "review")):
            answer = await ada.choose(panel, value, select=menu(panel, step))
            assert "Manage Server" in await told(ada, answer.message)
        held = await quotas.get_quotas(database, there.server_id)
        assert held[there.server_id].pictures == Allowance(100)
        assert not await defaults.of_server(database, there.server_id)
        assert not await pictures.policies_of(database, there.server_id)
        playground.faults.remove_member("Ada")
        answer = await ada.press(panel, "friends: no limit")
        assert "Manage Server" in await told(ada, answer.message)


async def test_without_the_audit_log_the_owner_gets_it(
    bot: DarkroomBot, owner: Member, ada: Member, playground: Playground
) -> None:
    playground.faults.add_bot_again(by="Ada")
    await sent_to(owner)
    await hello(ada)
    assert not await steps_in(ada)


async def test_who_takes_no_direct_messages_is_asked_in_the_channel(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    playground.faults.fail(SEND_MESSAGE, status=403)
    playground.faults.add_bot_again()
    greeting = await hello(owner)
    assert f"<@{playground.administration.member_id('you')}> Welcome!" in greeting.content
    assert [one["username"] for one in greeting.raw["mentions"]] == ["you"]
    answer = await ada.press(greeting, "Set up")
    assert "Manage Server" in await told(ada, answer.message)
    panel = (await owner.press(greeting, "Set up")).message
    assert panel.ephemeral
    assert HEADING in written(panel)
    panel = (await owner.press(panel, "friends: no limit")).message
    assert panel.button("✓ friends: no limit")
    assert owner.latest(greeting).content == greeting.content


async def test_where_direct_messages_are_off_the_steps_are_in_the_channel(
    settings: Settings, database: Database, owner: Member, playground: Playground
) -> None:
    closed = settings.model_copy(update={"direct_messages": False})
    async with Deployment(closed, database).open():
        await owner.wait_for_command("server")
        playground.faults.add_bot_again()
        greeting = await hello(owner)
        assert "Welcome!" in greeting.content
        assert not await steps_in(owner)


async def test_a_server_that_nobody_could_be_told_about_is_greeted_the_next_time(
    bot: DarkroomBot, owner: Member, playground: Playground
) -> None:
    playground.faults.fail(SEND_MESSAGE, status=403, times=2)
    playground.faults.add_bot_again()
    # The answer comes after what the greeting would be.
    await finished(owner, await owner.slash("gallery", "imagine", prompt="a fox --steps 1 --n 1"))
    assert not await steps_in(owner)
    playground.faults.add_bot_again()
    await sent_to(owner)


async def test_a_forged_custom_id_changes_nothing(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    server_id = playground.administration.server_id
    group = bot.tree.get_command("server")
    assert isinstance(group, app_commands.Group)
    group.default_permissions = None
    await bot.tree.sync()
    await ada.wait_for_command("server")
    assert "Manage Server" in await told(ada, await ada.slash("darkroom", "server setup"))
    channel = bot.get_partial_messageable(playground.administration.channel_id("darkroom"))
    conversation = await bot.create_dm(discord.Object(playground.administration.member_id("you")))
    # The client library drops a custom_id that is not in the message, so the bot posts them.
    for who, place, where in (
        (ada, channel, server_id),
        (owner, channel, 1),
        (owner, conversation, 1),
    ):
        forged = [f"setup:{where}:{act}" for act in ("open", "again", "draw", "quota:public")]
        buttons = [discord.ui.Button(custom_id=one, label=".") for one in forged]
        sent = await place.send("x", view=view_of(*buttons))
        shown = await who.wait_for(lambda m, sent=sent: m.id == str(sent.id))
        for custom_id in forged:
            answer = await who.press(shown, custom_id)
            assert "Manage Server" in await told(who, answer.message)
    panel = await owner.slash("darkroom", "server setup")
    for step in ("language", "filter", "review"):
        answer = await owner.forge(panel, menu(panel, step), values=["xx"])
        assert "does not offer that" in await told(owner, answer.message)
    assert not await quotas.get_quotas(database, server_id)
    assert not await defaults.of_server(database, server_id)


async def test_discord_that_does_not_say_who_may_changes_nothing(
    bot: DarkroomBot, owner: Member, database: Database, playground: Playground
) -> None:
    playground.faults.add_bot_again()
    panel = await sent_to(owner)
    playground.faults.fail("GET /guilds/{guild_id}/members/{user_id}", status=403)
    answer = await owner.press(panel, "friends: no limit")
    assert "Nothing was changed" in await told(owner, answer.message)
    assert not await quotas.get_quotas(database, playground.administration.server_id)


@pytest.mark.parametrize("locale", ["en-US", "de"])
async def test_it_is_in_the_language_of_its_reader(
    bot: DarkroomBot, playground: Playground, locale: str
) -> None:
    words = {"en-US": "How much everybody may draw", "de": "Wie viel alle zeichnen dürfen"}
    async with Member(playground.url, "you", timeout=120, locale=locale) as owner:
        panel = await owner.slash("darkroom", "server setup")
        assert words[locale] in written(panel)
