"""The inference process itself: how it starts, says so, stops and is killed."""

import argparse
import asyncio
import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest
import torch
from huggingface_hub import constants

from diffusion.protocol.client import InferenceClient, InferenceUnavailable
from diffusion.protocol.events import Finished, Progress
from diffusion.server.process import serve
from tests.support.engine.inference_requests import a_request


class Process:
    """`python -m diffusion` on a free port, which keeps what passes cost in `cache`."""

    def __init__(self, folder: Path, cache: Path, *arguments: str) -> None:
        self.cache = cache
        # One thread: two that share busy cores with others mostly wait for each other.
        environment = os.environ | {
            "OMP_NUM_THREADS": "1",
            "INFERENCE_API_KEY": "sesame",
            "DARKROOM_MODEL_ALIASES": "dall-e-*, other",
            "DARKROOM_CORS_ORIGINS": "https://a.example",
            "XDG_CACHE_HOME": str(cache),
        }
        self.child = subprocess.Popen(
            [sys.executable, "-m", "diffusion", "--port", "0", "--model", folder, *arguments],
            cwd=Path(__file__).parents[2],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def url(self) -> str:
        """Where it listens, once it says so."""
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        start, model = "inference ready at ", " (model tiny)\n"
        assert line.startswith(start), self.child.communicate()[1]
        assert line.endswith(model)
        return line.removeprefix(start).removesuffix(model)

    def ended_well(self) -> None:
        """Check that it ends by itself, with 0 and without noise."""
        output, errors = self.child.communicate(timeout=60)
        assert self.child.returncode == 0, errors
        assert output == ""
        assert "Traceback" not in errors
        assert "sesame" not in errors

    def end(self) -> None:
        self.child.kill()
        self.child.communicate()


@pytest.fixture(scope="module")
def processes(
    tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Process]]:
    """All that the tests need, started together since importing torch takes its time."""
    arguments = {
        "killed": (),
        "dropping": ("--grace", "0"),
        "finishing": ("--grace", "60"),
    }
    started = {
        name: Process(tiny_folder, tmp_path_factory.mktemp(name), *given)
        for name, given in arguments.items()
    }
    yield started
    for process in started.values():
        process.end()


async def test_a_process_killed_in_the_middle_is_unavailable(
    processes: dict[str, Process],
) -> None:
    process = processes["killed"]
    async with InferenceClient(process.url(), "sesame") as client:
        async with aclosing(client.generate(a_request(steps=150), previews=0)) as events:
            while await anext(events) != Progress(2, 150):
                pass
            process.child.kill()
            with pytest.raises(InferenceUnavailable):
                async for _ in events:
                    pass
        with pytest.raises(InferenceUnavailable):
            await client.models()


async def test_a_process_told_to_stop_finishes_what_runs_and_exits_with_0(
    processes: dict[str, Process],
) -> None:
    process = processes["finishing"]
    url = process.url()
    async with (
        InferenceClient(url, "sesame") as client,
        aiohttp.ClientSession() as session,
        aclosing(client.generate(a_request(steps=150), previews=0)) as running,
    ):
        while await anext(running) != Progress(2, 150):
            pass
        headers = {"Authorization": "Bearer sesame", "Origin": "https://a.example"}
        async with session.get(url + "/v1/models/dall-e-3", headers=headers) as response:
            assert (await response.json())["root"] == "tiny"
            assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
        process.child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            while True:
                async with session.get(url + "/health") as response:
                    health = await response.json()
                    if response.status == 503:
                        break
        assert health == {"status": "stopping"}
        with pytest.raises(InferenceUnavailable, match="stopping"):
            await anext(client.generate(a_request(), previews=0))
        assert isinstance([event async for event in running][-1], Finished)
    process.ended_well()
    (kept,) = (process.cache / "darkroom").iterdir()
    assert json.loads(kept.read_text())["of"]["model"] == "tiny"


async def test_a_process_told_to_stop_at_once_drops_its_work_and_exits_with_0(
    processes: dict[str, Process],
) -> None:
    process = processes["dropping"]
    async with (
        InferenceClient(process.url(), "sesame") as client,
        aclosing(client.generate(a_request(steps=150), previews=0)) as events,
    ):
        while await anext(events) != Progress(2, 150):
            pass
        process.child.send_signal(signal.SIGTERM)
        with pytest.raises(InferenceUnavailable):
            async for _ in events:
                pass
    process.ended_well()


def _arguments(folder: Path, port: int = 0) -> argparse.Namespace:
    return argparse.Namespace(host="127.0.0.1", port=port, model=folder, grace=0.0, no_key=False)


async def test_a_model_that_is_none_is_one_sentence_and_exit_78(
    tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await serve(_arguments(tiny_folder / "unet"), torch.device("cpu")) == os.EX_CONFIG
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("There is no model in ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [("DARKROOM_DTYPE", "float16", "bfloat16"), ("DARKROOM_COMPILE", "yes", "0 or 1")],
)
async def test_a_setting_that_is_none_is_one_sentence_and_exit_78(
    tiny_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    known: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert await serve(_arguments(tiny_folder), torch.device("cpu")) == os.EX_CONFIG
    errors = capsys.readouterr().err
    (said,) = [line for line in errors.splitlines() if line.startswith(name)]
    assert known in said
    assert value in said


async def test_a_port_that_is_taken_is_one_sentence_and_exit_1(
    tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert await serve(_arguments(tiny_folder, port), torch.device("cpu")) == 1
    said = f"Cannot listen on 127.0.0.1:{port}: {os.strerror(errno.EADDRINUSE)}.\n"
    assert capsys.readouterr().err == said


async def test_an_address_of_another_machine_is_one_sentence_and_exit_78(
    tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = argparse.Namespace(
        host="192.0.2.1", port=0, model=tiny_folder, grace=0.0, no_key=True
    )
    assert await serve(elsewhere, torch.device("cpu")) == os.EX_CONFIG
    assert capsys.readouterr().err.startswith("Cannot listen on 192.0.2.1:0: ")


async def test_a_hub_that_is_away_is_no_fault_of_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    assert await serve(_arguments(Path("someone/tiny")), torch.device("cpu")) == 1
    assert "came from the hub" in capsys.readouterr().err
