"""`/server doctor` through the real client: what admins see, and what only the operator may."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from discord import app_commands
from pydantic import SecretStr

from bot.client import DarkroomBot
from bot.config import Settings
from bot.doctor import examination
from bot.doctor.checks import disk, engines
from bot.invite import invite_link
from playground import Playground
from playground.testing.member import Member
from playground.testing.views import Message
from storage.database import Database
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import card, told


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ENGINE_TIMEOUT_S", 60)
    monkeypatch.setattr(examination, "CHECK_TIMEOUT_S", 120)
    # However full the disk of the machine is that runs the tests.
    monkeypatch.setattr(disk, "WARN_FREE_BYTES", 0)


async def examined(member: Member, answer: Message) -> str:
    """What the answer says once it is there: the examination may take a while."""
    shown = await member.wait_for(lambda m: m.id == answer.id and bool(m.embeds))
    assert shown.ephemeral
    return card(shown).replace("\\", "")  # Markdown escapes some characters


async def test_an_admin_sees_where_the_bot_can_draw_and_looks_again(
    bot: DarkroomBot, owner: Member, playground: Playground
) -> None:
    answer = await owner.slash("darkroom", "server doctor")
    text = await examined(owner, answer)
    assert "Doctor: 1 warning" in text
    assert "can draw in 2 of 3 channels" in text
    assert "cannot draw in #no-entry. Missing there: Send Messages" in text
    assert "Engine 1 answers. Kind: Darkroom. Models: tiny." in text
    shown = await owner.wait_for(lambda m: m.id == answer.id and bool(m.buttons))
    assert bot.application_id is not None
    assert invite_link(bot.application_id) in [button.url for button in shown.buttons]
    playground.faults.allow("no-entry")
    pressed = (await owner.press(shown, "Check again")).message
    again = await owner.wait_for(lambda m: m.id == pressed.id and "All is well" in card(m))
    assert "can draw in 3 of 3 channels" in card(again)


async def test_highlights_that_cannot_be_posted(
    bot: DarkroomBot, owner: Member, playground: Playground, database: Database
) -> None:
    await owner.slash("darkroom", "server settings", highlights="gallery")
    playground.faults.deny("gallery")
    text = await examined(owner, await owner.slash("darkroom", "server doctor"))
    assert "cannot post in the channel for highlights" in text
    assert "/server settings highlights" in text


async def test_a_rule_that_says_review_needs_a_review_channel(
    bot: DarkroomBot, owner: Member
) -> None:
    text = await examined(owner, await owner.slash("darkroom", "server doctor"))
    assert "Wherever a rule says review" in text.replace("`", "")
    assert "Pictures are not checked" in text
    await owner.slash("darkroom", "server filter", action="review")
    text = await examined(owner, await owner.slash("darkroom", "server doctor"))
    assert "the server has no review channel" in text
    assert "/server review channel" in text
    await owner.slash("darkroom", "server review", channel="gallery")
    text = await examined(owner, await owner.slash("darkroom", "server doctor"))
    assert "the server has no review channel" not in text


async def test_the_clock_is_seen_in_the_command_itself(
    bot: DarkroomBot, owner: Member, playground: Playground
) -> None:
    playground.faults.skew_clock(-400)
    text = await examined(owner, await owner.slash("darkroom", "server doctor"))
    assert "seconds ahead of Discord's" in text


async def test_only_who_may_manage_the_server_is_answered(
    bot: DarkroomBot, ada: Member, owner: Member
) -> None:
    group = bot.tree.get_command("server")
    assert isinstance(group, app_commands.Group)
    group.default_permissions = None
    await bot.tree.sync()
    await ada.wait_for_command("server")
    before = len(bot.services.doctor._here)
    assert "Manage Server" in await told(ada, await ada.slash("darkroom", "server doctor"))
    assert len(bot.services.doctor._here) == before


async def test_it_cannot_be_asked_for_again_and_again(bot: DarkroomBot, owner: Member) -> None:
    bot.services.rate_limiter._clock = lambda: 0.0  # nothing is given back meanwhile
    for _ in range(3):
        await examined(owner, await owner.slash("darkroom", "server doctor"))
    assert "Too fast" in await told(owner, await owner.slash("darkroom", "server doctor"))


async def test_a_server_is_examined_once_at_a_time(
    bot: DarkroomBot, owner: Member, playground: Playground
) -> None:
    hold = playground.faults.hold("GET /guilds/{guild_id}")
    first = asyncio.create_task(owner.slash("darkroom", "server doctor"))
    await hold.waiting.wait()
    assert "Too fast" in await told(owner, await owner.slash("darkroom", "server doctor"))
    hold.release()
    assert "can draw in" in await examined(owner, await first)


async def test_nothing_of_the_operators_is_shown(
    settings: Settings,
    database: Database,
    playground: Playground,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With all that can be broken while the bot runs, in English and in German."""
    certificate = tmp_path / "secret-certificate.pem"
    broken = settings.model_copy(
        update={"inference_url": "http://secret-user:secret-key@127.0.0.1:9"}
    )
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 1 << 62)
    monkeypatch.setattr(disk, "WARN_FREE_BYTES", 1 << 62)
    async with Deployment(broken, database).open() as bot:
        bot.services.doctor._settings = broken.model_copy(
            update={
                "c2pa_certificate": certificate,
                "c2pa_key": certificate,
                "database_url": SecretStr(
                    "postgresql://secret-user:secret-key@127.0.0.1:9/secrets"
                ),
            }
        )
        for locale, words in (
            ("en-US", ("Engine 1 does not answer", "The disk is full", "The database cannot be")),
            ("de", ("Engine 1 antwortet nicht", "Die Platte ist voll", "Datenbank ist nicht zu")),
        ):
            async with Member(playground.url, "you", timeout=120, locale=locale) as owner:
                await owner.wait_for_command("server")
                text = await examined(owner, await owner.slash("darkroom", "server doctor"))
            assert all(each in text for each in words), text
            assert "darkroom doctor" in text, "the operator can find out more"
            for secret in ("secret", "127.0.0.1", str(tmp_path), urlsplit(playground.url).netloc):
                assert secret not in text
