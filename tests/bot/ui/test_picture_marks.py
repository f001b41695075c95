"""Every file that leaves the bot says that AI made it: read as members download it."""

import logging
from collections.abc import Mapping
from dataclasses import replace

import aiohttp
import pytest

from bot.client import DarkroomBot
from bot.images.provenance import MAX_MARK_BYTES
from diffusion.protocol.infotext import PNG_KEY
from diffusion.protocol.source_type import AI_SOURCE_TYPE, SOFTWARE
from playground import Playground
from playground.state.limits import Limits
from playground.testing.member import Member
from playground.testing.views import Message
from storage.database import Database
from storage.pictures import PictureFolder, PictureStore, at
from tests.support.bot.deployment import PATIENT, Deployment
from tests.support.bot.job_messages import (
    LONG,
    card,
    drawn,
    finished,
    job_id_of,
    request_of,
    written,
)
from tests.support.bot.manifests import actions_in, actions_of, manifest_in, manifests_in
from tests.support.pictures import opened

PROMPT = "a secret fox"


async def file_of(member: Member, message: Message) -> bytes:
    return await member.download(message.attachments[0])


def check(encoded: bytes) -> None:
    """All that says that AI made it is there, beside the manifest."""
    file = opened(encoded)
    assert AI_SOURCE_TYPE in str(file.info["xmp"])
    said = file.info if file.format == "PNG" else {"Software": file.getexif()[0x0131]}
    assert said["Software"] == SOFTWARE


def carries_recipe(encoded: bytes) -> bool:
    """Whether it has the recipe; if not, the prompt may be nowhere in the file."""
    has = PNG_KEY in opened(encoded).info
    assert has == (b"secret" in encoded)
    check(encoded)
    manifest_in(encoded)
    return has


async def test_a_grid_its_pictures_and_what_is_made_of_them_are_signed(
    bot: DarkroomBot, ada: Member, database: Database
) -> None:
    grid = await drawn(ada, PROMPT)
    encoded = await file_of(ada, grid)
    assert actions_in(encoded) == ["c2pa.created"]
    assert carries_recipe(encoded)
    request = await request_of(database, grid)
    manifest = manifest_in(encoded)
    (action,) = manifest["assertions"][0]["data"]["actions"]
    assert action["softwareAgent"]["model"] == request.model
    assert "secret" not in str(manifests_in(encoded))
    single = await finished(ada, (await ada.press(grid, "U2")).message)
    assert actions_in(await file_of(ada, single)) == ["c2pa.opened"]
    parents = {"V3": (grid, 2), "Zoom Out 2×": (single, 0)}
    for button, (parent, index) in parents.items():
        made = await finished(ada, (await ada.press(parent, button)).message)
        said = manifests_in(await file_of(ada, made))
        (ingredient,) = said["manifests"][said["active_manifest"]]["ingredients"]
        picture = await at(database, job_id_of(parent), index)
        assert picture is not None
        assert ingredient["title"] == picture.id
        assert ingredient["instance_id"] == f"urn:sha256:{picture.sha256}"
        assert actions_of(said["manifests"][said["active_manifest"]]) == [
            "c2pa.opened",
            "c2pa.edited",
        ]
        # The parent's file is there, so its own mark is inside.
        inside = said["manifests"][ingredient["active_manifest"]]
        assert actions_of(inside) == (["c2pa.created"] if parent is grid else ["c2pa.opened"])


async def test_copies_previews_and_cells_are_signed(
    bot: DarkroomBot, owner: Member, ada: Member
) -> None:
    await owner.slash("darkroom", "server settings", highlights="gallery")
    gallery = (await owner.say("gallery", "here")).channel_id
    await ada.slash("darkroom", "prefer auto_dm")
    running = await ada.slash("darkroom", "imagine", prompt=LONG)
    preview = await ada.wait_for(
        lambda m: m.id == running.id and m.attachments and "preview" in m.attachments[0].filename
    )
    grid = await finished(ada, running)
    letter = await ada.wait_for(lambda m: m.channel_id != grid.channel_id and m.attachments)
    await owner.react(grid, "⭐")
    highlight = await ada.wait_for(lambda m: m.channel_id == gallery and m.attachments)
    again = await ada.slash("darkroom", "show", id=job_id_of(grid))
    again = await ada.wait_for(lambda m: m.id == again.id and m.attachments)
    single = await finished(ada, (await ada.press(grid, "U1")).message)
    cells = (await ada.press(single, "Vary (Region)")).message
    listed = await ada.slash("darkroom", "history")
    for shown in (preview, letter, highlight, again, cells, listed):
        encoded = await file_of(ada, shown)
        check(encoded)
        assert actions_in(encoded)
    # “Web” comes with the first edit, and leads to the same file.
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(single.attachments[0].url) as answer,
    ):
        assert actions_in(await answer.read()) == ["c2pa.opened"]


