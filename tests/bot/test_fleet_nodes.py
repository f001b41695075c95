"""Fleets that grow, shrink and lose machines, on real Ray. `make fleet` only.

The machines are two nodes of Ray on this one: 127.0.0.1, which is the head, and 127.0.0.2.
"""

import asyncio
import json
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from bot.client import DarkroomBot
from diffusion.protocol.client import InferenceClient
from playground.testing.member import Member
from storage import jobs, pictures
from storage.database import Database
from storage.models import JobState
from tests.support.bot.job_messages import LONG, caught_at_work, finished, grids, job_id_of
from tests.support.engine.ray_fleet import KEY, a_request, drawn, free_port, until_ready
from tests.support.engine.ray_fleet import settings as settings
from tests.support.processes import RunningProcess

pytest.importorskip("ray", reason="needs darkroom[fleet]: run `make fleet`")

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(600)]

READY = r"fleet ready at (http://\S+)"


@asynccontextmanager
async def running_fleet(
    *arguments: str, environment: dict[str, str]
) -> AsyncIterator[tuple[str, RunningProcess]]:
    """`darkroom fleet` with one core for each replica; its address and process."""
    usual = ("--cores", "1", "--at-once", "2", "--port", str(free_port()))
    settings = {"DARKROOM_BACKEND": "torch", "INFERENCE_API_KEY": KEY, **environment}
    command = ("-m", "bot", "fleet", *usual, *arguments)
    async with RunningProcess(*command, environment=settings) as process:
        ready = await process.printed(READY)
        try:
            yield ready[1], process
        finally:
            with suppress(ProcessLookupError):
                process.send(signal.SIGTERM)
            await process.wait()


async def replicas_of(url: str) -> dict[str, int]:
    async with aiohttp.ClientSession() as session, session.get(url + "/health") as response:
        said: dict[str, Any] = await response.json()
    return {str(name): int(count) for name, count in said["replicas"].items()}


async def test_a_rare_model_goes_when_nobody_asks_and_comes_when_somebody_does(
    tiny_model: Path, tmp_path: Path
) -> None:
    for name in ("usual", "seldom"):
        folder = Path(shutil.copytree(tiny_model, tmp_path / name))
        said = json.loads((folder / "darkroom.json").read_text())
        (folder / "darkroom.json").write_text(json.dumps({**said, "name": name}))
    rare = str(tmp_path / "seldom")
    environment = {"DARKROOM_MODEL": f"{tmp_path / 'usual'},{rare}"}
    bounds = ("--replicas", "1:1", "--rare", rare, "--idle", "1")
    async with (
        running_fleet(*bounds, environment=environment) as (url, _),
        InferenceClient(url, KEY) as client,
    ):
        while await replicas_of(url) != {"usual": 1, "seldom": 0}:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        assert [model.id for model in await client.models()] == ["usual", "seldom"]
        assert await drawn(client, a_request(1, model="seldom"))


@dataclass(frozen=True, slots=True)
class Nodes:
    """Ray's address and token, and the process of the second node."""

    address: str
    environment: dict[str, str]
    second: RunningProcess


@asynccontextmanager
async def two_nodes(folder: Path) -> AsyncIterator[Nodes]:
    """Two nodes with a core each."""
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    address = f"127.0.0.1:{free_port()}"
    port = address.partition(":")[2]
    head = ("--head", "--node-ip-address", "127.0.0.1", "--port", port, "--include-dashboard=false")
    joining = ("--address", address, "--node-ip-address", "127.0.0.2")
    started = []
    async with AsyncExitStack() as stack:
        for more in ((*head, "--temp-dir", str(folder)), joining):
            command = ("-m", "ray.scripts.scripts", "start", "--block", "--num-cpus", "1")
            node = RunningProcess(*command, *more, environment=environment)
            started.append(await stack.enter_async_context(node))
            stack.enter_context(ending_all(node.pid))
            await node.printed("--block")
        yield Nodes(address, environment, started[1])


@contextmanager
def ending_all(pid: int) -> Iterator[None]:
    try:
        yield
    finally:
        kill_all(pid)


def kill_all(pid: int) -> None:
    """Kill a process and all that it started: a machine without power."""
    with suppress(psutil.NoSuchProcess):
        node = psutil.Process(pid)
        for process in (node, *node.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture
async def nodes() -> AsyncIterator[Nodes]:
    # Ray's sockets are in it, whose paths may have 107 characters.
    folder = Path("/tmp") / f"ray-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        async with two_nodes(folder) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def inference_url(nodes: Nodes, tiny_model: Path, tmp_path: Path) -> AsyncIterator[str]:
    environment = {
        **nodes.environment,
        "DARKROOM_MODEL": str(tiny_model),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    arguments = ("--address", nodes.address, "--replicas", "2:2")
    async with running_fleet(*arguments, environment=environment) as (url, _):
        yield url


async def test_jobs_of_a_machine_that_dies_are_finished_by_another_once_with_the_same_bytes(
    nodes: Nodes,
    inference_url: str,
    bot: DarkroomBot,
    ada: Member,
    database: Database,
) -> None:
    await until_ready(inference_url, 2)
    whole = await finished(ada, await ada.slash("darkroom", "imagine", prompt=f"{LONG} --seed 7"))
    waiting = [await ada.slash("darkroom", "imagine", prompt=f"{LONG} --seed 7") for _ in range(2)]
    # One on each machine.
    for one in waiting:
        await caught_at_work(ada, one)
    kill_all(nodes.second.pid)
    ends = [await finished(ada, one) for one in waiting]
    assert {shown.id for shown in await grids(ada)} == {shown.id for shown in (whole, *ends)}
    told = [await jobs.get(database, job_id_of(one)) for one in ends]
    assert all(job is not None and job.state is JobState.DONE for job in told)
    assert max(job.attempts for job in told if job is not None) > 1
    hashes = [
        [one.sha256 for one in await pictures.of_job(database, job_id_of(shown))]
        for shown in (whole, *ends)
    ]
    assert hashes[1:] == hashes[:1] * 2
