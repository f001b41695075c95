"""Engines on Ray Serve as people start them, with the real bot before them. `make fleet` only."""

import asyncio
import operator
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import psutil
import pytest
import torch
from yarl import URL

from bot.client import DarkroomBot
from diffusion.loading.load import load
from diffusion.protocol.client import InferenceClient, InferenceUnavailable
from diffusion.protocol.events import Progress, Queued
from diffusion.protocol.requests import MAX_STEPS, Lora
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs, pictures
from storage.database import Database
from storage.models import JobState
from tests.support.bot.job_messages import LONG, caught_at_work, finished, grids, job_id_of, labels
from tests.support.engine.ray_fleet import KEY, a_request, drawn, free_port, until_ready
from tests.support.engine.ray_fleet import settings as settings
from tests.support.models.tiny_loras import tiny_factors, write_tiny_lora
from tests.support.processes import ROOT, RunningProcess

pytest.importorskip("ray", reason="needs darkroom[fleet]: run `make fleet`")

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def environment(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    loras = tmp_path_factory.mktemp("loras")
    factors = tiny_factors(load(tiny_model, torch.device("cpu")), 1)
    write_tiny_lora(factors, loras / "ink.safetensors", "kohya")
    return {
        "DARKROOM_MODEL": str(tiny_model),
        "DARKROOM_LORAS": str(loras),
        "DARKROOM_BACKEND": "torch",
        "INFERENCE_API_KEY": KEY,
        "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")),
    }


