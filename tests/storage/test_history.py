"""Search in past jobs: only one's own, words taken literally, favourites first, in pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from storage import history, jobs, members
from storage.database import Database
from storage.models import JobKind, JobMode, JobRow, JobState
from storage.pictures import NewPicture, picture_id
from tests.support.stored_jobs import claim, new_job, queue, read

ADA, BEN = 11, 12


async def done(database: Database, prompt: str, member_id: int = ADA, **changes: Any) -> str:
    """The id of a finished job with one picture."""
    (job,) = await queue(database, member_id, prompt=prompt, **changes)
    await claim(database)
    picture = NewPicture(0, 7, 64, 64, "ab" * 32, f"{job.id}.png", 400)
    assert await jobs.finish(database, job.id, [picture])
    return job.id


async def found(database: Database, *words: str, offset: int = 0, limit: int = 9) -> list[str]:
    page = await history.search(database, ADA, words, offset=offset, limit=limit)
    return [job.prompt for job in page.jobs]


async def test_all_words_have_to_be_there_whatever_they_are(database: Database) -> None:
    for prompt in ("a red Fox", "a fox 100%", "a_fox", "a blue cat"):
        await done(database, prompt)
    await done(database, "a fox of another's", BEN)
    await queue(database, ADA, prompt="a fox that waits")
    assert await found(database, "fox") == ["a_fox", "a fox 100%", "a red Fox"]
    assert await found(database, "FOX", "red") == ["a red Fox"]
    assert await found(database, "%") == ["a fox 100%"]
    assert await found(database, "_") == ["a_fox"]
    assert await found(database, "dog") == []


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        ("Ein ÄRGERLICHER Bär", "ärgerlicher"),
        ("ein ärgerlicher bär", "BÄR"),
        ("große Straße", "GROSSE"),
        ("GROSSE STRASSE", "straße"),
        ("ЛИСА на снегу", "лиса"),
        ("ΦΩΣ και σκιά", "φως"),
        ("un été", "e\u0301te\u0301"),
        ("un e\u0301te\u0301", "ÉTÉ"),
        ("ＦＯＸ", "fox"),
    ],
)
async def test_capital_letters_are_as_good_as_small_ones_in_every_script(
    database: Database, prompt: str, word: str
) -> None:
    await done(database, "a fax")
    await done(database, prompt)
    assert await found(database, word) == [prompt]
    assert await history.past_prompts(database, ADA, (word,), 9) == (prompt,)


async def test_favourites_come_first_then_the_newest_page_by_page(database: Database) -> None:
    ids = [await done(database, f"fox {number}") for number in range(5)]
    await members.toggle_favourite(database, ADA, "Ada", picture_id(ids[1], 0))
    await members.toggle_favourite(database, BEN, "Ben", picture_id(ids[0], 0))
    page = await history.search(database, ADA, (), offset=0, limit=2)
    assert [job.prompt for job in page.jobs] == ["fox 1", "fox 4"]
    assert page.favourites == {ids[1]}
    assert page.total == 5
    assert await found(database, offset=4, limit=2) == ["fox 0"]


async def test_a_search_finds_only_the_kinds_it_is_for(database: Database) -> None:
    for number, kind in enumerate(JobKind):
        await done(database, f"fox {number}", kind=kind)
    kinds = (JobKind.ZOOM, JobKind.PAN)
    page = await history.search(database, ADA, ("fox",), offset=0, limit=1, kinds=kinds)
    assert page.total == 2
    assert [job.kind for job in page.jobs] == [JobKind.PAN]
    everything = await history.search(database, ADA, (), offset=0, limit=20)
    assert {job.kind for job in everything.jobs} == set(JobKind)


async def test_a_search_of_favourites_finds_ones_own_alone(database: Database) -> None:
    ids = [await done(database, f"fox {number}") for number in range(3)]
    await members.toggle_favourite(database, ADA, "Ada", picture_id(ids[1], 0))
    await members.toggle_favourite(database, BEN, "Ben", picture_id(ids[0], 0))
    page = await history.search(database, ADA, (), offset=0, limit=9, favourites_only=True)
    assert [job.id for job in page.jobs] == [ids[1]]
    assert page.total == 1


async def test_past_prompts_are_told_once_the_latest_first(database: Database) -> None:
    for prompt in ("a fox", "a cat", "a fox"):
        await done(database, prompt)
    parent = await done(database, "a fox")
    await jobs.add(
        database, [new_job(ADA, kind=JobKind.VARY, prompt="a dog", parent_id=parent)], limit=None
    )
    assert await history.past_prompts(database, ADA, (), 9) == ("a fox", "a cat")
    assert await history.past_prompts(database, ADA, ("ca",), 9) == ("a cat",)
    assert await history.past_prompts(database, BEN, (), 9) == ()


async def test_a_job_is_found_by_its_message_and_by_the_beginning_of_its_id(
    database: Database,
) -> None:
    first, second = await queue(database, ADA, count=2)
    assert first.message_id is not None
    assert await history.of_message(database, first.message_id) == await read(database, first.id)
    assert await history.of_message(database, 1) is None
    assert await history.named(database, ADA, first.id[:10]) == (await read(database, first.id),)
    assert len(await history.named(database, ADA, "")) == 2
    assert await history.named(database, ADA, "%") == ()
    assert await history.named(database, BEN, first.id) == ()
    newest = await history.latest(database, ADA)
    assert newest is not None
    assert newest.id == second.id
    assert await history.latest(database, BEN) is None


async def test_a_line_of_descent_leads_back_to_the_prompt(database: Database) -> None:
    line = [await done(database, "a fox")]
    for _ in range(2):
        new = new_job(ADA, kind=JobKind.VARY, parent_id=line[-1], parent_index=0)
        (job,) = await jobs.add(database, [new], limit=None)
        line.append(job.id)
    back = await history.ancestors(database, await read(database, line[-1]))
    assert [job.id for job in back] == [line[1], line[0]]


async def test_the_latest_jobs_say_how_long_the_next_may_run(database: Database) -> None:
    assert await history.run_seconds(database) is None
    now = datetime.now(UTC)
    for seconds in (10, 20):
        job_id = await done(database, "a fox")
        async with database.transaction() as session:
            await session.execute(
                update(JobRow)
                .where(JobRow.id == job_id)
                .values(started_at=now - timedelta(seconds=seconds), finished_at=now)
            )
    await queue(database, ADA)
    assert await history.run_seconds(database) == 15


async def test_the_queue_tells_what_runs_and_what_waits_in_turn(database: Database) -> None:
    await queue(database, ADA, count=2)
    (hurried,) = await queue(database, ADA, mode=JobMode.TURBO)
    running = await claim(database)
    assert running.id == hurried.id
    (bens,) = await queue(database, BEN)
    shown = await jobs.in_queue(database)
    assert [job.id for job in shown.running] == [running.id]
    assert shown.running[0].state is JobState.RUNNING
    assert shown.waiting[0].id == bens.id
    assert len(shown.waiting) == 3


async def test_the_servers_of_a_member_are_known_the_latest_first(database: Database) -> None:
    for server_id in (10, 20, None, 10, 30):
        await queue(database, 1, server_id=server_id)
    await queue(database, 2, server_id=40)
    assert await history.servers_of(database, 1, 9) == (30, 10, 20)
    assert await history.servers_of(database, 1, 2) == (30, 10)
    assert await history.servers_of(database, 3, 9) == ()


async def test_a_search_looks_at_some_jobs_at_a_time_and_at_all_in_the_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_SEARCHED_JOBS", 3)
    made = [await done(database, f"fox {number}", ADA) for number in range(8)]
    await members.toggle_favourite(database, ADA, "Ada", f"{made[0]}_0")
    newest = made[::-1]

    async def portion(number: int, *words: str) -> tuple[list[str], bool]:
        found = await history.search(database, ADA, words, offset=0, limit=9, portion=number)
        assert found.total == len(found.jobs)
        return [job.id for job in found.jobs], found.has_older

    assert await portion(0) == ([made[0], *newest[:3]], True)  # favourites are never too old
    assert await portion(1) == (newest[3:6], True)
    assert await portion(2) == ([made[0], made[1]], False)
    assert await portion(3) == ([], False)
    assert await portion(0, "fox", "2") == ([], True)
    assert await portion(1, "fox", "2") == ([made[2]], True)
    found = await history.search(database, ADA, [], offset=0, limit=9)
    assert found.searched == range(3)
    monkeypatch.setattr(history, "MAX_SEARCHED_JOBS", 8)
    found = await history.search(database, ADA, [], offset=0, limit=9)
    assert (found.searched, found.has_older, found.total) == (None, False, 8)
