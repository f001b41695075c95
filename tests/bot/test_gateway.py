"""The bot in shards: all in one process, and some in each of several on one database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise

import pytest
from aiohttp import ClientSession, ServerTimeoutError
from prometheus_client.parser import text_string_to_metric_families

from bot import gateway
from bot.client import DarkroomBot
from bot.config import Settings
from bot.delivery.messenger import MessageState, Messenger
from bot.gateway import SESSION_INTERVAL_S, SessionStarts
from bot.observability.server import watched
from bot.policy import places
from playground import Playground
from playground.app.faults import GATEWAY, READ_MESSAGE
from playground.state.limits import Limits
from playground.testing.member import Member, NoAnswer
from storage.database import Database, migrate
from tests.support.bot.deployment import PATIENT, Deployment
from tests.support.bot.job_messages import drawn, finished, letter, told, written
from tests.support.processes import RunningProcess

REGISTERED = "PUT /applications/{application_id}/commands"
MEMBERS = "GET /guilds/{guild_id}/members/{user_id}"
FIND_ANSWER = "GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
PROMPT = "a red fox"


@pytest.fixture
def limits() -> Limits:
    """Four shards are recommended, which may all begin at once."""
    return replace(PATIENT, shards=4, max_concurrency=4)


async def until_connected(*bots: DarkroomBot) -> None:
    while not all(bot.figures.is_connected for bot in bots):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def gauges(bot: DarkroomBot, name: str) -> dict[str, float]:
    """The values of a metric by shard."""
    families = text_string_to_metric_families((await bot.figures.text()).decode())
    (family,) = (one for one in families if one.name == name)
    return {sample.labels["shard"]: sample.value for sample in family.samples}


async def test_one_process_has_as_many_shards_as_discord_recommends(
    deployment: Deployment, playground: Playground, ada: Member
) -> None:
    first = playground.administration.shard_of_server(4)
    other = (first + 1) % 4
    playground.administration.add_server("Second", "second", (other, 4))
    async with deployment.open() as bot:
        await ada.wait_for_command("imagine")
        await until_connected(bot)
        assert bot.figures.shards() == dict.fromkeys(range(4), True)
        for channel in ("darkroom", "second", "dm"):
            assert (await drawn(ada, PROMPT, channel)).attachments
        there = await gauges(bot, "darkroom_shard_servers")
        assert there == {str(one): float(one in (first, other)) for one in range(4)}
        assert await gauges(bot, "darkroom_shard_up") == {str(one): 1.0 for one in range(4)}
        async with watched(bot.figures, "127.0.0.1", 0) as port, ClientSession() as session:
            held = playground.faults.hold(GATEWAY)
            await playground.faults.drop(shard=other)
            await held.waiting.wait()
            async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                assert answer.status == 503
                said = await answer.json()
            held.release()
        assert said["gateway"] is False
        assert said["shards"] == {str(one): one != other for one in range(4)}
    assert sum(request.route == REGISTERED for request in playground.requests) == 1


async def test_a_shard_that_is_cut_off_resumes_by_itself_whatever_else_is_away(
    deployment: Deployment, playground: Playground, ada: Member
) -> None:
    playground.administration.add_server("South", "south", (1, 4))
    resumed: asyncio.Queue[int] = asyncio.Queue()
    async with deployment.open() as bot:

        async def on_shard_resumed(shard_id: int) -> None:
            resumed.put_nowait(shard_id)

        bot.add_listener(on_shard_resumed)
        await ada.wait_for_command("imagine")
        await until_connected(bot)
        await playground.faults.drop(shard=1)
        assert await resumed.get() == 1
        assert (await drawn(ada, PROMPT, "south")).attachments
        # Also when the first attempt fails: the session is still there.
        playground.faults.fail(GATEWAY)
        await playground.faults.drop(shard=1)
        while bot.figures.is_connected:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert bot.figures.shards() == {0: True, 1: False, 2: True, 3: True}
        assert await resumed.get() == 1
        await until_connected(bot)


# ---------------------------------------------------------------------- several processes


@pytest.fixture
async def halves(
    settings: Settings, database: Database, playground: Playground, ada: Member
) -> AsyncIterator[tuple[DarkroomBot, DarkroomBot]]:
    """Two bots on one database, each with one of two shards: “North” is on the first's, “South” on
    the second's."""
    playground.administration.add_server("North", "north", (0, 2))
    playground.administration.add_server("South", "south", (1, 2))
    async with AsyncExitStack() as stack:
        bots = []
        for shards in ("0/2", "1/2"):
            own = settings.model_copy(update={"shards": shards})
            bots.append(await stack.enter_async_context(Deployment(own, database).open()))
        await ada.wait_for_command("imagine")
        await until_connected(*bots)
        yield bots[0], bots[1]


