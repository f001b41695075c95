"""`darkroom` as people start it: everything at once, one picture, and what is refused."""

import asyncio
import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from bot.__main__ import main
from diffusion.protocol.models import ModelInfo
from playground import Playground
from playground.testing.member import Member
from tests.support.bot.job_messages import finished, labels
from tests.support.pictures import opened
from tests.support.processes import ELSEWHERE, ROOT, RunningProcess, environment


async def test_one_command_brings_everything_up_and_ctrl_c_takes_it_down(
    tiny_model: Path, tmp_path: Path
) -> None:
    async with RunningProcess(
        "-m", "bot", environment=environment(tmp_path, tiny_model)
    ) as darkroom:
        url = (await darkroom.printed(r"Darkroom is ready. Open (http://127.0.0.1:\d+) "))[1]
        async with Member(url, "Ada") as ada:
            await ada.wait_for_command("imagine")
            prompt = "a red fox --seed 7 --q .25"
            grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt=prompt))
            by_the_bot = await ada.download(grid.attachments[0])

            # A child that dies is started again, and the log says so.
            os.kill(child_of(darkroom.pid, "bot bot"), signal.SIGKILL)
            await darkroom.printed(r"bot ended with code -9; it is started again")
            await darkroom.printed(r"(?s)connected as.*connected as")
            os.kill(child_of(darkroom.pid, "diffusion"), signal.SIGKILL)
            again = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox"))
            assert "U1" in labels(again)
        children = psutil.Process(darkroom.pid).children()
        assert len(children) == 3
        darkroom.send(signal.SIGINT)
        assert await darkroom.wait() == 0
        assert not [child for child in children if child.is_running()]
        assert "Traceback" not in darkroom.output

    # Without any bot, the same request gives the same pixels and texts, here the first of two. The
    # signatures differ.
    file = tmp_path / "fox.png"
    async with RunningProcess(
        "-m", "bot", "imagine", f"{prompt} {{--public, --tile}}", "-o", str(file),
        environment=environment(tmp_path, tiny_model),
    ) as command:  # fmt: skip
        assert await command.wait() == 0, command.output
    drawn, posted = opened(file.read_bytes()), opened(by_the_bot)
    assert drawn.tobytes() == posted.tobytes()
    assert drawn.info == posted.info
    assert file.with_name("fox_2.png").read_bytes() != by_the_bot
    assert Image.open(io.BytesIO(by_the_bot)).size == (512, 512)


async def test_with_a_token_no_playground_is_started_and_no_secret_is_printed(
    tiny_model: Path, tmp_path: Path, playground: Playground, ada: Member
) -> None:
    secrets = {"DISCORD_TOKEN": "correct-horse", "INFERENCE_API_KEY": "battery-staple"}
    # The playground of the test stands where Discord would.
    elsewhere = {**secrets, "DISCORD_URL": playground.url}
    async with RunningProcess(
        "-m", "bot", environment={**environment(tmp_path, tiny_model), **elsewhere}
    ) as darkroom:
        await darkroom.printed("Darkroom is ready: type /imagine in your Discord server")
        assert len(children_of(darkroom.pid)) == 2
        await ada.wait_for_command("imagine")
        grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
        assert "U1" in labels(grid)
        darkroom.send(signal.SIGTERM)
        assert await darkroom.wait() == 0
    for secret in secrets.values():
        assert secret not in darkroom.output


async def test_a_child_that_cannot_start_ends_the_launch_with_its_sentence(tmp_path: Path) -> None:
    async with RunningProcess(
        "-m", "bot", environment=environment(tmp_path, tmp_path / "no-model")
    ) as darkroom:
        assert await darkroom.wait() == 1
    assert "no-model" in darkroom.output
    assert "inference did not start" in darkroom.output
    assert "Traceback" not in darkroom.output


DIES = """
import os, signal, sys
from pathlib import Path

lives = Path(os.environ["LIVES"])
if "diffusion" in sys.orig_argv and not (lives / "spared").exists():
    number = len(list(lives.iterdir()))
    (lives / str(number)).touch()
    if number % 2 == 0:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out
    sys.modules["torch"] = None  # an exception that nobody foresaw, while it starts
"""
"""A `sitecustomize` of which inference dies before it is ready, until the test spares it."""


async def test_inference_loads_while_the_database_is_still_brought_up_to_date(
    tmp_path: Path,
) -> None:
    asked = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()  # and nothing is ever answered
        await reader.read()
        writer.close()

    database = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = database.sockets[0].getsockname()[1]
    address = f"postgresql://ada:lovelace@127.0.0.1:{port}/darkroom"
    variables = {**environment(tmp_path, None), "DATABASE_URL": address}
    async with database, RunningProcess("-m", "bot", environment=variables) as darkroom:
        await asked.wait()
        await darkroom.printed("inference ready at")