class TestSmallAttachments:
    """Files that had to be made smaller."""

    @pytest.fixture
    def limits(self) -> Limits:
        return replace(PATIENT, attachment_size=60_000)

    async def test_a_jpeg_is_signed_and_fits(self, bot: DarkroomBot, ada: Member) -> None:
        grid = await drawn(ada, PROMPT)
        single = await finished(ada, (await ada.press(grid, "U1")).message)
        for shown, actions in ((grid, ["c2pa.created"]), (single, ["c2pa.opened"])):
            encoded = await file_of(ada, shown)
            assert opened(encoded).format == "JPEG"
            assert actions_in(encoded) == actions
            check(encoded)
            assert len(encoded) <= 60_000


async def test_the_file_on_the_disk_stays_as_it_was_made(
    bot: DarkroomBot, ada: Member, database: Database, deployment: Deployment
) -> None:
    grid = await drawn(ada, PROMPT)
    picture = await at(database, job_id_of(grid), 0)
    assert picture is not None
    stored = await PictureStore(PictureFolder(deployment.settings.picture_folder)).read(picture)
    check(stored)
    first, second = [
        await file_of(ada, (await finished(ada, (await ada.press(grid, button)).message)))
        for button in ("U1", "U2")
    ]
    assert first != second
    # Shown again it is signed again: other bytes, the same pixels.
    again = await ada.slash("darkroom", "show", id=job_id_of(grid))
    again = await ada.wait_for(lambda m: m.id == again.id and m.attachments)
    once, twice = await file_of(ada, grid), await file_of(ada, again)
    assert once != twice
    assert opened(once).tobytes() == opened(twice).tobytes()
    assert 0 < len(once) - len(unsigned(once)) <= MAX_MARK_BYTES


def unsigned(png: bytes) -> bytes:
    """The PNG without its manifest: the chunk caBX."""
    at = png.index(b"caBX") - 4
    return png[:at] + png[at + 12 + int.from_bytes(png[at : at + 4], "big") :]


@pytest.mark.parametrize(
    ("server", "member", "recipes"),
    [
        ({}, False, {"public": True, "stealth": False}),
        ({}, True, {"public": True, "stealth": True}),
        ({"pictures_carry": "mark"}, True, {"public": False, "stealth": False}),
    ],
    ids=["default", "a member wants more", "mark only"],
)
async def test_server_and_member_decide_about_the_recipe(
    bot: DarkroomBot,
    owner: Member,
    ada: Member,
    server: Mapping[str, str],
    member: bool,
    recipes: Mapping[str, bool],
) -> None:
    shown = card(await owner.slash("darkroom", "server settings", **server))
    assert ("and nothing else" in shown) == bool(server)
    panel = written(await ada.slash("darkroom", "settings"))
    assert "**Recipe in files of stealth jobs:** no" in panel
    if member:
        await ada.slash("darkroom", "prefer stealth_recipe")
        panel = written(await ada.slash("darkroom", "settings"))
        assert "**Recipe in files of stealth jobs:** yes" in panel
    for visibility, expected in recipes.items():
        grid = await drawn(ada, f"{PROMPT} --{visibility}")
        assert carries_recipe(await file_of(ada, grid)) is expected


async def test_a_button_on_an_old_message_obeys_what_holds_now(
    deployment: Deployment, owner: Member, ada: Member, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "bot.images.credentials")
    async with deployment.open():
        await ada.wait_for_command("imagine")
        grid = await drawn(ada, PROMPT)
        before = await file_of(ada, grid)
        assert carries_recipe(before)
        await owner.slash("darkroom", "server settings", pictures_carry="mark")
    async with deployment.open():
        await ada.wait_for_bot()
        single = await finished(ada, (await ada.press(grid, "U1")).message)
        after = await file_of(ada, single)
        assert not carries_recipe(after)
    # The key is the one of the first start, which alone warned.
    assert manifest_in(before)["signature_info"] == manifest_in(after)["signature_info"]
    assert caplog.text.count("self-made key") == 1


async def test_help_and_the_first_message_say_that_ai_makes_the_pictures(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    words = "All pictures here are made by AI."
    assert words in card(await ada.slash("darkroom", "help"))
    playground.faults.add_bot_again()
    greeting = await ada.wait_for(lambda m: words in m.content)
    assert "/imagine" in greeting.content
    # Once for ever; the answer to a command comes after what a second greeting would be.
    playground.faults.add_bot_again()
    await drawn(ada, "a fox")
    assert [m.id for m in await ada.messages("darkroom") if words in m.content] == [greeting.id]


async def test_where_the_bot_may_not_write_it_greets_nobody(
    bot: DarkroomBot, playground: Playground, ada: Member
) -> None:
    playground.faults.deny("darkroom")
    playground.faults.add_bot_again()
    await drawn(ada, "a fox", "gallery")
    assert not [m for m in await ada.messages("darkroom") if "AI" in m.content]
