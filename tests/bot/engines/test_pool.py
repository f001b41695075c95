"""Several engines at once, through the real client: who is away or full delays no other."""

import asyncio
import contextlib
import json
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.config import Settings
from playground.testing.member import Member
from playground.testing.views import Message
from storage.database import Database
from tests.support.bot.deployment import Deployment, running_inference
from tests.support.bot.job_messages import LONG, card, caught_at_work, finished
from tests.support.engine.inference_server import site

WAITS = "(Waiting: the image model is offline or busy"
QUICK = "--q .25 --n 1"


def message_of(member: Member, message: Message) -> Message:
    """The message as it is now."""
    return member.versions(message)[-1]


async def test_an_engine_that_is_away_delays_only_its_own_models(
    tiny_model: Path,
    inference_url: str,
    settings: Settings,
    database: Database,
    ada: Member,
    tmp_path: Path,
) -> None:
    second = shutil.copytree(tiny_model, tmp_path / "second")
    written = json.loads((second / "darkroom.json").read_text())
    (second / "darkroom.json").write_text(json.dumps({**written, "name": "second"}))
    async with running_inference(second) as (url, inference):
        update = {
            "inference_url": f"{inference_url}, {url}",
            "versions": "1=tiny, 2=second",
            "jobs_at_once": 1,
        }
        deployment = Deployment(settings.model_copy(update=update), database)
        async with deployment.open():
            await ada.wait_for_command("imagine")
            early = await ada.slash("darkroom", "imagine", prompt=f"{LONG} --v 2")
            await caught_at_work(ada, early)
            inference.send(signal.SIGKILL)
            await ada.wait_for(lambda m: m.id == early.id and WAITS in m.content)
            # It is the first in the queue, and yet no other waits for it.
            quick = await ada.slash("darkroom", "imagine", prompt=f"a fox {QUICK} --v 1")
            assert (await finished(ada, quick)).attachments
            assert WAITS in message_of(ada, early).content
            queue = card(await ada.slash("darkroom", "queue"))
            assert "Engine 1: 0 of 1" in queue
            assert "Engine 2: away" in queue
            info = card(await ada.slash("darkroom", "info"))
            assert "Engine 1: 0 of 1 jobs - `--v 1`" in info
            assert "Engine 2: away, its jobs wait - `--v 2`" in info
        await ada.wait_for_bot(online=False)
        # The models of one that is away are known after a restart, though the other has answered.
        async with deployment.open():
            await ada.wait_for_bot()
            again = await ada.slash("darkroom", "imagine", prompt=f"a fox {QUICK} --v 1")
            assert (await finished(ada, again)).attachments
            late = await ada.slash("darkroom", "imagine", prompt=f"an owl {QUICK} --v 2")
            await ada.wait_for(lambda m: m.id == late.id and WAITS in m.content)
            async with running_inference(second, port=int(url.rsplit(":", 1)[1])):
                for message in (early, late):
                    assert (await finished(ada, message)).attachments


class Gate:
    """Engines with one model behind them, which hold all requests for pictures until opened."""

    def __init__(self, behind: str) -> None:
        self._behind = behind
        self.opened = asyncio.Event()
        self.held: Counter[str] = Counter()
        """How many requests each engine holds."""
        self.most: Counter[str] = Counter()
        """How many it has held at once."""
        self.asked: Counter[str] = Counter()
        """How many other questions it was asked."""

    @contextlib.asynccontextmanager
    async def engine(self, name: str) -> AsyncIterator[str]:
        """The address of one more engine."""

        async def forward(request: web.Request) -> web.Response:
            body = await request.read()
            if request.path == "/v1/images/generations":
                self.held[name] += 1
                self.most[name] = max(self.most[name], self.held[name])
                await self.opened.wait()
                self.held[name] -= 1
            elif request.method == "POST":
                self.asked[name] += 1
            async with (
                aiohttp.ClientSession() as session,
                session.request(
                    request.method,
                    self._behind + request.path,
                    data=body or None,
                    headers={"Content-Type": request.content_type},
                ) as answer,
            ):
                return web.Response(
                    status=answer.status, body=await answer.read(), content_type=answer.content_type
                )

        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", forward)
        async with site(app) as url:
            yield url


async def test_engines_with_the_same_model_share_the_load_each_up_to_its_limit(
    inference_url: str,
    settings: Settings,
    database: Database,
    ada: Member,
    ben: Member,
    tmp_path: Path,
) -> None:
    gate = Gate(inference_url)
    file = tmp_path / "darkroom.toml"
    async with gate.engine("small") as small, gate.engine("large") as large:
        file.write_text(
            f'[engines.small]\nurl = "{small}"\njobs_at_once = 1\n'
            f'[engines.large]\nurl = "{large}"\njobs_at_once = 2\n'
            '[models.tiny]\nnames = ["house"]\nsteps = 2\n'
        )
        update = {"inference_url": None, "config": file}
        deployment = Deployment(settings.model_copy(update=update), database)
        async with deployment.open():
            await ada.wait_for_command("imagine")
            asked = [
                await ada.slash("darkroom", "imagine", prompt=f"a fox {word} --n 1 --v house")
                for word in ("one", "two", "three")
            ]
            while gate.held.total() < 3:  # noqa: ASYNC110 (the servers have no event to set)
                await asyncio.sleep(0.02)
            assert gate.held == {"small": 1, "large": 2}
            queue = card(await ada.slash("darkroom", "queue"))
            assert "small: 1 of 1" in queue
            assert "large: 2 of 2" in queue
            # Beyond the limit they wait.
            more = await ben.slash("darkroom", "imagine", prompt="a fox four --n 1")
            gate.opened.set()
            for message in asked:
                assert (await finished(ada, message)).attachments
            assert (await finished(ben, more)).attachments
            assert gate.most == {"small": 1, "large": 2}


async def test_a_job_goes_to_the_engine_that_is_there(
    inference_url: str, settings: Settings, database: Database, ada: Member
) -> None:
    """Of two with the same model, the first has gone since it listed it."""
    gate = Gate(inference_url)
    gate.opened.set()
    async with gate.engine("stays") as stays, contextlib.AsyncExitStack() as leaving:
        leaves = await leaving.enter_async_context(gate.engine("leaves"))
        update = {"inference_url": f"{leaves} {stays}"}
        deployment = Deployment(settings.model_copy(update=update), database)
        async with deployment.open() as bot:
            await ada.wait_for_command("imagine")
            assert await bot.services.history.versions()
            await leaving.aclose()
            made = await ada.slash("darkroom", "imagine", prompt=f"a fox {QUICK}")
            assert (await finished(ada, made)).attachments
            assert gate.most == {"stays": 1}
            # What takes no place goes there too.
            weighed = await ada.slash("darkroom", "shorten", prompt="a very quick red fox")
            await ada.wait_for(lambda m: m.id == weighed.id and m.embeds)
            assert gate.asked == {"stays": 1}
