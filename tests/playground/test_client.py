"""An unmodified discord.py over the real socket, through everything a bot like ours does."""

from __future__ import annotations

import discord
import pytest
from discord import app_commands

from playground import Playground
from playground.testing.member import Member, NoAnswer, Refused, Upload
from tests.support.pictures import picture
from tests.support.playground.small_bot import SIZE_PX, SmallBot, connected, picture_file


class Grid(discord.ui.View):
    """Buttons and a menu, as under a finished grid."""

    @discord.ui.button(label="U1", custom_id="u1")
    async def upscale(self, interaction: discord.Interaction, _: discord.ui.Button[Grid]) -> None:
        await interaction.response.send_message("large", file=picture_file("blue"))

    @discord.ui.button(emoji="🔄", custom_id="remix")
    async def remix(self, interaction: discord.Interaction, _: discord.ui.Button[Grid]) -> None:
        await interaction.response.send_modal(Remix())

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, interaction: discord.Interaction, _: discord.ui.Button[Grid]) -> None:
        raise AssertionError("a disabled button was pressed")

    @discord.ui.select(
        custom_id="model",
        options=[discord.SelectOption(label="Mini"), discord.SelectOption(label="Large")],
    )
    async def choose(self, interaction: discord.Interaction, menu: discord.ui.Select[Grid]) -> None:
        await interaction.response.defer()
        await interaction.followup.send(f"chose {menu.values[0]}", ephemeral=True)


class Remix(discord.ui.Modal, title="Remix"):
    """Both shapes of a modal's field: a label around it, and a row."""

    prompt = discord.ui.Label[discord.ui.Modal](
        text="Prompt", component=discord.ui.TextInput(default="a fox", custom_id="prompt")
    )
    note = discord.ui.TextInput[discord.ui.Modal](label="Note", required=False)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.prompt.component, discord.ui.TextInput)
        words = f"remixed {self.prompt.component.value} ({self.note.value})"
        await interaction.response.edit_message(content=words)


