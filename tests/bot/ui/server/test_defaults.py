"""Defaults of servers, categories, channels and roles, through the real client."""

import discord
import pytest
from discord import app_commands

from bot.client import DarkroomBot
from bot.services.admin.defaults import Choosable
from bot.ui.dynamic_items import view_of
from bot.ui.server import defaults_panel
from bot.ui.server.defaults_panel import Shown, Target
from playground import Playground
from playground.testing.member import Member
from playground.testing.views import Message
from storage import members
from storage.database import Database
from storage.jobs import Job
from storage.members import Preferences
from storage.models import Scope
from storage.rules import defaults
from storage.rules.defaults import Defaults, ScopedDefaults
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    card,
    finished,
    first_words,
    job_of,
    letter,
    picture_of,
    told,
    value_of,
    written,
)

QUICK = "--steps 1 --n 1"


def menu(panel: Message, field: str) -> str:
    return next(one.custom_id for one in panel.selects if one.custom_id.endswith(f":{field}"))


def chosen_in(panel: Message, field: str) -> str:
    return value_of(panel, menu(panel, field))


async def set_defaults(member: Member, panel: Message, **chosen: str) -> Message:
    """Choose in the panel's menus."""
    for field, value in chosen.items():
        panel = (await member.choose(panel, value, select=menu(panel, field))).message
    return panel


async def stored(database: Database, playground: Playground) -> dict[Scope, Defaults]:
    all_of = await defaults.of_server(database, server_id(playground))
    return {one.scope: one.chosen for one in all_of}


def server_id(playground: Playground) -> int:
    return playground.administration.server_id


async def job_in(
    database: Database, member: Member, channel: str = "darkroom", prompt: str = "a fox"
) -> Job:
    waiting = await member.slash(channel, "imagine", prompt=f"{prompt} {QUICK}")
    return await job_of(database, await finished(member, waiting))


async def holds(member: Member, /, **options: str) -> dict[str, str]:
    """What `/server effective` says: value and source by the name of the setting."""
    answer = await member.slash("darkroom", "server effective", **options)
    (embed,) = answer.embeds
    return {field["name"]: field["value"].replace("\n-# ", " · ") for field in embed["fields"]}


async def test_the_panel_shows_and_changes_what_a_channel_and_a_role_choose(
    bot: DarkroomBot, owner: Member, database: Database, playground: Playground
) -> None:
    role = playground.administration.add_role("Painters")
    panel = await owner.slash("darkroom", "server defaults", channel="gallery")
    assert panel.ephemeral
    gallery = playground.administration.channel_id("gallery")
    assert f"Defaults of <#{gallery}> and its threads" in written(panel)
    assert {chosen_in(panel, field) for field in ("aspect", "stealth", "language")} == {"open"}
    panel = await set_defaults(
        owner,
        panel,
        model="=1",
        aspect="=3:2",
        style="=raw",
        stylize="=250",
        temperament="=faithful",
        stealth="=public",
        file_format="=webp",
        language="=de",
    )
    whole = Defaults("1", "3:2", "raw", 250, "faithful", False, "webp", "de")
    assert await stored(database, playground) == {Scope.CHANNEL: whole}
    panel = await set_defaults(owner, panel, aspect="open")
    assert (await stored(database, playground))[Scope.CHANNEL].aspect is None
    # What is typed is read as in a prompt, and marked though the menu has it not.
    panel = await owner.slash(
        "darkroom", "server defaults", role="Painters", aspect="139:100", stylize=7
    )
    assert f"Defaults of the role <@&{role}>" in written(panel)
    assert (chosen_in(panel, "aspect"), chosen_in(panel, "stylize")) == ("=139:100", "=7")
    (every,) = [one for one in panel.selects if one.custom_id == "defaults-of"]
    assert [(line.label, line.description) for line in every.options] == [
        ("Server", None),
        (
            "Channel: gallery",
            "--v 1 --style raw --s 250 --temperament faithful --public WEBP German",
        ),
        ("Role: Painters", "--ar 139:100 --s 7"),
    ]
    panel = (await owner.choose(panel, f"channel:{gallery}", select="defaults-of")).message
    assert chosen_in(panel, "stylize") == "=250"


