"""`darkroom imagine`: the file that it writes, and settings that it refuses."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.cli.errors import CannotStart, WrongSettings
from bot.cli.imagine import imagine
from bot.cli.run_bot import run_bot
from bot.config import Settings
from diffusion.protocol.infotext import PNG_KEY
from tests.support.bot.manifests import actions_of, manifest_in
from tests.support.pictures import opened, picture

PROMPT = "a fox --steps 2 --ar 1:1 --n 1"


async def test_what_it_draws_is_signed_and_has_its_recipe(
    settings: Settings, tmp_path: Path
) -> None:
    output, start = tmp_path / "fox.png", tmp_path / "start.png"
    await imagine(settings, PROMPT, output)
    manifest = manifest_in(output.read_bytes())
    assert actions_of(manifest) == ["c2pa.created"]
    assert "a fox" in opened(output.read_bytes()).info[PNG_KEY]
    start.write_bytes(picture("red", (64, 64)))
    await imagine(settings, PROMPT, output, [start])
    manifest = manifest_in(output.read_bytes())
    assert actions_of(manifest) == ["c2pa.opened", "c2pa.edited"]
    assert manifest["ingredients"][0]["title"] == "start picture"


@pytest.mark.parametrize(("name", "file_format"), [("fox.JPG", "JPEG"), ("fox.webp", "WEBP")])
async def test_a_file_is_what_its_name_says(
    name: str, file_format: str, settings: Settings, tmp_path: Path
) -> None:
    await imagine(settings, PROMPT, tmp_path / name)
    drawn = (tmp_path / name).read_bytes()
    assert opened(drawn).format == file_format
    assert actions_of(manifest_in(drawn)) == ["c2pa.created"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing/fox.png", "There is no folder"),
        ("", "is a folder"),
        ("fox.bmp", "must end in"),
    ],
)
async def test_a_file_that_cannot_be_written_is_refused_before_anything_is_drawn(
    name: str, said: str, settings: Settings, tmp_path: Path
) -> None:
    nowhere = settings.model_copy(update={"inference_url": "http://127.0.0.1:9"})
    with pytest.raises(CannotStart, match=said):
        await imagine(nowhere, PROMPT, tmp_path / name)


async def test_a_certificate_that_cannot_sign_stops_the_start(
    settings: Settings, tmp_path: Path
) -> None:
    missing = {"c2pa_certificate": tmp_path / "chain.pem", "c2pa_key": tmp_path / "key.pem"}
    wrong = settings.model_copy(update=missing)
    with pytest.raises(CannotStart, match=r"chain\.pem cannot be read"):
        await imagine(wrong, PROMPT, tmp_path / "fox.png")
    with pytest.raises(WrongSettings, match=r"chain\.pem cannot be read"):
        await run_bot(wrong)


@pytest.mark.parametrize("alone", ["DARKROOM_C2PA_CERTIFICATE", "DARKROOM_C2PA_KEY"])
def test_certificate_and_key_need_each_other(alone: str) -> None:
    with pytest.raises(ValidationError, match="set both or none"):
        Settings(_env_file=None, **{alone: Path("one.pem")})
