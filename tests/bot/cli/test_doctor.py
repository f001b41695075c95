"""`darkroom doctor` against the playground, a real engine and real databases, whole and broken."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.cli.doctor import doctor
from bot.client import DarkroomBot
from bot.config import Settings
from bot.doctor import examination
from bot.doctor.checks import disk, engines
from bot.invite import invite_link
from playground import Playground
from playground.state.people import Permission
from storage.database import Database, migrate
from tests.support.processes import ROOT, RunningProcess

ROUTE_OF_COMMANDS = "GET /applications/{application_id}/guilds/{guild_id}/commands"
GUILD_MEMBERS = 1 << 14
"""Discord's flag of an application that was granted the privileged intent for members."""


@dataclass(frozen=True, slots=True)
class Report:
    status: int
    findings: list[dict[str, Any]]
    printed: str

    def of(self, check: str) -> list[dict[str, Any]]:
        return [finding for finding in self.findings if finding["check"] == check]

    def levels(self, check: str) -> list[str]:
        return [finding["level"] for finding in self.of(check)]

    def bad(self) -> list[dict[str, Any]]:
        return [finding for finding in self.findings if finding["level"] != "ok"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where a developer's own `.env` may lie."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _unhurried_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ENGINE_TIMEOUT_S", 60)
    monkeypatch.setattr(examination, "CHECK_TIMEOUT_S", 120)


async def examined(settings: Settings, capsys: pytest.CaptureFixture[str], **how: bool) -> Report:
    capsys.readouterr()
    status = await doctor(settings, as_json=True, **how)
    printed = capsys.readouterr().out
    return Report(status, json.loads(printed)["findings"], printed)


@pytest.fixture
def spacious(monkeypatch: pytest.MonkeyPatch) -> None:
    """However full the disk of the machine is that runs the tests."""
    monkeypatch.setattr(disk, "WARN_FREE_BYTES", 0)
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 0)