async def test_reset_asks_first_and_is_for_one_scope(
    bot: DarkroomBot, owner: Member, database: Database, playground: Playground
) -> None:
    playground.administration.add_role("Painters")
    await owner.slash("darkroom", "server defaults", role="Painters", stylize=7)
    panel = await owner.slash("darkroom", "server defaults", channel="gallery", stylize=8)
    asked = (await owner.press(panel, "Reset …")).message
    assert "Delete all of these defaults?" in written(asked)
    panel = (await owner.press(asked, "Cancel")).message
    assert chosen_in(panel, "stylize") == "=8"
    asked = (await owner.press(panel, "Reset …")).message
    panel = (await owner.press(asked, "Yes, reset")).message
    assert chosen_in(panel, "stylize") == "open"
    assert panel.button("Reset …").disabled
    assert await stored(database, playground) == {Scope.ROLE: Defaults(stylize=7)}


async def test_a_servers_defaults_are_those_of_its_settings(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    await owner.slash("darkroom", "server settings", aspect="2:1", temperament="faithful")
    panel = await owner.slash("darkroom", "server defaults")
    assert chosen_in(panel, "aspect") == "=2:1"
    panel = await set_defaults(owner, panel, stylize="=250", file_format="=jpeg")
    assert "Stylize: 250" in card(await owner.slash("darkroom", "server settings"))
    assert await stored(database, playground) == {Scope.SERVER: Defaults(file_format="jpeg")}
    job = await job_in(database, ada)
    assert job.prompt.endswith("--ar 2:1 --s 250 --temperament faithful")
    assert job.file_format == "jpeg"
    asked = await owner.slash("darkroom", "server reset")
    await owner.press(asked, "Yes, reset")
    assert await stored(database, playground) == {}
    assert (await job_in(database, ada)).prompt == f"a fox {QUICK}"


async def test_each_comes_before_the_next(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    """From the server up to what is typed; `/server effective` says who it is each time."""
    there = playground.administration
    category = there.add_category("Studios", "gallery")
    low, high = there.add_role("Low"), there.add_role("High")
    there.give_role("Ada", "High")
    there.give_role("Ada", "Low")
    gallery, ada_id = there.channel_id("gallery"), there.member_id("Ada")
    asked = {"member": "Ada", "channel": "gallery"}
    assert (await holds(owner, **asked))["Stylize"] == "100 · chosen by nobody"
    for number, (options, source) in enumerate(
        (
            ({}, "this server"),
            ({"channel": "Studios"}, f"category <#{category}>"),
            ({"channel": "gallery"}, f"channel <#{gallery}>"),
            ({"role": "Low"}, f"role <@&{low}>"),
            ({"role": "High"}, f"role <@&{high}>"),
        ),
        1,
    ):
        await owner.slash("darkroom", "server defaults", stylize=number, **options)
        assert (await holds(owner, **asked))["Stylize"] == f"{number} · {source}"
        assert (await job_in(database, ada, "gallery")).prompt == f"a fox {QUICK} --s {number}"
    # Only the channel, and only whoever has the role.
    assert (await job_in(database, ada)).prompt.endswith("--s 5")
    assert (await job_in(database, owner, "gallery")).prompt.endswith("--s 3")
    assert (await job_in(database, owner)).prompt.endswith("--s 1")
    assert (await job_in(database, ada, "dm")).prompt == f"a fox {QUICK}"
    await members.save_preferences(database, ada_id, "ada", Preferences(stylize=100))
    assert (await holds(owner, **asked))["Stylize"] == f"100 · settings of <@{ada_id}>"
    # The usual value, but not what others get here: so it is said.
    assert (await job_in(database, ada, "gallery")).prompt.endswith("--s 100")
    await members.save_preferences(
        database, ada_id, "ada", Preferences(stylize=100, suffix="--s 9")
    )
    assert (await holds(owner, **asked))["Stylize"] == f"9 · suffix of <@{ada_id}>"
    typed = await job_in(database, ada, "gallery", "a fox --s 10")
    assert typed.prompt == f"a fox --s 10 {QUICK}"


async def test_a_role_that_was_just_taken_decides_no_more(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    playground.administration.add_role("Painters")
    playground.administration.give_role("Ada", "Painters")
    await owner.slash("darkroom", "server defaults", role="Painters", aspect="3:2")
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=f"a fox {QUICK}"))
    assert (await job_of(database, grid)).prompt.endswith("--ar 3:2")
    playground.administration.take_role("Ada", "Painters")
    assert (await job_in(database, ada)).prompt == f"a fox {QUICK}"
    assert (await holds(owner, member="Ada"))["Aspect ratio"] == "1:1 · chosen by nobody"
    # A re-roll repeats what was drawn.
    again = await finished(ada, (await ada.press(grid, "🔄")).message)
    assert (await job_of(database, again)).prompt.endswith("--ar 3:2")


async def test_a_thread_and_a_post_have_the_defaults_of_their_channel_and_its_category(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    there = playground.administration
    there.add_forum("showcase")
    there.add_category("Studios", "gallery", "showcase")
    there.add_thread("sketches", "gallery")
    there.add_thread("my fox", "showcase")
    await owner.slash("darkroom", "server defaults", channel="Studios", stylize=7)
    # A thread stands for its channel.
    panel = await owner.slash("darkroom", "server defaults", channel="sketches", aspect="3:2")
    assert f"<#{there.channel_id('gallery')}>" in written(panel)
    await owner.slash("darkroom", "server defaults", channel="showcase", aspect="2:3")
    assert (await job_in(database, ada, "sketches")).prompt == f"a fox {QUICK} --ar 3:2 --s 7"
    assert (await job_in(database, ada, "my fox")).prompt == f"a fox {QUICK} --ar 2:3 --s 7"
    held = await holds(owner, member="Ada", channel="my fox")
    assert held["Aspect ratio"] == f"2:3 · channel <#{there.channel_id('showcase')}>"


async def test_stealth_by_default_hides_jobs_unless_they_say_public(
    bot: DarkroomBot, owner: Member, ada: Member, ben: Member, database: Database
) -> None:
    panel = await owner.slash("darkroom", "server defaults", channel="gallery")
    await set_defaults(owner, panel, stealth="=stealth")
    shown = await ada.slash("gallery", "imagine", prompt=f"a hidden fox {QUICK}")
    assert shown.ephemeral
    assert "stealth" in (await finished(ada, shown)).content
    public = await ada.slash("gallery", "imagine", prompt=f"a shown fox {QUICK} --public")
    await finished(ada, public)
    assert not public.ephemeral
    # Also a line that fixes all that is drawn.
    exact = await ada.slash("gallery", "imagine", prompt=f"a hidden fox {QUICK} --exact")
    assert (await job_of(database, await finished(ada, exact))).stealth
    # Also what comes from a button there.
    again = (await ada.press(await finished(ada, public), "V1")).message
    assert again.ephemeral
    seen = " ".join(message.content for message in await ben.messages("gallery"))
    assert "shown" in seen
    assert "hidden" not in seen


@pytest.mark.parametrize(("chosen", "kind"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
async def test_pictures_are_posted_in_the_format_of_their_place(
    bot: DarkroomBot,
    owner: Member,
    ada: Member,
    playground: Playground,
    chosen: str,
    kind: str,
) -> None:
    panel = await owner.slash("darkroom", "server defaults", channel="darkroom")
    await set_defaults(owner, panel, file_format=f"={chosen}")
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=f"a fox {QUICK}"))
    (file,) = grid.attachments
    assert (await picture_of(ada, grid)).format == kind
    assert file.filename.endswith({"jpeg": ".jpg"}.get(chosen, f".{chosen}"))
    # The mark that AI made it is in each of them.
    assert b"c2pa" in await ada.download(file)
    assert b"trainedAlgorithmicMedia" in await ada.download(file)
    single = await finished(ada, (await ada.press(grid, "U1")).message)
    assert (await picture_of(ada, single)).format == kind


async def test_messages_are_in_the_language_of_their_place_and_answers_in_that_of_the_member(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    panel = await owner.slash("darkroom", "server defaults", channel="gallery")
    await set_defaults(owner, panel, language="=de")
    german = await ada.slash("gallery", "imagine", prompt=f"a fox {QUICK}")
    await finished(ada, german)
    assert first_words(ada, german).endswith("(Wartet auf den Start)")
    refusal = await ada.slash("gallery", "imagine", prompt="a fox --ar 0:1")
    assert "1:3 to 3:1" in await told(ada, refusal)
    english = await ada.slash("darkroom", "imagine", prompt=f"a fox {QUICK}")
    await finished(ada, english)
    assert first_words(ada, english).endswith("(Waiting to start)")


async def test_a_button_keeps_what_was_drawn_and_is_shown_as_the_place_wants_where_it_is_pressed(
    deployment: Deployment, owner: Member, ada: Member, database: Database
) -> None:
    """After a restart, on a message older than the defaults, and on its copy in a conversation."""
    async with deployment.open():
        await ada.wait_for_command("imagine")
        grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=f"a fox {QUICK}"))
        panel = await owner.slash("darkroom", "server defaults", aspect="3:2")
    async with deployment.open():
        await ada.wait_for_bot()
        await set_defaults(owner, panel, language="=de", file_format="=webp")
        again = await finished(ada, (await ada.press(grid, "🔄")).message)
        job = await job_of(database, again)
        assert (job.prompt, job.locale, job.file_format) == (f"a fox {QUICK}", "de", "webp")
        again = await ada.wait_for(lambda m: m.id == again.id and bool(m.attachments))
        assert (await picture_of(ada, again)).size == (512, 512)
        await ada.react(again, "✉️")
        copy = await letter(ada, again)
        followed = await finished(ada, (await ada.press(copy, "U1")).message)
        single = await job_of(database, followed)
        assert (single.server_id, single.locale, single.file_format) == (None, "en-US", None)
        assert (await picture_of(ada, followed)).format == "PNG"
        # What is edited is a prompt of the place where it is edited.
        await ada.slash("darkroom", "prefer remix")
        modal = (await ada.press(again, "🔄")).modal
        edited = (await ada.submit(modal, {"prompt": f"a cat {QUICK}"})).message
        assert (await job_of(database, await finished(ada, edited))).prompt.endswith("--ar 3:2")


async def test_confirmed_prompts_are_drawn_and_shown_as_their_place_wants(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    panel = await owner.slash("darkroom", "server defaults", channel="gallery", stylize=7)
    await set_defaults(owner, panel, language="=de")
    asked = await ada.slash("gallery", "imagine", prompt="a {red, blue} fox --steps 1 --n 1")
    asked = await ada.wait_for(lambda m: m.id == asked.id and bool(m.buttons))
    await ada.press(asked, asked.buttons[0].label)
    for colour in ("red", "blue"):
        shown = await ada.wait_for(
            lambda m, colour=colour: (
                f"a {colour} fox" in m.content
                and "--s 7" in m.content
                and bool(m.attachments)
                and bool(m.buttons)
            )
        )
        assert (await job_of(database, shown)).locale == "de"


async def test_defaults_that_cannot_hold_are_refused_and_what_was_typed_is_not_lost(
    bot: DarkroomBot, owner: Member, database: Database, playground: Playground
) -> None:
    playground.administration.add_role("Painters")
    for options, words in (
        ({"aspect": "0:1"}, "1:3 to 3:1"),
        ({"channel": "gallery", "aspect": "2:1 --s 3"}, "1:3 to 3:1"),
        ({"role": "Painters", "style": "cubist"}, "`sketch`"),
    ):
        refusal = await owner.slash("darkroom", "server defaults", **options)
        assert words in await told(owner, refusal)
        assert options.get("aspect", options.get("style", "")) in refusal.content
    both = {"role": "Painters", "channel": "gallery", "stylize": 3}
    refusal = await owner.slash("darkroom", "server defaults", **both)
    assert "for a channel or for a role" in await told(owner, refusal)
    assert await stored(database, playground) == {}
    panel = await owner.slash("darkroom", "server defaults", channel="gallery")
    for field, forged in (("language", "=xx"), ("stylize", "=9999"), ("model", "page:0")):
        answer = await owner.forge(panel, menu(panel, field), values=[forged])
        assert "does not offer that" in await told(owner, answer.message)
    assert await stored(database, playground) == {}
    near = await owner.autocomplete("darkroom", "server defaults", "style", "sk")
    assert [suggestion.value for suggestion in near] == ["sketch"]


async def test_a_panel_works_after_a_restart_and_not_for_who_may_not_manage_the_server(
    deployment: Deployment, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    gallery = playground.administration.channel_id("gallery")
    async with deployment.open():
        await ada.wait_for_command("settings")
        panel = await owner.slash("darkroom", "server defaults", channel="gallery")
    async with deployment.open() as bot:
        await owner.wait_for_bot()
        panel = await set_defaults(owner, panel, stylize="=50")
        assert await stored(database, playground) == {Scope.CHANNEL: Defaults(stylize=50)}
        # A server can open the command to everyone; then it is the bot that refuses.
        group = bot.tree.get_command("server")
        assert isinstance(group, app_commands.Group)
        group.default_permissions = None
        await bot.tree.sync()
        await ada.wait_for_command("server")
        for command in ("server defaults", "server effective"):
            assert "Manage Server" in await told(ada, await ada.slash("darkroom", command))
        lines = [discord.SelectOption(label="1", value="=100")]
        custom_ids = (f"defaults:channel:{gallery}:stylize", "defaults-of")
        menus = [discord.ui.Select(custom_id=one, options=lines) for one in custom_ids]
        reset = f"defaults:channel:{gallery}:reset:yes"
        button = discord.ui.Button(custom_id=reset, label=".")
        sent = await bot.get_partial_messageable(gallery).send("x", view=view_of(*menus, button))
        shown = await ada.wait_for(lambda m: m.id == str(sent.id))
        acts = [ada.choose(shown, "=100", select=one) for one in custom_ids]
        for act in (*acts, ada.press(shown, reset)):
            assert "Manage Server" in await told(ada, (await act).message)
        assert await stored(database, playground) == {Scope.CHANNEL: Defaults(stylize=50)}


async def test_defaults_of_what_is_gone_are_marked_and_can_be_reset(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database, playground: Playground
) -> None:
    gone = Defaults(model="gone", style="cubist", stylize=3)
    darkroom = playground.administration.channel_id("darkroom")
    for scope, scope_id in ((Scope.CHANNEL, darkroom), (Scope.ROLE, 12345)):
        await defaults.change(database, server_id(playground), scope, scope_id, lambda _: gone)
    assert (await job_in(database, ada)).prompt == f"a fox {QUICK} --s 3"
    held = await holds(owner)
    assert held["Model"].endswith("chosen by nobody")
    assert held["Style"] == "none · chosen by nobody"
    panel = await owner.slash("darkroom", "server defaults", channel="darkroom")
    assert (chosen_in(panel, "model"), chosen_in(panel, "style")) == ("=gone", "=cubist")
    panel = (await owner.choose(panel, "role:12345", select="defaults-of")).message
    assert "deleted (12345)" in str(panel.selects)
    asked = (await owner.press(panel, "Reset …")).message
    await owner.press(asked, "Yes, reset")
    assert {*await stored(database, playground)} == {Scope.CHANNEL}


async def test_menus_with_many_lines_have_pages(
    bot: DarkroomBot, owner: Member, database: Database, playground: Playground
) -> None:
    roles = [playground.administration.add_role(f"Role {number}") for number in range(30)]
    for role in roles:
        await defaults.change(
            database, server_id(playground), Scope.ROLE, role, lambda _: Defaults(stylize=1)
        )
    panel = await owner.slash("darkroom", "server defaults")
    found: set[str] = set()
    for turned in ("page:1", "page:0"):
        (every,) = [one for one in panel.selects if one.custom_id == "defaults-of"]
        assert len(every.options) <= 25
        found |= {line.value for line in every.options}
        panel = (await owner.choose(panel, turned, select="defaults-of")).message
    assert {f"role:{role}" for role in roles} <= found
    assert "Role 29" in str(panel.selects) or "Role 29" in str(every)


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_panel_of_any_size_is_one_that_discord_shows(locale: str) -> None:
    """Menus of 60 models and styles, one chosen on a late page; 600 scopes that have defaults."""
    names = tuple(f"name {number}" for number in range(60))
    chosen = Defaults(model="name 50", style="x" * 90, aspect="139:100", stylize=7)
    every = tuple(ScopedDefaults(Scope.ROLE, number, chosen) for number in range(600))
    shown = Shown(chosen, every, Choosable(names, (*names, "y" * 200)))
    target = Target(10**18, Scope.CHANNEL, 10**18)
    pages: list[dict[str, int]] = [{}, {"model": 0}, {"model": 2, "of": 26}, {"style": 10**9}]
    for turned in pages:
        layout = defaults_panel.panel(target, shown, {1: "z" * 200}, locale, turned)
        assert layout.total_children_count <= 40
        assert layout.content_length() <= 4000
        menus = [one for one in layout.walk_children() if isinstance(one, discord.ui.Select)]
        assert len(menus) == 9
        for one in menus:
            values = [option.value for option in one.options]
            assert 1 <= len(values) <= 25
            assert len(set(values)) == len(values)
            assert max(len(option.label) for option in one.options) <= 100
            assert max(map(len, values)) <= 100
        model = menus[0]
        marked = [option.value for option in model.options if option.default]
        assert marked == (["=name 50"] if turned.get("model") != 0 else [])
        assert model.placeholder is not None
        assert "name 50" in model.placeholder
