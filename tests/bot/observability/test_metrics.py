"""The bot's metrics, as Prometheus reads them, while real members ask for pictures."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from bot.client import DarkroomBot
from bot.observability.server import CannotListen, watched
from playground import Playground
from playground.app.faults import EDIT_MESSAGE
from playground.testing.member import Member
from storage import jobs
from storage.database import Database, StorageUnavailable
from storage.jobs import FailureCause
from tests.support.bot.job_messages import LONG, caught_at_work, finished, job_id_of


@dataclass(frozen=True, slots=True)
class Scraped:
    """One answer of `/metrics`, or how much one is above another."""

    values: dict[tuple[str, frozenset[tuple[str, str]]], float]

    def of(self, name: str, **labels: str) -> float:
        """The sum of what has these labels, whatever others it has."""
        wanted = set(labels.items())
        return sum(
            value for (one, has), value in self.values.items() if one == name and wanted <= has
        )

    def since(self, earlier: "Scraped") -> "Scraped":
        values = {key: value - earlier.values.get(key, 0) for key, value in self.values.items()}
        return Scraped(values)


@dataclass(frozen=True, slots=True)
class Watching:
    """The pages of a running bot."""

    url: str

    async def text(self) -> str:
        async with ClientSession() as session, session.get(self.url + "/metrics") as response:
            assert response.status == 200
            return await response.text()

    async def scrape(self) -> Scraped:
        return Scraped(
            {
                (sample.name, frozenset(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(await self.text())
                for sample in family.samples
            }
        )


@pytest.fixture
async def watching(bot: DarkroomBot) -> AsyncIterator[Watching]:
    async with watched(bot.figures, "127.0.0.1", 0) as port:
        yield Watching(f"http://127.0.0.1:{port}")


async def test_a_job_is_counted_from_its_command_to_its_end(
    watching: Watching, ada: Member
) -> None:
    before = await watching.scrape()
    await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    gone = (await watching.scrape()).since(before)
    assert gone.of("darkroom_interactions_total", type="application_command") == 1
    assert gone.of("darkroom_interaction_answer_seconds_count", type="application_command") == 1
    assert gone.of("darkroom_interaction_handling_seconds_count", type="application_command") == 1
    handling, whole = (
        gone.of(f"darkroom_interaction_{name}_seconds_sum") for name in ("handling", "answer")
    )
    assert 0 < handling < whole
    for step in ("queued", "claimed", "ended"):
        assert gone.of("darkroom_job_steps_total", step=step, kind="imagine") == 1
    assert gone.of("darkroom_jobs_ended_total") == 1
    assert gone.of("darkroom_jobs_ended_total", state="done", cause="") == 1
    assert gone.of("darkroom_job_wait_seconds_count", mode="fast") == 1
    assert gone.of("darkroom_job_run_seconds_count", kind="imagine") == 1
    assert gone.of("darkroom_discord_answers_total", method="PATCH", status="200") >= 1


async def test_the_queue_is_counted_by_model_and_the_engines_by_their_places(
    watching: Watching, ada: Member, bot: DarkroomBot
) -> None:
    model = await bot.services.registry.default()
    waiting = await ada.slash("darkroom", "imagine", prompt=LONG)
    await caught_at_work(ada, waiting)
    busy = await watching.scrape()
    assert busy.of("darkroom_queue_jobs", state="running", model=model.id) == 1
    assert busy.of("darkroom_queue_jobs", state="queued", model=model.id) == 0
    assert busy.of("darkroom_engine_up") == 1
    assert busy.of("darkroom_engine_jobs") == 1
    assert busy.of("darkroom_engine_places") == 4
    assert busy.of("darkroom_database_up") == 1
    assert busy.of("darkroom_gateway_up") == 1
    await ada.press(waiting, "Cancel")
    await finished(ada, waiting)
    after = await watching.scrape()
    assert after.since(busy).of("darkroom_jobs_ended_total", state="cancelled") == 1
    assert after.of("darkroom_queue_jobs", state="running") == 0


async def test_failures_are_counted_by_cause_and_jobs_of_unknown_models_together(
    watching: Watching, ada: Member, bot: DarkroomBot, database: Database
) -> None:
    grid = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    done = await jobs.get(database, job_id_of(grid))
    assert done is not None
    before = await watching.scrape()
    own = (await watching.text()).count("\n")
    # Without a message they are not claimed.
    for number in range(3):
        request = {**done.request, "model": f"typed-{number}"}
        (job,) = await jobs.add(
            bot.figures.database,
            [_like(done, request)],
            limit=None,
        )
        if number == 0:
            await jobs.fail(bot.figures.database, job.id, "No.", FailureCause.BUG)
    scraped = await watching.scrape()
    assert scraped.since(before).of("darkroom_jobs_ended_total", cause="bug", state="failed") == 1
    assert scraped.of("darkroom_queue_jobs", state="queued", model="other") == 2
    # One line more: models that members can name must not each become a series.
    assert (await watching.text()).count("\n") == own + 1
    # It never ran.
    assert scraped.since(before).of("darkroom_job_run_seconds_count") == 0


def _like(job: jobs.Job, request: dict[str, object]) -> jobs.NewJob:
    return jobs.NewJob(
        kind=job.kind,
        prompt="secret prompt",
        request=request,
        member_id=job.member_id,
        member_name=job.member_name,
        channel_id=job.channel_id,
        server_id=job.server_id,
    )


async def test_discords_refusals_are_counted_by_status_and_whose_limit_it_is(
    watching: Watching, playground: Playground, ada: Member
) -> None:
    before = await watching.scrape()
    playground.faults.rate_limit(EDIT_MESSAGE, retry_after=0.01)
    await finished(ada, await ada.slash("darkroom", "imagine", prompt="a fox --q .25"))
    gone = (await watching.scrape()).since(before)
    assert gone.of("darkroom_discord_answers_total", status="429") >= 1
    assert gone.of("darkroom_discord_rate_limits_total") >= 1


async def test_labels_are_few_and_tell_of_nobody(watching: Watching, ada: Member) -> None:
    waiting = await ada.slash("darkroom", "imagine", prompt="a wombat --q .25")
    grid = await finished(ada, waiting)
    text = await watching.text()
    assert "wombat" not in text
    assert not re.search(r'"\d{15,}"', text), "an id of Discord's is a label"
    for private in (grid.id, grid.channel_id, job_id_of(grid), "Ada", "playground"):
        assert private not in text
    again = await finished(ada, await ada.slash("darkroom", "imagine", prompt="a yak --q .25"))
    assert again.attachments
    assert (await watching.text()).count("\n") == text.count("\n"), "each job adds a series"


async def test_a_database_that_is_away_is_seen_and_stops_no_scrape(
    watching: Watching, database: Database
) -> None:
    before = await watching.scrape()
    await database.close()
    with pytest.raises(StorageUnavailable):
        await jobs.get(database, "0" * 32)
    after = await watching.scrape()
    assert after.of("darkroom_database_up") == 0
    assert after.since(before).of("darkroom_database_errors_total") >= 1
    assert not any(name == "darkroom_queue_jobs" for name, _ in after.values)


async def test_a_port_that_is_taken_is_refused_with_a_sentence(bot: DarkroomBot) -> None:
    async with watched(bot.figures, "127.0.0.1", 0) as port:
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}.*DARKROOM_METRICS_PORT"):
            async with watched(bot.figures, "127.0.0.1", port):
                pass
    async with watched(bot.figures, "127.0.0.1", None) as none:
        assert none is None
