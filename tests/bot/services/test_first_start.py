"""Prompts that are typed before a model is known, and an old `models.json`: nothing is refused."""

import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.client import DarkroomBot
from bot.config import Settings
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest
from playground import Playground
from playground.testing.member import Member, Upload
from playground.testing.views import Message
from storage.database import Database
from storage.models import JobState, Scope
from storage.rules import defaults
from storage.rules.defaults import Defaults
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    card,
    finished,
    job_of,
    labels,
    picture_of,
    question,
    request_of,
    told,
)
from tests.support.pictures import picture

WAITS = "(Waiting for the image model, which is still loading"

QUICK = "--q .25 --n 1"


@pytest.fixture
def early(settings: Settings, database: Database) -> Deployment:
    """The same deployment before its inference answers."""
    return Deployment(settings.model_copy(update={"inference_url": "http://127.0.0.1:9"}), database)


@pytest.fixture
async def early_bot(early: Deployment, ada: Member) -> AsyncIterator[DarkroomBot]:
    async with early.open() as bot:
        await ada.wait_for_command("imagine")
        yield bot


async def imagine(ada: Member, prompt: str, **options: object) -> Message:
    return await ada.slash("darkroom", "imagine", prompt=prompt, **options)


async def test_a_prompt_waits_for_the_first_model_even_through_a_restart(
    early: Deployment, deployment: Deployment, database: Database, ada: Member
) -> None:
    async with early.open():
        await ada.wait_for_command("imagine")
        waiting = await imagine(ada, f"a fox --seed 5 --ar 2:1 {QUICK}")
        assert WAITS in waiting.content
        assert labels(waiting) == ["Cancel"]
        job = await job_of(database, waiting)
        assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_bot()
        grid = await finished(ada, waiting)
        again = await finished(ada, await imagine(ada, f"a fox --seed 5 --ar 2:1 {QUICK}"))
        assert await request_of(database, grid) == await request_of(database, again)
        one, other = await picture_of(ada, grid), await picture_of(ada, again)
        assert one.tobytes() == other.tobytes()


async def test_a_prompt_that_waited_has_the_defaults_of_where_it_was_asked_for(
    early: Deployment,
    deployment: Deployment,
    database: Database,
    ada: Member,
    playground: Playground,
) -> None:
    """Also of a role that its member has lost by then."""
    there = playground.administration
    role = there.add_role("Painters")
    there.give_role("Ada", "Painters")
    for scope, scope_id, chosen in (
        (Scope.ROLE, role, Defaults(aspect="2:1")),
        (Scope.CHANNEL, there.channel_id("darkroom"), Defaults(stylize=7, aspect="1:2")),
    ):
        await defaults.change(
            database, there.server_id, scope, scope_id, lambda _, chosen=chosen: chosen
        )
    async with early.open():
        await ada.wait_for_command("imagine")
        waiting = await imagine(ada, f"a fox {QUICK}")
    there.take_role("Ada", "Painters")
    async with deployment.open():
        await ada.wait_for_bot()
        job = await job_of(database, await finished(ada, waiting))
        assert job.prompt == f"a fox {QUICK} --ar 2:1 --s 7"


async def test_limits_and_mistakes_are_told_at_once(early_bot: DarkroomBot, ada: Member) -> None:
    assert "--aspekt" in await told(ada, await imagine(ada, "a fox --aspekt 3:2"))
    waiting = [await imagine(ada, "a fox") for _ in range(3)]
    assert all(WAITS in message.content for message in waiting)
    refused = await told(ada, await imagine(ada, "a fox"))
    assert "3" in refused
    assert WAITS not in refused
    await ada.press(waiting[0], "Cancel")
    assert WAITS in (await imagine(ada, "a fox")).content


async def test_what_the_model_lacks_is_told_in_the_message_and_can_be_tried_again(
    early: Deployment, deployment: Deployment, ada: Member, database: Database
) -> None:
    async with early.open():
        await ada.wait_for_command("imagine")
        waiting = [await imagine(ada, p) for p in ("a fox --style cubist", "a fox --v 9")]
        assert "no pictures yet" in await told(
            ada, await ada.menu(waiting[0], "Seed and parameters")
        )
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_bot()
        failed = await finished(ada, waiting[0])
        assert "a fox --style cubist" in failed.content
        assert "cubist" in card(failed)
        assert "sketch" in card(failed)
        assert "There is no model named" in card(await finished(ada, waiting[1]))
        again = await finished(ada, (await ada.press(failed, "🔄")).message)
        assert "cubist" in card(again)


