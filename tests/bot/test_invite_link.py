"""The link that adds the bot to a server: printed by a bot that is on Discord itself."""

import asyncio
import logging
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.client import DarkroomBot, point_at
from bot.config import Settings
from bot.engines.configuration import read_configuration
from bot.engines.connections import open_engines
from bot.invite import invite_link
from playground.testing.member import Member
from storage.database import Database
from storage.pictures import PictureFolder, PictureStore


def test_the_link_asks_for_what_the_bot_needs_and_no_more() -> None:
    link = urlsplit(invite_link(1234567890))
    assert (link.scheme, link.netloc, link.path) == ("https", "discord.com", "/oauth2/authorize")
    query = {name: value for name, (value,) in parse_qs(link.query).items()}
    assert query == {
        "client_id": "1234567890",
        "scope": "bot applications.commands",
        "permissions": "274878024704",
        "integration_type": "0",
    }
    granted = {name for name, on in discord.Permissions(int(query["permissions"])) if on}
    assert {name.replace("read_messages", "view_channel") for name in granted} == {
        "view_channel",
        "send_messages",
        "send_messages_in_threads",
        "embed_links",
        "attach_files",
        "read_message_history",
    }


@pytest.mark.parametrize("stands_in", [True, False], ids=["playground", "discord"])
async def test_it_is_printed_on_discord_and_not_in_the_playground(
    settings: Settings,
    database: Database,
    ada: Member,
    caplog: pytest.LogCaptureFixture,
    stands_in: bool,
) -> None:
    caplog.set_level(logging.INFO, "bot.client")
    assert settings.discord_url is not None
    point_at(settings.discord_url)
    # The playground stands where Discord would; without the setting, the bot takes it for Discord.
    known = settings if stands_in else settings.model_copy(update={"discord_url": None})
    folder = PictureStore(PictureFolder(settings.picture_folder))
    async with (
        open_engines(read_configuration(settings)) as engines,
        DarkroomBot(known, database, folder, engines) as bot,
    ):
        connection = asyncio.create_task(bot.start("playground"))
        await ada.wait_for_command("imagine")
        await bot.wait_until_ready()
        await bot.close()
        await connection
    assert bot.application_id is not None
    assert caplog.text.count(invite_link(bot.application_id)) == (0 if stands_in else 1)
    assert caplog.text.count("oauth2") == (0 if stands_in else 1)