async def test_each_has_its_servers_and_one_registers_the_commands(
    halves: tuple[DarkroomBot, DarkroomBot], playground: Playground, ada: Member
) -> None:
    names = [{guild.name for guild in bot.guilds} for bot in halves]
    assert "North" in names[0] - names[1]
    assert "South" in names[1] - names[0]
    assert [bot.figures.shards() for bot in halves] == [{0: True}, {1: True}]
    assert sum(request.route == REGISTERED for request in playground.requests) == 1
    assert halves[0].command_ids
    while halves[1].command_ids != halves[0].command_ids:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    for channel in ("north", "south", "dm"):
        assert (await drawn(ada, PROMPT, channel)).attachments


async def test_a_new_server_is_greeted_once_and_set_up_in_direct_messages_of_another_process(
    halves: tuple[DarkroomBot, DarkroomBot], playground: Playground, owner: Member
) -> None:
    playground.administration.add_server("Far", "far", (1, 2))
    panel = await owner.wait_for(lambda m: "Far" in written(m))
    assert panel.channel_id == (await owner.say("dm", "thanks")).channel_id
    # Direct messages come to the first shard, whose cache does not know this server.
    panel = (await owner.press(panel, "friends: no limit")).message
    assert panel.button("✓ friends: no limit")
    panel = (await owner.press(panel, "Draw the first picture")).message
    await finished(owner, await owner.wait_for(lambda m: "a red fox" in m.content))
    assert len([one for one in await owner.messages("dm") if "Far" in written(one)]) == 1


async def test_who_left_a_server_of_another_process_is_known_there_and_in_direct_messages(
    halves: tuple[DarkroomBot, DarkroomBot],
    playground: Playground,
    ada: Member,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "CACHE_LIFETIME_S", 0.0)
    grid = await drawn(ada, PROMPT, "south")
    await ada.menu(grid, "Send to me")
    sent = await letter(ada, grid)
    playground.faults.remove_member("Ada", server="South")
    answer = await ada.press(sent, "V1")
    assert "no longer a member" in await told(ada, answer.message)
    # On another server of the bot they are still: their own pictures go on.
    assert (await drawn(ada, PROMPT, "dm")).attachments
    for server in ("North", "Darkroom Playground"):
        playground.faults.remove_member("Ada", server=server)
    answer = await ada.slash("dm", "imagine", prompt=PROMPT)
    assert "no longer a member" in await told(ada, answer)


async def test_a_thread_of_another_process_is_as_restricted_as_its_channel(
    halves: tuple[DarkroomBot, DarkroomBot], playground: Playground, owner: Member
) -> None:
    there = playground.administration
    server_id = next(guild.id for guild in halves[1].guilds if guild.name == "South")
    thread = there.add_thread("sketches", "south")
    await owner.restrict_age("south")
    for bot in halves:
        place = await bot.services.gate.places.of_channel(server_id, thread)
        assert place.for_adults
    await owner.restrict_age("south", False)
    place = await halves[0].services.gate.places.of_channel(server_id, thread)
    assert not place.for_adults


# ---------------------------------------------------------------------- new sessions


