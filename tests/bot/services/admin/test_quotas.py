"""Quotas by role over the real client: refused before anything is queued, and given back once."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import delete

from bot.client import DarkroomBot
from playground import Playground, running_playground
from playground.state.limits import Limits
from playground.state.people import Role
from playground.state.world import World
from playground.testing.member import Member
from playground.testing.views import Message
from storage import jobs
from storage.database import Database, migrate
from storage.models import JobState, SessionStartRow
from storage.rules import quotas
from storage.rules.quotas import Allowance, Period, Quota
from tests.support.bot.deployment import Deployment
from tests.support.bot.job_messages import (
    LONG,
    answered,
    card,
    caught_at_work,
    drawn,
    finished,
    job_of,
    question,
    told,
    whoever,
)
from tests.support.processes import RunningProcess
from tests.support.stored_jobs import until

SUPPORTER = 4_000_000_000_000_000_001
FOUR = "a fox --steps 1"


@pytest.fixture
async def playground(limits: Limits) -> AsyncIterator[Playground]:
    """With one more role, which Ada has."""
    async with running_playground(limits=limits) as playground:
        world = world_of(playground)
        # On both servers: the stand-in's people have one list of roles.
        for guild in list(world.guilds.values()):
            roles = (*guild.roles, Role(SUPPORTER, "Supporter", 0, 2))
            world.guilds[guild.id] = replace(guild, roles=roles)
        world.guild = world.guilds[world.guild.id]
        with_roles(playground, "Ada", SUPPORTER)
        yield playground
        assert not playground.violations


def world_of(playground: Playground) -> World:
    return playground.faults._world


def with_roles(playground: Playground, name: str, *roles: int) -> None:
    member = world_of(playground).find_person(name)
    world_of(playground).members[member.user.id] = replace(member, roles=roles)


async def set_quota(
    database: Database, playground: Playground, quota: Quota, role: int | None = None
) -> None:
    server_id = world_of(playground).guild.id
    await quotas.change_quota(database, server_id, role or server_id, lambda _: quota)


async def used(database: Database, playground: Playground, name: str) -> int:
    member = world_of(playground).find_person(name).user.id
    usage = await quotas.get_usage(database, world_of(playground).guild.id, member)
    return usage.of(Period.MONTH).pictures


async def test_what_is_over_the_quota_is_refused_and_cancelling_gives_back(
    bot: DarkroomBot, playground: Playground, owner: Member, database: Database
) -> None:
    """Also for whoever manages the server."""
    saved = await owner.slash("darkroom", "server quota set", pictures=6, per="month")
    assert "@everyone:** 6 pictures a month · 3 jobs at a time" in await told(owner, saved)
    waiting = await owner.slash("darkroom", "imagine", prompt=LONG)
    refusal = await owner.slash("darkroom", "imagine", prompt=FOUR)
    words = await told(owner, refusal)
    assert "Quota used up" in words
    assert "You have used 4 of 6 pictures this month, and this would add 4." in words
    assert "You can go on <t:" in words
    assert FOUR in (await owner.wait_for(lambda m: m.id == refusal.id)).content
    assert len(await jobs.open_jobs(database, whoever(refusal))) == 1
    assert "4 of 6 a month, 2 left; renews <t:" in await told(
        owner, await owner.slash("darkroom", "info")
    )
    await owner.press(waiting, "Cancel")
    await finished(owner, waiting)
    assert await used(database, playground, "you") == 0
    assert not (await owner.slash("darkroom", "imagine", prompt=FOUR)).ephemeral


async def test_the_refusal_is_in_german_too(
    bot: DarkroomBot, playground: Playground, database: Database
) -> None:
    await set_quota(database, playground, Quota(Allowance(1, Period.HOUR)))
    async with Member(playground.url, "Ben", timeout=120, locale="de") as ben:
        words = await told(ben, await ben.slash("darkroom", "imagine", prompt=FOUR))
    assert "Kontingent verbraucht" in words
    assert "Du hast in dieser Stunde 0 von 1 Bildern verbraucht, und hier kämen 4 dazu." in words
    assert "Fordere höchstens 1 Bilder auf einmal an" in words


async def test_after_a_restart_on_an_old_message_and_by_whose_role_was_taken(
    deployment: Deployment, playground: Playground, ada: Member, database: Database
) -> None:
    await set_quota(database, playground, Quota(Allowance(4)))
    await set_quota(database, playground, Quota(Allowance(12), weight=3), SUPPORTER)
    async with deployment.open():
        await ada.wait_for_command("imagine")
        grid = await drawn(ada, "a fox")
        job = await job_of(database, grid)
        assert (job.counted_pictures, job.weight, job.at_a_time) == (4, 3, 3)
    async with deployment.open() as bot:
        await bot.wait_until_ready()
        again = (await ada.press(grid, "🔄")).message
        await finished(ada, again)
        with_roles(playground, "Ada")
        refusal = (await ada.press(grid, "🔄")).message
        assert "You have used 8 of 4 pictures today" in await told(ada, refusal)
        # What only shows a stored picture costs nothing.
        single = await finished(ada, (await ada.press(grid, "U1")).message)
        assert single.attachments
        assert await used(database, playground, "Ada") == 8
        refusal = (await ada.press(single, "Upscale (Subtle)")).message
        assert "Quota used up" in await told(ada, refusal)


async def test_a_confirmed_batch_counts_when_it_is_confirmed_and_keeps_the_jobs_at_a_time(
    bot: DarkroomBot, playground: Playground, owner: Member, database: Database
) -> None:
    await owner.slash("darkroom", "server quota set", jobs=2, pictures=5)
    asked = await question(owner, "a fox --steps 1 --n 1 --r 4")
    assert "Otherwise you may have 2 at a time here" in card(asked)
    assert await used(database, playground, "you") == 0
    await owner.press(asked, "Yes, start them")
    await answered(owner, asked, "4 jobs started")
    assert await used(database, playground, "you") == 4
    for job in await jobs.open_jobs(database, whoever(asked)):
        assert job.at_a_time == 2
    refusal = await owner.slash("darkroom", "imagine", prompt="a {red, blue} fox --n 1")
    assert "this would add 2" in await told(owner, refusal)


async def test_gpu_seconds_and_a_cooldown(
    bot: DarkroomBot, playground: Playground, ada: Member, database: Database
) -> None:
    await set_quota(database, playground, Quota(cooldown_s=86_400))
    grid = await drawn(ada, "a fox")
    words = await told(ada, await ada.slash("darkroom", "imagine", prompt=FOUR))
    assert "Here you may ask for pictures once in 86,400 seconds." in words
    assert not await jobs.open_jobs(database, whoever(grid))
    await set_quota(database, playground, Quota(gpu_seconds=Allowance(1, Period.MONTH)))
    job = await job_of(database, grid)
    async with database.transaction() as session:
        server_id, at = world_of(playground).guild.id, job.created_at
        await quotas.charge(session, server_id, job.member_id, at, 2000)
    words = await told(ada, (await ada.press(grid, "V1")).message)
    assert "of 1 GPU seconds this month." in words


async def test_only_who_manages_the_server_sets_quotas(
    bot: DarkroomBot, playground: Playground, owner: Member, database: Database
) -> None:
    shown = await told(owner, await owner.slash("darkroom", "server quota preset", kind="public"))
    assert "20 pictures a day · 300 GPU seconds a day · 1 job at a time" in shown
    assert "15 s between requests" in shown
    await set_quota(database, playground, Quota(weight=5), SUPPORTER)
    shown = await told(owner, await owner.slash("darkroom", "server quota show"))
    assert f"<@&{SUPPORTER}>:** weight 5" in shown
    shown = await told(owner, await owner.slash("darkroom", "server quota clear"))
    assert "@everyone:** 1 job at a time" in shown
    assert await quotas.get_quotas(database, world_of(playground).guild.id) == {
        SUPPORTER: Quota(weight=5)
    }


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, deployment: Deployment) -> str:
    if request.param == "sqlite":
        return deployment.settings.database
    return str(request.getfixturevalue("postgres_url"))


async def test_a_bot_that_is_killed_between_queueing_and_failing_gives_back_once(
    deployment: Deployment, playground: Playground, ada: Member, url: str
) -> None:
    await migrate(url)
    environment = {**deployment.environment(), "DATABASE_URL": url}
    # What is queued shall not be done before the bot is killed.
    environment["DARKROOM_JOBS_AT_ONCE"] = "1"
    async with Database(url) as database:
        async with RunningProcess("-m", "bot", "bot", environment=environment) as process:
            await ada.wait_for_command("imagine")
            running = await ada.slash("darkroom", "imagine", prompt=LONG)
            await caught_at_work(ada, running)
            queued = await asyncio.gather(
                *(ada.slash("darkroom", "imagine", prompt=LONG) for _ in range(2))
            )
            # A bot that is late answers with an empty message first.
            shown = [
                await ada.wait_for(lambda m, sent=one: m.id == sent.id and bool(m.buttons))
                for one in queued
            ]
            ids = [(await job_of(database, one)).id for one in shown]
            # Who is killed before a message is noted posts another, and the first stays as it is.
            await until(lambda: all_noted(database))
            assert await used(database, playground, "Ada") == 12
            process.send(signal.SIGKILL)
            await process.wait()
        assert await used(database, playground, "Ada") == 12
        await jobs.fail(database, (await job_of(database, running)).id, "No.")
        assert await used(database, playground, "Ada") == 8
        # Or the next bot waits for seconds before it connects, and draws what is queued meanwhile.
        async with database.transaction() as session:
            await session.execute(delete(SessionStartRow))
        async with RunningProcess("-m", "bot", "bot", environment=environment):
            await ada.wait_for_command("imagine")
            await cancel(ada, queued[0])
            assert await used(database, playground, "Ada") == 4
            await finished(ada, queued[1])
        assert await used(database, playground, "Ada") == 4
        ended = [await jobs.get(database, one) for one in ids]
        states = [job and job.state for job in ended]
        assert states == [JobState.CANCELLED, JobState.DONE]


async def all_noted(database: Database) -> bool:
    return not await jobs.without_message(database)


async def cancel(member: Member, message: Message) -> None:
    await member.press(message, "Cancel")
    await finished(member, message)
