"""`/privacy`: everything about a member as a file, and everything about them deleted."""

import asyncio
import io
import json
import signal
import zipfile
from pathlib import Path

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from bot.delivery.end_publisher import MIN_ATTACHMENT_LIMIT_BYTES
from bot.services.privacy import export
from playground import Playground
from playground.testing.member import Member
from playground.testing.views import Message
from storage import drafts, jobs, members, unwanted_messages
from storage.database import Database
from storage.pictures import PictureFolder, PictureStore, of_job
from storage.privacy import erasure
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import LONG, card, drawn, finished, job_id_of, told, whoever
from tests.support.processes import RunningProcess

SECRET = "a heron over the salt marsh"


def found_in(folder: Path, words: str) -> list[Path]:
    """The files of the data folder whose bytes have these words."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file for file in files if words.encode() in file.read_bytes()]


async def deleted_all(member: Member) -> Message:
    asked = await member.slash("darkroom", "privacy delete")
    await member.press(asked, "Yes, delete everything")
    return await member.wait_for(
        lambda m: m.id == asked.id and "Everything about you is deleted" in card(m)
    )


async def test_delete_leaves_nothing_on_disk_and_nothing_on_discord(
    bot: DarkroomBot, settings: Settings, database: Database, ada: Member, ben: Member
) -> None:
    await ada.slash("darkroom", "prefer option set", option="mine", value=f"{SECRET} --ar 3:2")
    grid = await drawn(ada, f"{SECRET} --n 2")
    bens = await drawn(ben, "a boat")
    # Ben makes something of Ada's picture: it is his.
    varied = await finished(ben, (await ben.press(grid, "V1")).message)
    await drafts.keep(database, whoever(grid), {"prompts": [SECRET]})
    assert found_in(settings.data_folder, SECRET)
    asked = await ada.slash("darkroom", "privacy delete")
    assert asked.ephemeral
    assert "2 pictures" in card(asked)
    await ada.press(asked, "No, keep it")
    await ada.wait_for(lambda m: m.id == asked.id and "Nothing was deleted" in card(m))
    assert await jobs.get(database, job_id_of(grid)) is not None

    waiting = await ada.slash("darkroom", "imagine", prompt=f"{SECRET} {LONG}")
    await deleted_all(ada)
    for gone in (grid, waiting):
        assert await jobs.get(database, job_id_of(gone)) is None
        assert not list(settings.picture_folder.glob(f"*{job_id_of(gone)}*"))
        await ben.wait_until_deleted(gone)
    assert await members.get_options(database, whoever(grid)) == {}
    # Ben's jobs and their messages are still there; of Ada's prompt there is what he drew from.
    job = await jobs.get(database, job_id_of(varied))
    assert job is not None
    assert SECRET in job.prompt
    await deleted_all(ben)
    assert not found_in(settings.data_folder, SECRET)
    assert not list(settings.picture_folder.glob("*.png"))
    for gone in (bens, varied):
        await ada.wait_until_deleted(gone)
    while await unwanted_messages.first(database, 1):  # noqa: ASYNC110 - the bot's own time
        await asyncio.sleep(0.02)


async def test_a_follow_up_of_what_was_deleted_is_refused_and_of_its_children_works(
    bot: DarkroomBot, playground: Playground, ada: Member, ben: Member
) -> None:
    grid = await drawn(ada, "a fox --n 1")
    upscaled = await finished(ben, (await ben.press(grid, "U1")).message)
    enlarged = await finished(ben, (await ben.press(upscaled, "Upscale (Subtle)")).message)
    hold = playground.faults.hold("DELETE /channels/{channel_id}/messages/{message_id}")
    await deleted_all(ada)
    # The message is still there for a moment.
    answer = (await ben.press(grid, "V1")).message
    assert "is not in the database" in await told(ben, answer)
    hold.release()
    await ben.wait_until_deleted(grid)
    again = await finished(ben, (await ben.press(upscaled, "Vary (Strong)")).message)
    assert again.attachments
    assert (await ben.slash("darkroom", "show", id=job_id_of(enlarged))).content


async def test_a_deletion_that_was_killed_is_ended_by_the_next_start(
    deployment: Deployment,
    settings: Settings,
    database: Database,
    ada: Member,
    ben: Member,
) -> None:
    async with RunningProcess("-m", "bot", "bot", environment=deployment.environment()) as process:
        await ada.wait_for_command("imagine")
        grid = await drawn(ada, f"{SECRET} --n 1")
        other = await drawn(ada, f"{SECRET} --n 2")
        process.send(signal.SIGKILL)
        await process.wait()
    # As it was killed: asked for, and the first jobs erased, but their messages are not deleted.
    await erasure.ask(database, whoever(grid))
    await PictureStore(PictureFolder(settings.picture_folder)).remove_of_jobs({job_id_of(grid): 1})
    await erasure.erase_jobs(database, [job_id_of(grid)])
    assert found_in(settings.data_folder, SECRET)
    async with deployment.open():
        await ben.wait_until_deleted(grid)
        await ben.wait_until_deleted(other)
        while await erasure.asked(database):  # noqa: ASYNC110 - the bot's own time
            await asyncio.sleep(0.02)
    assert not found_in(settings.data_folder, SECRET)


async def files_of_export(member: Member, sent: list[Message]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for message in sent:
        content = await member.download(message.attachments[0])
        assert len(content) <= MIN_ATTACHMENT_LIMIT_BYTES
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            assert packed.testzip() is None
            files.update((name, packed.read(name)) for name in packed.namelist())
    return files


def zips(messages: list[Message]) -> list[Message]:
    return [m for m in messages if m.attachments and m.attachments[0].filename.endswith(".zip")]


async def test_export_sends_all_that_is_stored_and_only_once_an_hour(
    bot: DarkroomBot, settings: Settings, database: Database, ada: Member, ben: Member
) -> None:
    await ada.slash("darkroom", "prefer option set", option="mine", value=f"{SECRET} --ar 3:2")
    grid = await drawn(ada, f"{SECRET} --n 2")
    await drawn(ben, "a boat of Ben")
    (first, second) = await of_job(database, job_id_of(grid))
    (settings.picture_folder / second.file).unlink()
    answer = await ada.slash("darkroom", "privacy export")
    done = await ada.wait_for(lambda m: m.id == answer.id and m.embeds)
    assert done.ephemeral
    assert "direct message" in card(done)
    assert "One picture is left out" in card(done)
    files = await files_of_export(ada, zips(await ada.messages("dm")))
    (job,) = json.loads(files["jobs/00001.json"])
    assert SECRET in job["prompt"]
    assert job["request"]["noises"]
    assert "reply_token" not in job
    assert json.loads(files["options/00001.json"])[0]["name"] == "mine"
    assert json.loads(files["members/00001.json"])[0]["name"] == "ada"
    assert files[f"pictures/{first.file}"].startswith(b"\x89PNG")
    (left_out,) = json.loads(files["left out/00001.json"])
    assert left_out["file"] == f"pictures/{second.file}"
    assert "no longer on the disk" in left_out["why"]
    assert not any(b"of Ben" in content for content in files.values())
    assert "once an hour" in await told(ada, await ada.slash("darkroom", "privacy export"))


async def test_export_is_an_answer_to_who_takes_no_direct_messages(
    bot: DarkroomBot, playground: Playground, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drawn(ada, f"{SECRET} --n 2")

    playground.faults.fail("POST /users/@me/channels", status=403)
    # Each picture goes into a file of its own.
    monkeypatch.setattr(export, "MAX_FILE_BYTES", 24_000)
    monkeypatch.setattr(export, "MAX_FILES", 3)
    await ada.slash("darkroom", "privacy export")
    said = await ada.wait_for(lambda m: m.embeds and "You take no direct messages" in card(m))
    assert said.ephemeral
    sent = zips(await ada.messages("darkroom"))
    assert all(message.ephemeral for message in sent)
    files = await files_of_export(ada, sent)
    assert "jobs/00001.json" in files
    assert len(sent) > 1
    assert not zips(await ada.messages("dm"))
