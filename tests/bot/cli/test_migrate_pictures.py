"""`darkroom migrate-pictures`: there and back, cut off or not, and nothing is lost on the way."""

import os
import time
import uuid
from pathlib import Path

import pytest

from bot.__main__ import _parser
from bot.cli.errors import CannotStart
from bot.cli.migrate_pictures import PictureMigration, migrate_pictures
from bot.config import Settings
from bot.picture_store import open_pictures
from storage import jobs
from storage.database import Database, migrate
from storage.picture_place import PicturePlace
from storage.pictures import PictureFolder, PictureStore, of_job
from storage.pictures.copying import PictureCopy, SamePlace
from storage.privacy import erasure
from tests.support.object_store import BUCKET, use
from tests.support.object_store import s3_server as s3_server
from tests.support.pictures import picture
from tests.support.stored_jobs import claim, queue

COLOURS = ("red", "green", "blue")
ERASED = "e" * 32


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, DARKROOM_DATA=tmp_path / "data")


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.objects)])
def target(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> PicturePlace:
    if request.param == "folder":
        return PicturePlace.read(str(tmp_path / "new"))
    use(monkeypatch, request.getfixturevalue("s3_server"))
    return PicturePlace.read(f"s3://{BUCKET}/{uuid.uuid4().hex}")


async def drawn(database: Database, pictures: PictureStore) -> str:
    """A finished job of three pictures."""
    await queue(database)
    job = await claim(database)
    saved = await pictures.save_all(job.id, [(7, picture(colour)) for colour in COLOURS])
    await jobs.finish(database, job.id, saved)
    return job.id


async def readable(database: Database, job_id: str, pictures: PictureStore) -> list[bytes]:
    return [await pictures.read(one) for one in await of_job(database, job_id)]


def is_there(settings: Settings) -> set[str]:
    root = settings.picture_folder
    return {str(one.relative_to(root)) for one in root.rglob("*") if one.is_file()}


def moved(
    target: PicturePlace, source: PicturePlace | None = None, *, delete: bool = False
) -> PictureMigration:
    return PictureMigration(target, source, is_deleting=delete)


async def test_pictures_go_there_and_back_and_their_rows_hold(
    settings: Settings, target: PicturePlace, capsys: pytest.CaptureFixture[str]
) -> None:
    await migrate(settings.database)
    here = settings.picture_place
    old, new = open_pictures(settings), open_pictures(settings, target)
    async with Database(settings.database) as database:
        job_id = await drawn(database, old)
        first, *_ = await of_job(database, job_id)
        kept = await old.keep(picture("green"))
        orphan = (await old.save(ERASED, 0, 7, picture("blue"))).file
        before = is_there(settings)
        # A store's times are whole seconds: what was drawn in this one would be copied again.
        earlier = time.time() - 60
        for name in before:
            os.utime(settings.picture_folder / name, (earlier, earlier))

        await migrate_pictures(settings, moved(target))
        said = capsys.readouterr().out
        assert "4 copied" in said
        # What to type next, in full.
        assert f"`darkroom migrate-pictures --from {here} --to {target}`" in said
        assert "1 that nothing names" in said
        assert "Nothing was deleted." in said
        assert is_there(settings) == before
        assert await readable(database, job_id, new) == [picture(colour) for colour in COLOURS]
        assert await new.kept(kept) == picture("green")
        assert await new.files.get(orphan) is None

        # Again, it copies only what is not there: a new job, and what was drawn again since.
        second = await drawn(database, old)
        later = time.time() + 60
        os.utime(settings.picture_folder / first.file, (later, later))
        await migrate_pictures(settings, moved(target))
        assert "4 copied" in capsys.readouterr().out
        assert await readable(database, second, new) == [picture(colour) for colour in COLOURS]

        # While the bot uses the old place, nothing is deleted there.
        with pytest.raises(CannotStart, match="DARKROOM_PICTURES still names"):
            await migrate_pictures(settings, moved(target, delete=True))
        assert is_there(settings) == {
            *before,
            *(one.file for one in await of_job(database, second)),
        }

        os.utime(settings.picture_folder / first.file)
        os.utime(settings.picture_folder / orphan, (0, 0))
        switched = settings.model_copy(update={"pictures": str(target)})
        await migrate_pictures(switched, moved(target, here, delete=True))
        assert is_there(settings) == set()

        # And back.
        await migrate_pictures(switched, moved(here))
        assert "7 copied" in capsys.readouterr().out
        assert await readable(database, job_id, old) == [picture(colour) for colour in COLOURS]
        assert await old.kept(kept) == picture("green")


async def test_what_is_damaged_stays_where_it_is(
    settings: Settings, target: PicturePlace, capsys: pytest.CaptureFixture[str]
) -> None:
    await migrate(settings.database)
    here, pictures = settings.picture_place, open_pictures(settings)
    async with Database(settings.database) as database:
        first, second, _ = await of_job(database, await drawn(database, pictures))
        (settings.picture_folder / first.file).write_bytes(b"bit rot")
        # What lies in the new place already, and is not what it should be, is replaced.
        new = open_pictures(settings, target)
        await new.files.put({second.file: bytes(second.bytes_size)})
        switched = settings.model_copy(update={"pictures": str(target)})
        await migrate_pictures(switched, moved(target, here, delete=True))
        said = capsys.readouterr().out
        assert "2 copied" in said
        assert "1 damaged" in said
        assert "drawn again" in said
        assert is_there(settings) == {first.file}
        assert await new.read(second) == picture("green")
        assert await new.files.get(first.file) is None


async def test_a_copy_that_is_cut_off_goes_on_where_it_was(
    settings: Settings,
    target: PicturePlace,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await migrate(settings.database)
    get, read = PictureFolder.get, []

    async def failing(folder: PictureFolder, name: str) -> bytes | None:
        if len(read) == 2:
            raise OSError("the disk is gone")
        read.append(name)
        return await get(folder, name)

    async with Database(settings.database) as database:
        job_id = await drawn(database, open_pictures(settings))
        with monkeypatch.context() as patch:
            patch.setattr(PictureFolder, "get", failing)
            patch.setattr("storage.pictures.copying.MAX_COPIED_AT_ONCE", 1)
            with pytest.raises(OSError, match="the disk is gone"):
                await migrate_pictures(settings, moved(target))
        await migrate_pictures(settings, moved(target))
        assert "there already" in capsys.readouterr().out
        assert len(await readable(database, job_id, open_pictures(settings, target))) == 3


async def test_of_what_is_erased_meanwhile_nothing_comes_back(
    settings: Settings, target: PicturePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(settings.database)
    pictures, new = open_pictures(settings), open_pictures(settings, target)
    async with Database(settings.database) as database:
        job_id = await drawn(database, pictures)
        names = [one.file for one in await of_job(database, job_id)]
        get = PictureFolder.get

        async def erasing(folder: PictureFolder, name: str) -> bytes | None:
            content = await get(folder, name)
            await erasure.erase_jobs(database, [job_id])
            return content

        monkeypatch.setattr(PictureFolder, "get", erasing)
        await migrate_pictures(settings, moved(target))
        assert await new.files.look(names) == {}


async def test_the_same_place_is_refused(settings: Settings) -> None:
    same = PicturePlace.read(f"{settings.data_folder}/../data/pictures/")
    with pytest.raises(CannotStart, match="already"):
        await migrate_pictures(settings, moved(same))


async def test_one_place_by_two_names_loses_nothing(settings: Settings) -> None:
    await migrate(settings.database)
    pictures = open_pictures(settings)
    async with Database(settings.database) as database:
        job_id = await drawn(database, pictures)
        before = is_there(settings)
        other_name = PictureFolder(settings.picture_folder)
        copy = PictureCopy(
            database, pictures.files, other_name, delete=True, min_age_s=0, tell=lambda _: None
        )
        with pytest.raises(SamePlace):
            await copy.run()
        assert len(await readable(database, job_id, pictures)) == len(COLOURS)
    assert is_there(settings) == before


@pytest.mark.parametrize(
    "wrong",
    [
        "https://host/bucket",
        "s3://",
        "s3:///prefix",
        "s3://key:secret@bucket/x",
        "s3://bucket:9000/x",
        "s3://bucket/x?versionId=1",
        "file:///tmp",
        "S4://bucket",
        "s3://bucket/a/../b",
        "s3://bucket/./a",
    ],
)
def test_a_place_that_is_none_is_refused(
    wrong: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit):
        _parser().parse_args(["migrate-pictures", "--to", wrong])
    assert "s3://bucket/prefix" in capsys.readouterr().err
    with pytest.raises(ValueError, match="s3://bucket/prefix"):
        Settings(_env_file=None, DARKROOM_PICTURES=wrong)


@pytest.mark.parametrize(
    ("typed", "folder", "bucket"),
    [
        ("elsewhere/pictures", Path("elsewhere/pictures"), None),
        ("/mnt/pictures", Path("/mnt/pictures"), None),
        ("s3://bucket", None, "s3://bucket"),
        ("gs://bucket/a/b/", None, "gs://bucket/a/b"),
        ("GS://bucket//a///b", None, "gs://bucket/a/b"),
        ("az://container/a", None, "az://container/a"),
    ],
)
def test_the_command_line(typed: str, folder: Path | None, bucket: str | None) -> None:
    options = _parser().parse_args(["migrate-pictures", "--to", typed, "--delete"])
    assert (options.to, options.source) == (PicturePlace(folder, bucket), None)
    assert options.delete
    settings = Settings(_env_file=None, DARKROOM_PICTURES=typed)
    assert settings.picture_place == options.to
    assert settings.picture_folder == (folder or settings.data_folder / "pictures")


def test_a_folder_elsewhere_counts_beside_the_data_folder(tmp_path: Path) -> None:
    def folders(pictures: str | None) -> tuple[Path, ...]:
        return Settings(_env_file=None, DARKROOM_DATA=tmp_path, DARKROOM_PICTURES=pictures).folders

    assert folders(None) == folders("s3://b") == folders(f"{tmp_path}/own") == (tmp_path,)
    assert folders("/mnt/pictures") == (tmp_path, Path("/mnt/pictures"))