async def test_all_is_well(
    settings: Settings,
    database: Database,
    playground: Playground,
    spacious: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is changed by looking, and there is one warning: a channel that is closed to bots."""
    settings.data_folder.chmod(0o700)
    for file in settings.data_folder.iterdir():
        file.chmod(0o600)
    before = {file.name for file in settings.data_folder.iterdir()}
    report = await examined(settings, capsys)
    assert report.status == 0
    (warning,) = report.bad()
    assert warning["level"] == "warning"
    assert "cannot draw in #no-entry. Missing there: Send Messages" in warning["text"]
    assert "Permissions" in warning["remedy"]
    (token,) = report.of("token")
    assert token["text"] == "The stand-in for Discord answers. The bot is Darkroom#0000."
    assert report.of("channels")[0]["text"] == (
        "On “Darkroom Playground” the bot can draw in 2 of 3 channels."
    )
    (engine,) = report.of("engines")
    assert "Kind: Darkroom. Models: tiny. Running: 0, waiting: 0." in engine["text"]
    (clock,) = report.of("clock")
    assert clock["text"] == "The clock agrees with Discord's."
    (schema,) = report.of("database")
    assert "schema 0" in schema["detail"]
    assert (await examined(settings, capsys, strict=True)).status == 1
    # Write-ahead logging makes two files of its own while the database is open.
    after = {file.name for file in settings.data_folder.iterdir()}
    assert {name for name in after ^ before if not name.endswith(("-wal", "-shm"))} == set()


async def test_it_works_while_the_bot_runs(
    settings: Settings,
    bot: DarkroomBot,
    spacious: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = await examined(settings, capsys)
    assert report.status == 0, report.printed
    assert "self-made key until" in report.of("signature")[0]["text"]
    assert not bot.is_closed()


async def test_without_a_token_it_says_where_to_get_one(
    settings: Settings, database: Database, spacious: None, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await examined(settings.model_copy(update={"discord_token": None}), capsys)
    (token,) = report.of("token")
    assert token["level"] == "warning"
    assert "DISCORD_TOKEN=…" in token["remedy"]
    assert not [*report.of("channels"), *report.of("intents"), *report.of("clock")]
    assert report.status == 0
    assert report.of("engines")
    assert report.of("database")


async def test_a_wrong_token_is_a_problem_and_is_never_printed(
    settings: Settings, playground: Playground, capsys: pytest.CaptureFixture[str]
) -> None:
    playground.faults.fail("GET /users/@me", times=10, status=401)
    secret = settings.model_copy(update={"discord_token": SecretStr("MTk4.very.secret")})
    report = await examined(secret, capsys)
    (token,) = report.of("token")
    assert (token["level"], report.status) == ("problem", 1)
    assert "Reset Token" in token["remedy"]
    assert "MTk4" not in report.printed
    await doctor(secret)
    assert "MTk4" not in capsys.readouterr().out


async def test_discord_may_be_away(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    away = settings.model_copy(update={"discord_url": f"http://127.0.0.1:{port}"})
    report = await examined(away, capsys)
    (token,) = report.of("token")
    assert (token["level"], token["text"]) == ("problem", "Discord cannot be reached.")
    assert report.status == 1


@pytest.mark.parametrize(
    ("taken", "level", "words"),
    [
        (Permission.ATTACH_FILES, "warning", "cannot draw in #gallery. Missing there: Attach File"),
        (Permission.EMBED_LINKS, "warning", "cannot draw in #gallery. Missing there: Embed Links"),
        (Permission.READ_MESSAGE_HISTORY, "warning", "can draw in #gallery, but threads or react"),
        (Permission.SEND_MESSAGES_IN_THREADS, "warning", "Missing there: Send Messages in Threads"),
        (Permission.VIEW_CHANNEL, "ok", "in 1 of 3 channels. It does not see 1 channel."),
    ],
)
async def test_a_permission_was_taken_in_a_channel(
    settings: Settings,
    playground: Playground,
    capsys: pytest.CaptureFixture[str],
    taken: Permission,
    level: str,
    words: str,
) -> None:
    playground.faults.deny("gallery", taken)
    found = (await examined(settings, capsys)).of("channels")
    (about,) = [finding for finding in found if words in finding["text"]]
    assert about["level"] == level


async def test_no_channel_is_left(
    settings: Settings, playground: Playground, capsys: pytest.CaptureFixture[str]
) -> None:
    for channel in ("darkroom", "gallery"):
        playground.faults.deny(channel)
    report = await examined(settings, capsys)
    assert "problem" in report.levels("channels")
    assert report.status == 1
    problem = next(one for one in report.of("channels") if one["level"] == "problem")
    assert "the bot can draw in no channel" in problem["text"]


async def test_a_bot_that_was_added_without_its_commands_gets_the_link(
    settings: Settings, playground: Playground, capsys: pytest.CaptureFixture[str]
) -> None:
    playground.faults.fail(ROUTE_OF_COMMANDS, status=403)
    report = await examined(settings, capsys)
    problem = next(one for one in report.of("channels") if one["level"] == "problem")
    assert "may not add slash commands" in problem["text"]
    application_id = int(problem["detail"].split("client_id=")[1].split("&")[0])
    assert problem["detail"] == invite_link(application_id)


async def test_intents_that_nobody_needs(
    settings: Settings, playground: Playground, capsys: pytest.CaptureFixture[str]
) -> None:
    playground.faults.grant_flags(GUILD_MEMBERS)
    (intents,) = (await examined(settings, capsys)).of("intents")
    assert intents["level"] == "warning"
    assert "does not need: Server Members Intent" in intents["text"]


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [(-60, "warning", "60 seconds ahead of"), (600, "problem", "600 seconds behind")],
)
async def test_the_clock_is_wrong(
    settings: Settings,
    playground: Playground,
    capsys: pytest.CaptureFixture[str],
    seconds: int,
    level: str,
    words: str,
) -> None:
    playground.faults.skew_clock(seconds)
    (clock,) = (await examined(settings, capsys)).of("clock")
    assert (clock["level"], words in clock["text"]) == (level, True), clock
    assert "timedatectl" in clock["remedy"]


# ---------------------------------------------------------------------- engines


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Takes connections and says nothing."""
    connections: list[asyncio.StreamWriter] = []

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for writer in connections:
        writer.close()
    server.close()


async def test_one_engine_is_away_and_one_hangs(
    settings: Settings,
    inference_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with silent_server() as hanging:
        both = settings.model_copy(
            update={"inference_url": f"{hanging}, http://127.0.0.1:9, {inference_url}"}
        )
        monkeypatch.setattr(engines, "ENGINE_TIMEOUT_S", 3)
        report = await examined(both, capsys)
    hung, gone, there = report.of("engines")
    assert (hung["level"], gone["level"], there["level"]) == ("warning", "warning", "ok")
    assert "no answer within 3 s" in hung["detail"]
    assert "127.0.0.1:9" in gone["detail"]
    assert "INFERENCE_URL" in gone["remedy"]
    assert report.status == 0


async def test_no_engine_is_left(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    address = "http://me:engine-secret@127.0.0.1:9"
    report = await examined(settings.model_copy(update={"inference_url": address}), capsys)
    assert report.levels("engines") == ["problem"]
    assert report.status == 1
    assert "engine-secret" not in report.printed


async def test_wrong_settings_of_engines(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "engines.toml"
    file.write_text("[engines.gpu]\naddress = 'http://gpu.example'\n")
    report = await examined(settings.model_copy(update={"config": file}), capsys)
    (engine,) = report.of("engines")
    assert engine["level"] == "problem"
    assert "engines.gpu" in engine["detail"]


async def test_a_model_that_is_not_there(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    own = settings.model_copy(update={"inference_url": None, "model": "sdxl.safetensors"})
    (engine,) = (await examined(own, capsys)).of("engines")
    assert (engine["level"], engine["detail"]) == ("problem", "sdxl.safetensors")


# ---------------------------------------------------------------------- explicit pictures


@pytest.mark.parametrize(
    ("chosen", "level", "words"),
    [
        ("off", "ok", "Pictures are not checked"),
        ("opennsfw", "ok", "answers: opennsfw"),
        ("/nowhere", "problem", "does not answer"),
    ],
)
async def test_the_filter(
    settings: Settings,
    database: Database,
    capsys: pytest.CaptureFixture[str],
    chosen: str,
    level: str,
    words: str,
) -> None:
    other = settings.model_copy(update={"picture_filter": chosen})
    report = await examined(other, capsys)
    (found,) = report.of("filter")
    assert (found["level"], words in found["text"]) == (level, True), found
    assert report.levels("review") == ["ok"]


# ---------------------------------------------------------------------- storage


async def test_a_broken_database(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.data_folder.mkdir()
    (settings.data_folder / "darkroom.db").write_bytes(b"no database" * 1000)
    report = await examined(settings, capsys)
    (database,) = report.of("database")
    assert (database["level"], report.status) == ("problem", 1)
    assert "file is not a database" in database["detail"]


async def test_a_database_that_is_away_keeps_its_password(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    url = SecretStr("postgresql://me:db-secret@127.0.0.1:9/darkroom")
    report = await examined(settings.model_copy(update={"database_url": url}), capsys)
    assert report.levels("database") == ["problem"]
    assert "db-secret" not in report.printed


async def test_the_disk_is_full(
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(disk, "WARN_FREE_BYTES", 1 << 62)
    assert (await examined(settings, capsys)).levels("disk") == ["warning"]
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 1 << 62)
    report = await examined(settings, capsys)
    assert report.levels("disk") == ["problem"]
    assert report.status == 1


async def test_files_that_others_can_read(
    settings: Settings, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("DISCORD_TOKEN=x\n")
    (tmp_path / ".env").chmod(0o644)
    settings.data_folder.chmod(0o755)
    report = await examined(settings, capsys)
    secrets, data = report.of("files")
    assert (secrets["level"], secrets["detail"]) == ("warning", ".env")
    assert "chmod 600" in secrets["remedy"]
    assert str(settings.data_folder) in data["detail"]


# ---------------------------------------------------------------------- the command


async def test_the_command_before_anything_was_started(tmp_path: Path) -> None:
    """As somebody runs it first: no token, no data, no engine. It makes nothing."""
    unset = {"DISCORD_TOKEN": "", "DISCORD_URL": "", "INFERENCE_URL": "", "DATABASE_URL": ""}
    data = tmp_path / "data"
    environment = {**os.environ, **unset, "DARKROOM_DATA": str(data), "PYTHONPATH": str(ROOT)}
    async with RunningProcess("-m", "bot", "doctor", environment=environment) as process:
        code = await process.wait()
        assert code == 0, process.output
        assert "warning  Token: There is no token" in process.output
        assert "Darkroom starts its own engine" in process.output
        assert "Traceback" not in process.output
    assert not data.exists()
    async with RunningProcess("-m", "bot", "doctor", "--everything") as process:
        assert await process.wait() == 2


async def test_the_text_says_what_to_do(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await migrate(settings.database)
    address = {"inference_url": "http://127.0.0.1:9"}
    assert await doctor(settings.model_copy(update=address)) == 1
    printed = capsys.readouterr().out
    assert "problem  Engines: Engine 1 does not answer or refuses.\n" in printed
    assert "\n         → Check that it runs" in printed
    assert printed.rstrip().splitlines()[-1].startswith("1 problem")