@pytest.fixture(scope="module")
def fleet(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """`darkroom fleet --local 2` of two cores, and its process's id."""
    with asyncio.Runner() as runner:
        process = local_fleet(free_port(), environment)
        runner.run(process.__aenter__())
        try:
            ready = runner.run(process.printed(r"fleet ready at (http://\S+) \((.*)\)"))
            assert "2 replicas" in ready[2]
            yield ready[1], process.pid
            assert KEY not in process.output
        finally:
            with suppress(ProcessLookupError):
                process.send(signal.SIGTERM)
            runner.run(process.wait())


def local_fleet(port: int, environment: dict[str, str]) -> RunningProcess:
    arguments = ("-m", "bot", "fleet", "--local", "2", "--port", str(port))
    return RunningProcess(*arguments, environment=environment)


@pytest.fixture(scope="module")
def inference_url(fleet: tuple[str, int]) -> str:
    return fleet[0]


def replicas(pid: int) -> list[psutil.Process]:
    """The processes of the engines of the fleet."""
    started = psutil.Process(pid).children(recursive=True)
    return [one for one in started if "ServeReplica:darkroom:model" in " ".join(one.cmdline())]


def test_what_ray_does_not_promise_is_as_it_was() -> None:
    """Two names are Ray's own. Where this fails with a newer Ray, look at what stands in for them,
    in `diffusion.fleet.loopback` and in `ServedModel.everywhere` of `diffusion.fleet.deployment`:
    whether Ray listens on one address by a setting, and whether it waits for some replicas only."""
    code = (
        "import inspect; from ray.serve._private import replica;"
        "from ray.serve.handle import DeploymentBroadcastResponse as Broadcast;"
        "assert inspect.iscoroutinefunction(Broadcast._fetch_replica_results_async);"
        "listens = 'add_port_to_grpc_server(self._server, \"[::]:0\")';"
        "assert listens in inspect.getsource(replica)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


async def test_nothing_listens_beyond_this_machine(fleet: tuple[str, int]) -> None:
    processes = [psutil.Process(fleet[1]), *psutil.Process(fleet[1]).children(recursive=True)]
    listening = {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


async def test_all_replicas_draw_the_same_bytes_and_who_hangs_up_frees_the_rows(
    fleet: tuple[str, int],
) -> None:
    url, _ = fleet
    await until_ready(url, 2)
    async with InferenceClient(url, KEY) as client:
        model = (await client.models())[0].id
        request = a_request(1, model=model)
        wanted = await drawn(client, request)
        at_once = await asyncio.gather(*(drawn(client, request) for _ in range(6)))
        assert set(at_once) == {wanted}
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
            async with session.get(url + "/metrics") as response:
                figures = await response.text()
            for number in ("0", "1"):
                steps = f'darkroom_steps_total{{model="{model}",replica="{number}"}} '
                assert float(figures.split(steps)[1].split("\n")[0]) > 0
            async with session.get(url + "/v1/models", headers={"Authorization": ""}) as response:
                assert response.status == 401
        stream = client.generate(a_request(5, model=model, steps=MAX_STEPS), previews=0)
        while not isinstance(await anext(stream), Progress):
            pass
        assert (await client.load())[1] == 1
        await stream.aclose()
        while await client.load() != (0, 0):  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.2)


async def test_a_lora_is_drawn_where_it_is_loaded_while_there_is_room(
    fleet: tuple[str, int],
) -> None:
    url, _ = fleet
    await until_ready(url, 2)
    async with InferenceClient(url, KEY) as client:
        model = (await client.models())[0].id
        with_ink = a_request(1, model=model, loras=(Lora("ink"),))
        before = await steps(url, model)
        for _ in range(6):
            await drawn(client, with_ink)
        after = await steps(url, model)
        assert sorted(map(operator.sub, after, before))[0] == 0
        # More than one has room for.
        await asyncio.gather(*(drawn(client, replace(with_ink, steps=40)) for _ in range(8)))
        assert all(map(operator.lt, after, await steps(url, model)))


async def steps(url: str, model: str) -> list[float]:
    """How many steps each of the two replicas drew."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(url + "/metrics") as response,
    ):
        figures = await response.text()
    names = [f'darkroom_steps_total{{model="{model}",replica="{number}"}} ' for number in (0, 1)]
    return [float(figures.partition(name)[2].partition("\n")[0] or 0) for name in names]


async def test_a_replica_that_hangs_does_not_hide_the_other(fleet: tuple[str, int]) -> None:
    url, pid = fleet
    await until_ready(url, 2)
    hung = replicas(pid)[0]
    hung.suspend()
    try:
        # Not ready at all is what it would say where the other was not heard.
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(url + "/health") as response:
                    said = await response.json()
                assert response.status == 200, said
                if sum(said["replicas"].values()) == 1:
                    break
    finally:
        hung.resume()
    await until_ready(url, 2)


async def test_a_killed_replica_breaks_its_streams_and_is_started_again(
    fleet: tuple[str, int],
) -> None:
    url, pid = fleet
    await until_ready(url, 2)
    async with InferenceClient(url, KEY) as client:
        model = (await client.models())[0].id
        stream = client.generate(a_request(9, model=model, steps=MAX_STEPS), previews=0)
        assert isinstance(await anext(stream), Queued)
        for one in replicas(pid):
            one.kill()
        with pytest.raises(InferenceUnavailable) as lost:
            async for _ in stream:
                pass
        assert lost.value.broke_off
        await until_ready(url, 2)
        assert len(await drawn(client, a_request(9, model=model))) == 4


async def test_a_job_whose_replica_is_killed_is_finished_by_another_once_with_the_same_bytes(
    fleet: tuple[str, int], bot: DarkroomBot, ada: Member, database: Database
) -> None:
    await until_ready(fleet[0], 2)
    whole = await finished(ada, await ada.slash("darkroom", "imagine", prompt=f"{LONG} --seed 7"))
    waiting = await ada.slash("darkroom", "imagine", prompt=f"{LONG} --seed 7")
    await caught_at_work(ada, waiting)
    async with InferenceClient(fleet[0], KEY) as client:
        assert (await client.load())[1] == 1
    killed = busiest(replicas(fleet[1]))
    os.kill(killed, signal.SIGKILL)
    grid = await finished(ada, waiting)
    assert "U1" in labels(grid)
    job = await jobs.get(database, job_id_of(grid))
    assert job is not None
    assert (job.state, job.attempts) == (JobState.DONE, 2)
    assert [shown.id for shown in await grids(ada)] == [whole.id, grid.id]
    first, second = [await stored(database, one) for one in (whole, grid)]
    assert first == second


async def stored(database: Database, grid: Message) -> list[str]:
    return [one.sha256 for one in await pictures.of_job(database, job_id_of(grid))]


def busiest(engines: list[psutil.Process]) -> int:
    """The one that draws: it used the most processor time just now."""
    before = {one.pid: sum(one.cpu_times()[:2]) for one in engines}
    used: dict[int, float] = {}
    while not any(used.values()):
        used = {one.pid: sum(one.cpu_times()[:2]) - before[one.pid] for one in engines}
    return max(used, key=lambda pid: used[pid])


async def test_a_model_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    arguments = ("-m", "bot", "fleet", "--local", "1", "--port", str(free_port()))
    missing = {"DARKROOM_MODEL": str(tmp_path / "no-model")}
    async with RunningProcess(*arguments, environment=missing) as process:
        assert await process.wait() == os.EX_CONFIG, process.output
    assert "no-model" in process.output


async def test_where_no_ray_answers_a_sentence_says_so() -> None:
    """Ray itself would ask there for many minutes, without a word."""
    address = f"127.0.0.1:{free_port()}"
    async with RunningProcess("-m", "bot", "fleet", "--address", address) as process:
        assert await process.wait() == 1, process.output
    assert f"No Ray cluster answers at {address}." in process.output


def test_the_serve_configuration_of_kubernetes_is_one() -> None:
    """Ray's own reader takes it, and our application takes its arguments."""
    code = (
        "import yaml, sys; from pathlib import Path;"
        "from ray.serve.schema import ServeDeploySchema;"
        "from diffusion.fleet.application import Arguments;"
        "(service,) = [one for one in yaml.safe_load_all(Path(sys.argv[1]).read_text()) "
        "if one['kind'] == 'RayService'];"
        "read = ServeDeploySchema.model_validate(yaml.safe_load(service['spec']['serveConfigV2']));"
        "(app,) = read.applications; assert app.import_path == 'diffusion.fleet.application:build';"
        "Arguments.model_validate(app.args);"
        # What it was called at first.
        "assert Arguments.model_validate({'doors': 2}).ingress_replicas == 2"
    )
    subprocess.run(
        [sys.executable, "-c", code, "deploy/kubernetes/engines.yaml"], cwd=ROOT, check=True
    )


async def test_when_rays_head_is_killed_the_fleet_ends_and_jobs_wait_for_the_next(
    fleet: tuple[str, int],
    environment: dict[str, str],
    bot: DarkroomBot,
    ada: Member,
    database: Database,
) -> None:
    """The last one here: it ends the fleet of the others."""
    url, pid = fleet
    await until_ready(url, 2)
    waiting = await ada.slash("darkroom", "imagine", prompt=f"{LONG} --seed 8")
    await caught_at_work(ada, waiting)
    process = psutil.Process(pid)
    (head,) = [one for one in process.children(recursive=True) if one.name() == "gcs_server"]
    head.kill()
    # It ends by itself, so that whoever started it can start it again.
    assert await asyncio.to_thread(process.wait) in (1, None)
    async with local_fleet(URL(url).port or 0, environment) as again:
        await again.printed("fleet ready")
        grid = await finished(ada, waiting)
        assert [shown.id for shown in await grids(ada)] == [grid.id]
        job = await jobs.get(database, job_id_of(grid))
        assert job is not None
        assert job.state is JobState.DONE
        again.send(signal.SIGTERM)
        await again.wait()