@pytest.mark.slow
async def test_inference_that_dies_before_it_was_ever_ready_is_started_again(
    tiny_model: Path, tmp_path: Path
) -> None:
    lives = tmp_path / "lives"
    lives.mkdir()
    (tmp_path / "sitecustomize.py").write_text(DIES)
    remembered = [ModelInfo(id="tiny", native_size=64, steps=2, guidance_scale=3).to_json()]
    (tmp_path / "models.json").write_text(json.dumps(remembered))
    dying = {"LIVES": str(lives), "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    async with RunningProcess(
        "-m", "bot", environment={**environment(tmp_path, tiny_model), **dying}
    ) as darkroom:
        await darkroom.printed(r"inference ended with code -9; it is started again in 1 s")
        await darkroom.printed(r"inference ended with code 1; it is started again in 2 s")
        await darkroom.printed(r"inference ended with code -9; it is started again in 4 s")
        # Meanwhile the bot takes prompts.
        url = (await darkroom.printed(r"playground ready at (http://127.0.0.1:\d+)"))[1]
        async with Member(url, "Ada", timeout=120) as ada:
            await ada.wait_for_command("imagine")
            waiting = await ada.slash("darkroom", "imagine", prompt="a fox --q .25")
            assert "Darkroom is ready" not in darkroom.output
            (lives / "spared").touch()
            assert "U1" in labels(await finished(ada, waiting))
        await darkroom.printed("Darkroom is ready")
        darkroom.send(signal.SIGINT)
        assert await darkroom.wait() == 0


async def test_a_playground_whose_port_is_taken_ends_the_launch_with_its_sentence(
    tiny_model: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        settings = {**environment(tmp_path, tiny_model), "PLAYGROUND_PORT": port}
        async with RunningProcess("-m", "bot", environment=settings) as darkroom:
            assert await darkroom.wait() == 1
    assert f"Port {port} is taken" in darkroom.output
    assert "Traceback" not in darkroom.output


async def test_a_token_that_discord_refuses_ends_the_launch_while_inference_still_loads(
    tiny_model: Path, tmp_path: Path, playground: Playground
) -> None:
    (tmp_path / "lives").mkdir()
    (tmp_path / "sitecustomize.py").write_text(DIES)
    given = {
        **environment(tmp_path, tiny_model),
        "LIVES": str(tmp_path / "lives"),  # inference dies again and again
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        "DISCORD_URL": playground.url,
        "DISCORD_TOKEN": " ",
    }
    async with RunningProcess("-m", "bot", environment=given) as darkroom:
        assert await darkroom.wait() == 1
    assert "Discord refused the token" in darkroom.output
    assert "bot did not start" in darkroom.output


async def test_when_the_launcher_is_killed_its_children_end_too(
    tiny_model: Path, tmp_path: Path
) -> None:
    async with RunningProcess(
        "-m", "bot", environment=environment(tmp_path, tiny_model)
    ) as darkroom:
        await darkroom.printed("Darkroom is ready")
        children = psutil.Process(darkroom.pid).children()
        assert len(children) == 3
        darkroom.send(signal.SIGKILL)
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, 30)
        assert alive == []


def children_of(pid: int) -> dict[int, str]:
    """Command lines of a process's children, by id."""
    return {child.pid: " ".join(child.cmdline()) for child in psutil.Process(pid).children()}


def child_of(pid: int, words: str) -> int:
    (child,) = (number for number, command in children_of(pid).items() if words in command)
    return child


def test_every_command_hears_what_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DARKROOM_DTYPE", "DARKROOM_BACKEND", "DARKROOM_COMPILE"):
        monkeypatch.setenv(name, "")  # and set back afterwards: a process changes its own
    (tmp_path / ".env").write_text("DARKROOM_DTYPE=nonsense\n")
    for command in (("inference", "--port", "0"), ("imagine", "a fox", "-o", "x.png")):
        sentence = refused_for_settings(*command)
        assert "DARKROOM_DTYPE" in sentence
        assert "'bfloat16'" in sentence

    # Inference reads no file: what that says goes along, before what was typed.
    (tmp_path / ".env").write_text("DARKROOM_DTYPE=bfloat16\nDARKROOM_MODEL=somewhere\n")
    become: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, command: become.append(command))
    with pytest.raises(SystemExit):  # the stand-in returns, and "inference" is no command here
        main(["inference", "--model", "elsewhere"])
    ((_, *words),) = become
    assert words == ["-m", "diffusion", "--model", "somewhere", "--model", "elsewhere"]
    assert os.environ["DARKROOM_DTYPE"] == "bfloat16"


def refused(*arguments: str, code: int = 1) -> str:
    """What the command says when it cannot start: one sentence."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), pytest.raises(SystemExit) as ended:
        main(arguments)
    sentence = ended.value.code
    if code != 1:
        assert sentence == code
        sentence = said.getvalue().removesuffix("\n")
    assert isinstance(sentence, str)
    assert sentence.startswith("darkroom: ")
    assert "\n" not in sentence
    return sentence


def refused_for_settings(*arguments: str) -> str:
    return refused(*arguments, code=os.EX_CONFIG)


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Nothing is set, and no developer's own `.env` is near."""
    umask = os.umask(0o022)  # which commands change, of a process of their own as a rule
    monkeypatch.chdir(ELSEWHERE)
    for name, value in environment(tmp_path, None).items():
        monkeypatch.setenv(name, value)
    yield monkeypatch
    os.umask(umask)


