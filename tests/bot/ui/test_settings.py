"""What members and servers choose, through the real client: panels, preferences, refusals."""

from dataclasses import replace

import pytest
from discord import ButtonStyle, app_commands
from discord.ui import Button

from bot.client import DarkroomBot
from bot.ui import settings_panel
from playground import Playground
from playground.testing.member import Member, Refused
from playground.testing.views import Message
from storage import jobs, members, servers
from storage.database import Database
from storage.members import Preferences
from storage.servers import ServerSettings
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    card,
    chosen,
    finished,
    first_words,
    job_id_of,
    told,
    value_of,
    whoever,
    written,
)


def green(panel: Message) -> list[str]:
    """What the panel marks as chosen: by its colour, and by a tick for those who see no colour."""
    marked = [button for button in panel.buttons if button.style == ButtonStyle.success.value]
    assert marked == [button for button in panel.buttons if button.label.startswith("✓ ")]
    return [button.label.removeprefix("✓ ") for button in marked]


USUAL = ["Public", "Fast", "Strong", "With style", "Remix off", "No DMs"]
"""What is chosen in a panel in which nothing was changed."""


async def test_the_panel_shows_and_changes_what_a_member_chose(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    panel = await ada.slash("darkroom", "settings")
    assert panel.ephemeral
    assert value_of(panel, "me:stylize") == "usual"
    assert green(panel) == USUAL
    panel = (await ada.choose(panel, "250", select="me:stylize")).message
    assert value_of(panel, "me:stylize") == "250"
    panel = (await ada.choose(panel, "faithful", select="me:temperament")).message
    for button in ("Raw", "Remix on", "Subtle", "Stealth", "Relax", "Send DMs"):
        panel = (await ada.press(panel, button)).message
    changed = ["Stealth", "Relax", "Subtle", "Raw", "Remix on", "Send DMs"]
    assert green(panel) == changed
    assert "**Suffix:** `--s 250 --raw`" in written(panel)
    expected = Preferences(
        temperament="faithful",
        stylize=250,
        raw=True,
        remix=True,
        variability="subtle",
        mode="relax",
        stealth=True,
        auto_dm=True,
    )
    assert await chosen(database, panel) == expected
    assert value_of(await ben.slash("darkroom", "settings"), "me:stylize") == "usual"


async def test_a_button_does_what_it_says_however_often_it_is_pressed(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    """“Public” made a public member private."""
    panel = await ada.slash("darkroom", "settings")
    for label in (f"✓ {name}" for name in USUAL):
        panel = (await ada.press(panel, label)).message
    assert green(panel) == USUAL
    assert await chosen(database, panel) == Preferences()
    for name in ("Stealth", "✓ Stealth"):
        panel = (await ada.press(panel, name)).message
        assert (await chosen(database, panel)).stealth
    panel = (await ada.press(panel, "Public")).message
    assert await chosen(database, panel) == Preferences()


async def test_each_setting_of_the_panel_has_one_marked_button(bot: DarkroomBot) -> None:
    for name, values in settings_panel.VALUES.items():
        for value in values.values():
            layout = settings_panel.panel(replace(Preferences(), **{name: value}), {}, {}, "de")
            buttons = [one for one in layout.walk_children() if isinstance(one, Button)]
            ours = [one for one in buttons if (one.custom_id or "").startswith(f"me:{name}:")]
            assert len(ours) == len(values)
            assert sum(one.style is ButtonStyle.success for one in ours) == 1


async def test_reset_asks_first(bot: DarkroomBot, ada: Member, database: Database) -> None:
    panel = await ada.slash("darkroom", "settings")
    changed = (await ada.press(panel, "Stealth")).message
    for reset in ("Reset …", "me:reset"):
        asked = (await ada.press(changed, reset)).message
        assert "Reset all your settings?" in written(asked)
        assert (await chosen(database, asked)).stealth
        changed = (await ada.press(asked, "Cancel")).message
        assert green(changed)[0] == "Stealth"
        assert (await chosen(database, changed)).stealth
    asked = (await ada.press(changed, "Reset …")).message
    panel = (await ada.press(asked, "Yes, reset")).message
    assert await chosen(database, panel) == Preferences()
    assert green(panel) == USUAL


@pytest.mark.parametrize(
    ("menu", "forged"),
    [
        ("stylize", ["999999999"]),
        ("stylize", ["-5000"]),
        ("stylize", ["50", "100"]),
        ("stylize", []),
        ("temperament", ["evil"]),
    ],
)
async def test_a_menu_takes_only_what_it_offers(
    bot: DarkroomBot, ada: Member, database: Database, menu: str, forged: list[str]
) -> None:
    panel = await ada.slash("darkroom", "settings")
    answer = await ada.forge(panel, f"me:{menu}", values=forged)
    assert "does not offer that" in await told(ada, answer.message)
    assert await chosen(database, panel) == Preferences()


async def test_a_panel_works_after_a_restart(
    deployment: Deployment, ada: Member, database: Database
) -> None:
    async with deployment.open():
        await ada.wait_for_command("settings")
        panel = await ada.slash("darkroom", "settings")
    async with deployment.open():
        await ada.wait_for_bot()
        panel = (await ada.press(panel, "Turbo")).message
        await ada.choose(panel, "usual", select="me:temperament")
    assert (await chosen(database, panel)).mode == "turbo"


async def test_commands_choose_as_the_panel_does(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    for command, name, value in (
        ("turbo", "mode", "turbo"),
        ("relax", "mode", "relax"),
        ("fast", "mode", "fast"),
        ("stealth", "stealth", True),
        ("public", "stealth", False),
        ("prefer remix", "remix", True),
        ("prefer remix", "remix", False),
        ("prefer variability", "variability", "subtle"),
        ("prefer auto_dm", "auto_dm", True),
    ):
        answer = await ada.slash("darkroom", command)
        assert answer.ephemeral
        assert "Saved" in card(answer)
        assert getattr(await chosen(database, answer), name) == value


async def test_options_of_ones_own_are_set_listed_and_deleted(
    bot: DarkroomBot, ada: Member, ben: Member, database: Database
) -> None:
    assert "none yet" in card(await ada.slash("dm", "prefer option list"))
    await ada.slash("dm", "prefer option set", option="--Mine", value="in  oil --ar 3:2")
    listed = card(await ada.slash("darkroom", "prefer option list"))
    assert "`--mine` `in oil --ar 3:2`" in listed
    assert "none yet" in card(await ben.slash("darkroom", "prefer option list"))
    near = await ada.autocomplete("darkroom", "prefer option set", "option", "--mi")
    assert [suggestion.value for suggestion in near] == ["mine"]
    deleted = card(await ada.slash("darkroom", "prefer option set", option="mine"))
    assert "Option `--mine` deleted" in deleted


async def test_options_that_cannot_be_are_refused(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    for option, value, words in (
        ("ar", "--s 3", "`--ar` is already a parameter"),
        ("two words", "--s 3", "can't be used as an option name"),
        ("3d", "--s 3", "can't be used as an option name"),
        ("mine", "--stylise 3", "Did you mean `--stylize`?"),
        ("mine", "--s 5000", "0 to 1000"),
        ("never-set", None, "You have no option `--never-set`"),
    ):
        given = {"option": option} if value is None else {"option": option, "value": value}
        refusal = await ada.slash("darkroom", "prefer option set", **given)
        assert words in await told(ada, refusal)
        assert await members.get_options(database, whoever(refusal)) == {}


async def test_nobody_has_more_than_twenty_options(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    ada_id = whoever(await ada.slash("darkroom", "prefer option list"))
    for number in range(20):
        await members.set_option(database, ada_id, "ada", f"o{number}", "x" * 1000, limit=20)
    refusal = await ada.slash("darkroom", "prefer option set", option="more", value="--raw")
    assert "20 options" in await told(ada, refusal)
    replaced = await ada.slash("darkroom", "prefer option set", option="o3", value="--raw")
    assert "Option `--o3` is now `--raw`" in card(replaced)
    assert "`--o19`" in card(await ada.slash("darkroom", "prefer option list"))
    assert "`--o19`" in written(await ada.slash("darkroom", "settings"))


async def test_a_suffix_is_parameters_and_nothing_else(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    kept = await ada.slash("darkroom", "prefer suffix", value="--ar 3:2")
    assert "`--ar 3:2` is now added to all your prompts" in card(kept)
    for value, words in (("in oil --ar 2:1", "“in oil”"), ("--ar 0:1", "1:3 to 3:1")):
        refusal = await ada.slash("darkroom", "prefer suffix", value=value)
        assert words in await told(ada, refusal)
    assert (await chosen(database, kept)).suffix == "--ar 3:2"
    assert "Suffix removed" in card(await ada.slash("darkroom", "prefer suffix"))


async def test_server_settings_are_for_those_who_manage_the_server(
    bot: DarkroomBot, ada: Member, owner: Member
) -> None:
    assert "server" in await owner.command_names("darkroom")
    assert "server" not in await ada.command_names("darkroom")
    assert "server" not in await owner.command_names("dm")
    with pytest.raises(Refused):
        await ada.slash("darkroom", "server settings", stylize=3)
    # A server can open the command to everyone; then it is the bot that refuses.
    group = bot.tree.get_command("server")
    assert isinstance(group, app_commands.Group)
    group.default_permissions = None
    await bot.tree.sync()
    await ada.wait_for_command("server")
    for command in ("server settings", "server reset"):
        assert "Manage Server" in await told(ada, await ada.slash("darkroom", command))


async def test_server_settings_hold_for_every_prompt_that_says_nothing_else(
    bot: DarkroomBot, owner: Member, ada: Member, database: Database
) -> None:
    saved = await owner.slash(
        "darkroom",
        "server settings",
        aspect="2:1",
        style="sketch",
        stylize=1000,
        temperament="faithful",
        permutations=3,
        buttons_for="owner",
        highlights="gallery",
    )
    gallery = await owner.say("gallery", "here")
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert job.server_id is not None
    assert "sketch style" in str(job.request)
    kept = await servers.get_settings(database, job.server_id)
    assert kept == ServerSettings(
        job.server_id,
        aspect="2:1",
        style="sketch",
        stylize=1000,
        temperament="faithful",
        permutations=3,
        buttons_for="owner",
        highlights_channel=int(gallery.channel_id),
    )
    shown = card(await owner.slash("darkroom", "server settings"))
    for words in (
        "Aspect ratio: 2:1",
        "faithful to the prompt",
        "only for the member who started the job",
        "at most 3 queued or running",
    ):
        assert words in shown
        assert words in card(saved)
    asked = await owner.slash("darkroom", "server reset")
    assert "Reset all settings of this server?" in card(asked)
    assert await servers.get_settings(database, job.server_id) == kept
    kept_as_it_was = (await owner.press(asked, "Cancel")).message
    assert "Aspect ratio: 2:1" in card(kept_as_it_was)
    assert not kept_as_it_was.buttons
    assert await servers.get_settings(database, job.server_id) == kept
    asked = await owner.slash("darkroom", "server reset")
    assert "Aspect ratio: 1:1" in card((await owner.press(asked, "Yes, reset")).message)
    assert await servers.get_settings(database, job.server_id) == ServerSettings(job.server_id)


async def test_server_settings_that_cannot_hold_are_refused_and_not_saved(
    bot: DarkroomBot, owner: Member
) -> None:
    for option, value, words in (
        ("aspect", "0:1", "1:3 to 3:1"),
        ("aspect", "2:1 --s 3", "1:3 to 3:1"),
        ("style", "cubist", "`sketch`"),
        ("style", "raw --ar 2:1", "`sketch`"),
    ):
        refusal = await owner.slash("darkroom", "server settings", **{option: value})
        assert words in await told(owner, refusal)
    assert "Aspect ratio: 1:1" in card(await owner.slash("darkroom", "server settings"))
    near = await owner.autocomplete("darkroom", "server settings", "style", "sk")
    assert [suggestion.value for suggestion in near] == ["sketch"]


async def test_a_member_is_answered_in_their_language(
    bot: DarkroomBot, playground: Playground, database: Database
) -> None:
    async with Member(playground.url, "Ben", timeout=120, locale="de") as ben:
        panel = await ben.slash("darkroom", "settings")
        assert "Deine Einstellungen" in written(panel)
        panel = (await ben.press(panel, "Relax")).message
        assert (await chosen(database, panel)).mode == "relax"
        refusal = await ben.slash("darkroom", "imagine", prompt="ein Fuchs --ar 0:1")
        assert "Ungültiger Parameter" in await told(ben, refusal)
        helped = await ben.slash("darkroom", "help")
        assert "Erste Schritte" in card(helped)
        commands = card((await ben.press(helped, "Befehle")).message)
        assert f"</settings:{bot.command_ids['settings']}> Deine Einstellungen" in commands
        # What all see is in the server's language, what only they see in theirs.
        public = await ben.slash("darkroom", "imagine", prompt="ein Fuchs --q .25")
        await finished(ben, public)
        assert first_words(ben, public).endswith("(Waiting to start)")
        own = await ben.slash("dm", "imagine", prompt="ein Fuchs --q .25")
        await finished(ben, own)
        assert first_words(ben, own).endswith("(Wartet auf den Start)")
