"""What the bot keeps is its owner's alone: folders 0700, files 0600, old ones and new ones."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Settings
from playground import Playground
from playground.testing.member import Member
from storage.database import migrate
from storage.permissions import close_files, close_folder
from tests.support.bot.job_messages import finished, labels
from tests.support.processes import RunningProcess


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """That of most systems, with which everybody may read what is written."""
    umask = os.umask(0o022)
    yield
    os.umask(umask)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_to_others(folder: Path) -> dict[str, str]:
    """What in the folder, itself included, is not its owner's alone."""
    return {
        str(path.relative_to(folder)): oct(mode(path))
        for path in [folder, *folder.rglob("*")]
        if mode(path) != (0o700 if path.is_dir() else 0o600)
    }


async def test_old_files_are_closed_at_the_start_and_new_ones_are_born_closed(
    tmp_path: Path, playground: Playground, ada: Member, inference_url: str
) -> None:
    # As an older version left it.
    data = tmp_path / "data"
    (data / "pictures" / "kept").mkdir(parents=True)
    for name in ("models.json", "pictures/old.png", "pictures/kept/old"):
        (data / name).write_text("[]")
    await migrate(f"sqlite:///{data}/darkroom.db")
    assert mode(data / "darkroom.db") == 0o644
    strange = data / "not-ours.sh"
    strange.touch(0o755)

    environment = {
        "DARKROOM_DATA": str(data),
        "DATABASE_URL": "",
        "DISCORD_TOKEN": "playground",
        "DISCORD_URL": playground.url,
        "INFERENCE_URL": inference_url,
    }
    async with RunningProcess("-m", "bot", "bot", environment=environment) as bot:
        await ada.wait_for_command("imagine")
        grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
        assert "U1" in labels(grid)
        assert mode(strange) == 0o755
        strange.unlink()
        assert len(list((data / "pictures").glob("*.png"))) > 1
        assert {path.name for path in data.glob("darkroom.db*")} > {"darkroom.db"}  # -wal, -shm
        assert open_to_others(data) == {}
        bot.send(signal.SIGTERM)
        assert await bot.wait() == 0
    assert open_to_others(data) == {}


async def test_a_database_made_by_its_command_alone_is_closed_too(tmp_path: Path) -> None:
    data = tmp_path / "data"
    environment = {"DARKROOM_DATA": str(data), "DATABASE_URL": ""}
    async with RunningProcess("-m", "bot", "migrate", environment=environment) as command:
        assert await command.wait() == 0
    assert (data / "darkroom.db").exists()
    assert open_to_others(data) == {}


def test_a_folder_that_is_everybodys_stays_so(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    close_folder(shared)
    assert mode(shared) == 0o1777


def test_links_are_not_followed_and_what_is_missing_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch(0o644)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "elsewhere")
    close_files(inside, tmp_path / "missing")
    assert mode(inside) == 0o700
    assert mode(tmp_path / "elsewhere") == 0o644


def test_every_file_that_the_settings_name_is_in_the_closed_folder(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, DARKROOM_DATA=tmp_path)
    for file in (settings.models_file, settings.picture_folder):
        assert file.is_relative_to(settings.data_folder)
