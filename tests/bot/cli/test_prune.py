"""`darkroom prune`: says what would go, deletes it only with `--yes`, and nothing else ever."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.__main__ import _parser
from bot.cli.prune import Prune, prune
from bot.config import Settings
from storage import jobs, members
from storage.database import Database, migrate
from storage.models import JobRow
from storage.pictures import PictureFolder, PictureStore, of_job
from tests.support.pictures import picture
from tests.support.stored_jobs import claim, queue

OLD_S = 40 * 86400


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, DARKROOM_DATA=tmp_path / "data")


def age(path: Path) -> Path:
    then = time.time() - OLD_S
    os.utime(path, (then, then))
    return path


async def old_job(settings: Settings, database: Database) -> str:
    await queue(database)
    job = await claim(database)
    folder = PictureStore(PictureFolder(settings.picture_folder))
    saved = await folder.save(job.id, 0, 7, picture("red"))
    await jobs.finish(database, job.id, [saved])
    age(settings.picture_folder / saved.file)
    then = datetime.now(UTC) - timedelta(seconds=OLD_S)
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == job.id).values(finished_at=then))
    return job.id


def files(settings: Settings) -> set[Path]:
    return {path for path in settings.picture_folder.rglob("*") if path.is_file()}


async def test_prune(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    await migrate(settings.database)
    async with Database(settings.database) as database:
        plain = await old_job(settings, database)
        loved = await old_job(settings, database)
        (favourite,) = await of_job(database, loved)
        await members.toggle_favourite(database, 1, "Ada", favourite.id)
        folder = PictureStore(PictureFolder(settings.picture_folder))
        orphan = age(
            settings.picture_folder / (await folder.save("f" * 32, 0, 7, picture("blue"))).file
        )
        half = age_of_new(settings.picture_folder / f".{'e' * 32}_0.png.unfinished")
        young = settings.picture_folder / (await folder.save("d" * 32, 0, 7, picture("blue"))).file
        unnamed = age(settings.picture_folder / "kept" / await folder.keep(picture("green")))
        foreign = age_of_new(settings.picture_folder / "notes.txt")
        before = files(settings)
        size = sum(path.stat().st_size for path in (orphan, half, unnamed))

        await prune(settings, Prune(None, keep_favourites=False, is_confirmed=False))
        said = capsys.readouterr().out
        assert "2 files of pictures that nothing names" in said
        assert "1 start pictures that nothing names" in said
        assert f"{size / 10**6:,.1f} MB would be freed" in said
        assert "Nothing was deleted" in said
        assert files(settings) == before

        await prune(settings, Prune(None, keep_favourites=False, is_confirmed=True))
        assert "freed." in capsys.readouterr().out
        assert files(settings) == before - {orphan, half, unnamed}

        older = Prune(timedelta(days=30), keep_favourites=True, is_confirmed=False)
        await prune(settings, older)
        assert "1 files of old pictures" in capsys.readouterr().out
        assert settings.picture_folder / favourite.file in files(settings)

        await prune(settings, Prune(timedelta(days=30), keep_favourites=True, is_confirmed=True))
        left = files(settings)
        assert left == {settings.picture_folder / favourite.file, young, foreign}
        (expired,) = await of_job(database, plain)
        assert expired.expired_at is not None
        assert (await of_job(database, loved))[0].expired_at is None


def age_of_new(path: Path) -> Path:
    path.write_bytes(b"x" * 1000)
    return age(path)


def test_the_command_line() -> None:
    options = _parser().parse_args(["prune", "--older-than", "30d", "--keep-favourites"])
    assert options.older_than == timedelta(days=30)
    assert options.keep_favourites
    assert not options.yes
    with pytest.raises(SystemExit):
        _parser().parse_args(["prune", "--older-than", "a month"])