def make_bot() -> SmallBot:
    bot = SmallBot()

    @bot.tree.command(description="Draw")
    @app_commands.choices(style=[app_commands.Choice(name="Raw", value="raw")])
    async def imagine(
        interaction: discord.Interaction,
        prompt: str,
        steps: app_commands.Range[int, 1, 150] = 20,
        style: app_commands.Choice[str] | None = None,
        start: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.send_message(f"{prompt} (Waiting to start)")
        message = await interaction.original_response()
        shown = bot.get_partial_messageable(message.channel.id).get_partial_message(message.id)
        await shown.edit(attachments=[picture_file("grey")])
        size = len(await start.read()) if start else 0
        await shown.edit(
            content=f"{prompt} {steps} {style.value if style else None} {size}",
            attachments=[picture_file("red", "a red square")],
            view=Grid(),
        )
        await shown.add_reaction("⭐")

    @imagine.autocomplete("prompt")
    async def complete(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{typed} fox", value=f"{typed} fox")]

    @bot.tree.context_menu(name="DM Results")
    async def send_results(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.user.send(f"from {message.id}")
        await interaction.followup.send("sent")

    @bot.tree.context_menu(name="Profile")
    async def profile(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(f"{member.display_name}", ephemeral=True)

    settings = app_commands.Group(
        name="settings",
        description="Settings",
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    @settings.command(description="Show them")
    async def show(interaction: discord.Interaction) -> None:
        managed = interaction.permissions.manage_guild
        words = f"managed {managed}, limit {interaction.filesize_limit}"
        await interaction.response.send_message(words, ephemeral=True)

    bot.tree.add_command(settings)
    return bot


async def test_a_command_becomes_a_picture_with_buttons(
    playground: Playground, ada: Member
) -> None:
    async with connected(make_bot(), playground.url) as bot:
        await ada.wait_for_command("imagine")
        upload = Upload("start.png", picture("red", SIZE_PX))
        asked = await ada.slash(
            "darkroom", "imagine", prompt="a fox", steps=7, style="Raw", start=upload
        )
        grid = await ada.wait_for(lambda m: m.id == asked.id and m.reactions["⭐"] == 1)
        assert grid.content == f"a fox 7 raw {len(upload.content)}"
        assert [button.label for button in grid.buttons] == ["U1", "", "Off"]
        assert grid.attachments[0].description == "a red square"
        assert (grid.attachments[0].width, grid.attachments[0].height) == (64, 64)
        assert await ada.download(grid.attachments[0]) == picture("red", SIZE_PX)
        contents = [version.content for version in ada.versions(grid)]
        assert contents[0] == "a fox (Waiting to start)"
        assert len(contents) == 4  # posted, preview, picture, reaction

        large = (await ada.press(grid, "U1")).message
        assert large.replies_to == grid.id
        assert await ada.download(large.attachments[0]) == picture("blue", SIZE_PX)
        assert bot.errors == []


async def test_modals_menus_and_context_menus(playground: Playground, ada: Member) -> None:
    async with connected(make_bot(), playground.url) as bot:
        await ada.wait_for_command("imagine")
        asked = await ada.slash("darkroom", "imagine", prompt="a fox")
        grid = await ada.wait_for(lambda m: m.id == asked.id and m.button("U1") and m.reactions)

        modal = (await ada.press(grid, "🔄")).modal
        assert [(field.label, field.value) for field in modal.fields] == [
            ("Prompt", "a fox"),
            ("Note", ""),
        ]
        changed = await ada.submit(modal, {"Prompt": "a wolf", "Note": "grey"})
        assert (changed.kind, changed.message.content) == ("update", "remixed a wolf (grey)")

        assert (await ada.choose(grid, "Large")).kind == "deferred_update"
        chosen = await ada.wait_for(lambda m: m.content == "chose Large")
        assert chosen.ephemeral

        answer = await ada.menu(grid, "DM Results")
        assert answer.kind == "deferred"
        assert answer.message.thinking
        sent = await ada.wait_for(lambda m: m.id == answer.message.id and m.content == "sent")
        assert sent.ephemeral
        assert [m.content for m in await ada.messages("dm")] == [f"from {grid.id}"]
        profile = await ada.menu_on_member("darkroom", "Ben", "Profile")
        assert profile.message.content == "Ben"

        with pytest.raises(Refused, match="disabled"):
            await ada.press(grid, "Off")
        assert bot.errors == []


async def test_autocomplete(playground: Playground, ada: Member) -> None:
    async with connected(make_bot(), playground.url):
        await ada.wait_for_command("imagine")
        found = await ada.autocomplete("darkroom", "imagine", "prompt", "red")
        assert [option.value for option in found] == ["red fox"]


async def test_what_discord_refuses_before_the_bot_hears_it(
    playground: Playground, ada: Member
) -> None:
    async with connected(make_bot(), playground.url), Member(playground.url, "you") as owner:
        await ada.wait_for_command("imagine")
        with pytest.raises(Refused, match="prompt"):
            await ada.slash("darkroom", "imagine")
        with pytest.raises(Refused, match="steps"):
            await ada.slash("darkroom", "imagine", prompt="a fox", steps=151)
        with pytest.raises(Refused, match="style"):
            await ada.slash("darkroom", "imagine", prompt="a fox", style="Cooked")
        with pytest.raises(Refused, match="no command"):
            await ada.slash("darkroom", "settings show")
        shown = await owner.slash("darkroom", "settings show")
        assert shown.content == f"managed True, limit {10 * 1024 * 1024}"
        with pytest.raises(Refused, match="no command"):
            await owner.slash("dm", "settings show")


async def test_an_ephemeral_answer_is_seen_by_one_member_only(
    playground: Playground, ada: Member
) -> None:
    async with connected(make_bot(), playground.url), Member(playground.url, "Ben") as ben:
        await ada.wait_for_command("imagine")
        private = (await ada.menu_on_member("darkroom", "Ben", "Profile")).message
        spoken = await ada.say("darkroom", "hello")
        await ben.wait_for(lambda m: m.id == spoken.id)
        assert [m.content for m in await ben.messages("darkroom")] == ["hello"]
        assert [m.content for m in await ada.messages("darkroom")] == ["Ben", "hello"]
        await ada.delete(private)
        assert [m.content for m in await ada.messages("darkroom")] == ["hello"]


async def test_a_reaction_reaches_the_bot(playground: Playground, ada: Member) -> None:
    async with connected(SmallBot(), playground.url) as bot:
        message = await ada.say("darkroom", "hello")
        await ada.react(message, "✉️")
        await bot.reacted.wait()
        assert bot.reactions == ["✉️"]


async def test_mentions_ping_only_whom_allowed_mentions_names(
    playground: Playground, ada: Member
) -> None:
    bot = SmallBot()

    @bot.tree.command(description="Ping")
    async def ping(interaction: discord.Interaction, allowed: bool) -> None:
        words = f"{interaction.user.mention} @everyone"
        mentions = discord.AllowedMentions(users=allowed, everyone=False)
        await interaction.response.send_message(words, allowed_mentions=mentions)

    async with connected(bot, playground.url):
        await ada.wait_for_command("ping")
        loud = await ada.slash("darkroom", "ping", allowed=True)
        quiet = await ada.slash("darkroom", "ping", allowed=False)
        assert (loud.mentions, loud.mentions_everyone) == ({"Ada"}, False)
        assert (quiet.mentions, quiet.mentions_everyone) == (frozenset(), False)


async def test_old_buttons_reach_a_bot_that_was_restarted(
    playground: Playground, ada: Member
) -> None:
    async with connected(make_bot(), playground.url):
        await ada.wait_for_command("imagine")
        asked = await ada.slash("darkroom", "imagine", prompt="a fox")
        grid = await ada.wait_for(lambda m: m.id == asked.id and m.button("U1") and m.reactions)
    await ada.wait_for_bot(online=False)
    with pytest.raises(NoAnswer, match="did not respond"):
        await ada.press(grid, "U1")
    second = make_bot()
    second.add_view(Persistent())
    async with connected(second, playground.url):
        await ada.wait_for_bot()
        assert (await ada.press(grid, "U1")).message.content == "still here"


class Persistent(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="U1", custom_id="u1")
    async def upscale(
        self, interaction: discord.Interaction, _: discord.ui.Button[Persistent]
    ) -> None:
        await interaction.response.send_message("still here")
