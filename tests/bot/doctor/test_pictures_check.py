"""The doctor's look at the object store: what a bot does there is tried out."""

import uuid
from pathlib import Path

import pytest

from bot.config import Settings
from bot.doctor.check import Installation
from bot.doctor.checks.pictures import PicturesCheck
from bot.doctor.discord_login import DiscordLogin
from bot.doctor.examination import examine
from bot.doctor.findings import Finding, Level
from tests.support.object_store import (
    BUCKET,
    READER,
    Request,
    bucket_at,
    faulty_connections,
    use,
)
from tests.support.object_store import s3_server as s3_server


async def examined(tmp_path: Path, pictures: str | None) -> tuple[Finding, ...]:
    settings = Settings(_env_file=None, DARKROOM_DATA=tmp_path, DARKROOM_PICTURES=pictures)
    return await examine(Installation(settings, DiscordLogin(None)), [PicturesCheck()])


def said(findings: tuple[Finding, ...]) -> list[tuple[Level, str]]:
    return [(one.level, one.text.key.partition(".")[2]) for one in findings]


async def test_of_a_folder_it_says_nothing(tmp_path: Path) -> None:
    assert await examined(tmp_path, None) == ()
    assert await examined(tmp_path, str(tmp_path / "elsewhere")) == ()


async def test_a_store_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "http://127.0.0.1:1")
    findings = await examined(tmp_path, "s3://pictures/x")
    assert said(findings) == [(Level.PROBLEM, "not-written")]
    assert findings[0].remedy is not None
    assert "s3://pictures/x" in findings[0].detail
    assert "secret" not in findings[0].detail


async def test_keys_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    assert said(await examined(tmp_path, "az://container")) == [(Level.PROBLEM, "not-written")]


@pytest.mark.objects
@pytest.mark.parametrize(
    ("refused", "expected"),
    [("GET", "not-read"), ("LIST", "not-listed"), ("POST", "not-deleted"), ("", "there")],
)
async def test_each_right_is_tried(
    tmp_path: Path,
    s3_server: str,
    monkeypatch: pytest.MonkeyPatch,
    refused: str,
    expected: str,
) -> None:
    prefix = uuid.uuid4().hex

    def fault(request: Request) -> str:
        what = "LIST" if "list-type" in request.path else request.method
        return "403" if what == refused else "pass"

    async with faulty_connections(s3_server) as connections:
        connections.fault = fault
        use(monkeypatch, connections.url)
        level = Level.OK if expected == "there" else Level.PROBLEM
        assert said(await examined(tmp_path, f"s3://{BUCKET}/{prefix}")) == [(level, expected)]
    use(monkeypatch, s3_server)
    left = [one async for files in bucket_at(prefix).all() for one in files]
    assert len(left) == (expected == "not-deleted")


@pytest.mark.objects
async def test_who_may_only_read(
    tmp_path: Path, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, s3_server, READER)
    findings = await examined(tmp_path, f"s3://{BUCKET}/x")
    assert said(findings) == [(Level.PROBLEM, "not-written")]
    assert "denies access" in findings[0].detail