async def test_every_job_of_a_prompt_waits_with_its_own_seed_and_picture(
    early: Deployment, deployment: Deployment, database: Database, ada: Member
) -> None:
    prompt = f"a fox --seed 5 --repeat 2 {QUICK}"
    red = Upload("red.png", picture("red", (64, 64)))
    async with early.open():
        await ada.wait_for_command("imagine")
        first = await imagine(ada, prompt, image=red)
        second = await ada.wait_for(lambda m: m.id != first.id and WAITS in m.content)
        asked = await question(ada, f"a {{cat, dog}} {QUICK}")
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_bot()
        requests = [await request_of(database, await finished(ada, m)) for m in (first, second)]
        assert [request.noises[0].seed for request in requests] == [5, 6]
        # What is shown is what was drawn: each has a seed of its own, and none is repeated.
        shown = [(await job_of(database, message)).prompt for message in (first, second)]
        assert shown == [f"a fox --seed {seed} {QUICK}" for seed in (5, 6)]
        for request in requests:
            assert request.start is not None
            assert request.start.strength == pytest.approx(0.6)
        await ada.press(asked, "Yes, start them")
        for words in ("a cat", "a dog"):
            said = f"**{words} {QUICK}**"
            shown = await ada.wait_for(
                lambda m, said=said: m.content.startswith(said) and m.attachments
            )
            assert (await request_of(database, shown)).prompt == words


# An old list of models.


def _remember(*models: ModelInfo) -> Callable[[Path], None]:
    text = json.dumps([model.to_json() for model in models])
    return lambda file: _write(file, text.encode())


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def _folder(file: Path) -> None:
    file.mkdir()


OLD = ModelInfo("gone", native_size=64, steps=2, styles={"old": "old {prompt}"})

LISTS: dict[str, Callable[[Path], None]] = {
    "none": lambda _: None,
    "of another server": _remember(OLD),
    "damaged": lambda file: _write(file, b'[{"id": 3}'),
    "no text": lambda file: _write(file, b"\xff\x00"),
    "nested": lambda file: _write(file, b"[" * 100_000),
    "something else": lambda file: _write(file, b'{"data": null}'),
    "a folder": _folder,
    "a link to nowhere": lambda file: file.symlink_to(file.parent / "nowhere" / "models.json"),
}


@pytest.mark.parametrize("name", LISTS)
async def test_no_list_of_models_is_a_reason_to_refuse(
    early: Deployment, deployment: Deployment, database: Database, ada: Member, name: str
) -> None:
    early.settings.data_folder.mkdir(parents=True, exist_ok=True)
    LISTS[name](early.settings.models_file)
    async with early.open():
        await ada.wait_for_command("imagine")
        # The model that is there has no such names, or only the remembered one has none.
        waiting = [
            await imagine(ada, f"a fox {words} {QUICK}") for words in ("", "--v tiny", "--tile")
        ]
        assert all("(Waiting" in message.content for message in waiting)
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_bot()
        for message in waiting:
            grid = await finished(ada, message)
            assert grid.attachments
            assert (await request_of(database, grid)).model == "tiny"


async def test_a_prompt_for_a_model_that_has_gone_is_drawn_by_the_one_that_is_there(
    early: Deployment, deployment: Deployment, database: Database, ada: Member
) -> None:
    early.settings.data_folder.mkdir(parents=True, exist_ok=True)
    _remember(OLD)(early.settings.models_file)
    async with early.open():
        await ada.wait_for_command("imagine")
        usual = await imagine(ada, f"a fox {QUICK}")
        before = ImageRequest.from_json((await job_of(database, usual)).request)
        named = await imagine(ada, f"a fox --v gone {QUICK}")
    await ada.wait_for_bot(online=False)
    async with deployment.open():
        await ada.wait_for_bot()
        grid = await finished(ada, usual)
        after = await request_of(database, grid)
        assert (before.model, after.model) == ("gone", "tiny")
        assert after.noises == before.noises
        assert "There is no model named" in card(await finished(ada, named))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_list_that_may_not_be_read_is_no_reason_to_stop(
    settings: Settings, deployment: Deployment, ada: Member
) -> None:
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    settings.models_file.write_text("[]")
    settings.models_file.chmod(0)
    async with deployment.open():
        await ada.wait_for_command("imagine")
        assert (await finished(ada, await imagine(ada, f"a fox {QUICK}"))).attachments