async def test_buckets_are_kept_apart_and_within_one_there_is_time_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept_s: list[float] = []
    clock_s = 1000.0

    async def sleep(seconds: float) -> None:
        nonlocal clock_s
        slept_s.append(seconds)
        clock_s += seconds

    class Loop:
        def time(self) -> float:
            return clock_s

    monkeypatch.setattr(gateway.asyncio, "sleep", sleep)
    monkeypatch.setattr(gateway.asyncio, "get_running_loop", Loop)
    starts, began_s = SessionStarts(None), []
    starts.max_concurrency = 2
    for shard in (0, 1, 2, 3, 4):
        await starts.wait(shard)
        began_s.append(clock_s)
    assert began_s[0] == began_s[1]
    for bucket in (began_s[0::2], began_s[1::2]):
        assert all(later - one >= SESSION_INTERVAL_S for one, later in pairwise(bucket))
    slept_s.clear()
    clock_s += 3600
    await starts.wait(0)
    assert [1 <= seconds <= 5 for seconds in slept_s] == [True]


async def test_without_the_database_a_process_keeps_its_own_turns(database: Database) -> None:
    await database.close()
    starts = SessionStarts(database)
    await starts.wait(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await starts.wait(1)


@pytest.mark.parametrize(
    "limits",
    [replace(PATIENT, interaction_deadline=8, identify_window=5)],
    ids=["one session in 5 s"],
)
async def test_of_two_processes_one_is_killed_and_the_other_goes_on(
    settings: Settings, postgres_url: str, playground: Playground, ada: Member, database: Database
) -> None:
    playground.administration.add_server("North", "north", (0, 2))
    playground.administration.add_server("South", "south", (1, 2))
    await migrate(postgres_url)
    environment = Deployment(settings, database).environment() | {"DATABASE_URL": postgres_url}

    def half(shards: str) -> RunningProcess:
        return RunningProcess("-m", "bot", "bot", "--shards", shards, environment=environment)

    async with half("0/2") as north:
        async with half("1/2") as south:
            await north.printed("connected as")
            await south.printed("connected as")
            await ada.wait_for_command("imagine")
            for channel in ("north", "south", "dm"):
                assert (await drawn(ada, PROMPT, channel)).attachments
        # Killed: its members see what Discord itself says.
        with pytest.raises(NoAnswer):
            await ada.slash("south", "imagine", prompt=PROMPT)
        assert (await drawn(ada, PROMPT, "north")).attachments
        async with half("1/2") as south:
            await south.printed("connected as")
            assert (await drawn(ada, PROMPT, "south")).attachments
            for process in (north, south):
                assert "invalidated" not in process.output


async def test_a_request_whose_connection_is_dead_ends_in_time(
    bot: DarkroomBot, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "MAX_SILENCE_S", 0.5)
    bot.bound_requests()
    channel = playground.administration.channel_id("darkroom")
    hold = playground.faults.hold(READ_MESSAGE)
    answers = playground.faults.hold(FIND_ANSWER)
    messenger = Messenger(bot)
    # By the library's own client, and by the one that it has for tokens.
    for token in (None, "a-token"):
        with pytest.raises(ServerTimeoutError):
            await messenger.state_of(channel, 1, token)
    hold.release()
    answers.release()
    assert await messenger.state_of(channel, 1) is MessageState.DELETED


async def test_a_request_that_is_given_up_at_the_limit_on_everything_holds_up_no_other(
    bot: DarkroomBot, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "MAX_GLOBAL_PAUSE_S", 0.1)
    bot.bound_requests()
    channel, messenger = playground.administration.channel_id("darkroom"), Messenger(bot)
    playground.faults.rate_limit(READ_MESSAGE, retry_after=3600, everywhere=True)
    given_up = asyncio.create_task(messenger.state_of(channel, 1))
    while bot.http._global_over.is_set():  # noqa: ASYNC110 - nobody is told that it is cleared
        await asyncio.sleep(0)
    given_up.cancel()
    async with asyncio.timeout(30):
        assert await messenger.state_of(channel, 1) is MessageState.DELETED