def test_a_start_that_cannot_work_is_one_sentence(newcomer: pytest.MonkeyPatch) -> None:
    assert "DISCORD_TOKEN" in refused_for_settings("bot")
    assert "1:3 to 3:1" in refused("imagine", "a fox --ar 1:50", "-o", "x.png")
    no_picture = refused("imagine", "a fox", "-o", "x.png", "-i", __file__)
    assert "isn't a PNG" in no_picture
    newcomer.setenv("DISCORD_TOKEN", "x")
    assert "INFERENCE_URL" in refused_for_settings("bot")
    newcomer.setenv("INFERENCE_URL", "http://127.0.0.1:9")
    assert "does not answer" in refused("imagine", "a fox", "-o", "x.png")
    newcomer.setenv("DARKROOM_JOBS_AT_ONCE", "many")
    assert "JOBS_AT_ONCE" in refused_for_settings("migrate")


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("PLAYGROUND_PORT", "many", "PLAYGROUND_PORT: Input should be a valid integer"),
        ("DARKROOM_SHARDS", "many", "DARKROOM_SHARDS: “many” must look like"),
        ("DARKROOM_FILTER", "many", "DARKROOM_FILTER must be"),
        ("DARKROOM_FILTER", "openai", "DARKROOM_FILTER=openai needs"),
    ],
)
def test_a_wrong_setting_is_named_once_as_it_was_typed(
    name: str, typed: str, said: str, newcomer: pytest.MonkeyPatch
) -> None:
    newcomer.setenv(name, typed)
    assert refused_for_settings("migrate").startswith(f"darkroom: {said}")


def test_shards_that_cannot_be_are_refused_before_anything_is_opened(
    newcomer: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    newcomer.setenv("DISCORD_TOKEN", "x")
    newcomer.setenv("INFERENCE_URL", "http://127.0.0.1:9")
    newcomer.setenv("DARKROOM_SHARDS", "3-0/16")
    assert "write 0-3/16" in refused_for_settings("bot")
    # What is typed counts more. Several processes cannot share a file.
    assert "Postgres" in refused_for_settings("bot", "--shards", "0-3/16")
    with pytest.raises(SystemExit) as ended:
        main(["bot", "--shards", "0-16/16"])
    assert ended.value.code == 2
    assert "no shard 16: 16 shards are numbered from 0 to 15" in capsys.readouterr().err


def test_no_secret_is_in_any_sentence(newcomer: pytest.MonkeyPatch) -> None:
    secret = "correct-horse"
    for url in (f"https://ada:{secret}@127.0.0.1:9", f"https://a/da:{secret}@127.0.0.1:9"):
        newcomer.setenv("INFERENCE_URL", url)
        assert secret not in refused("imagine", "a fox", "-o", "x.png")
    for url in (secret, f"http://127.0.0.1:9, {secret}", f"ada:{secret}@127.0.0.1:9"):
        newcomer.setenv("INFERENCE_URL", url)
        assert secret not in refused_for_settings("imagine", "a fox", "-o", "x.png")
    newcomer.setenv("INFERENCE_URL", f"https://ada:{secret}@127.0.0.1:9")
    newcomer.setenv("INFERENCE_API_KEY", "battery-staple")
    said = refused_for_settings("imagine", "a fox", "-o", "x.png")
    assert "INFERENCE_URL has a user and a password" in said
    assert secret not in said
    assert "battery" not in said
    newcomer.setenv("INFERENCE_URL", "")
    newcomer.setenv("DATABASE_URL", f"postgresql://darkroom:{secret}@127.0.0.1:9/darkroom")
    printed = refused("migrate")
    assert "database" in printed
    assert secret not in printed


def test_what_a_process_prints_when_it_cannot_start_is_its_sentence(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "bot"],
        cwd=ELSEWHERE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment(tmp_path, None)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == os.EX_CONFIG
    (line,) = ended.stderr.strip().splitlines()
    assert "DISCORD_TOKEN" in line


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1:9", "http://"])
async def test_an_address_that_is_none_is_a_fault_of_the_settings(tmp_path: Path, url: str) -> None:
    settings = {"DISCORD_TOKEN": "x", "DISCORD_URL": url, "INFERENCE_URL": "http://127.0.0.1:9"}
    async with RunningProcess(
        "-m", "bot", "bot", environment={**environment(tmp_path, None), **settings}
    ) as bot:
        assert await bot.wait() == os.EX_CONFIG
    assert "DISCORD_URL" in bot.output
    assert "Traceback" not in bot.output


async def test_discord_that_is_away_is_no_fault_of_the_settings(tmp_path: Path) -> None:
    away = "http://127.0.0.1:9"
    settings = {"DISCORD_TOKEN": "x", "DISCORD_URL": away, "INFERENCE_URL": away}
    async with RunningProcess(
        "-m", "bot", "bot", environment={**environment(tmp_path, None), **settings}
    ) as bot:
        assert await bot.wait() == 1
    assert "Discord cannot be reached" in bot.output
