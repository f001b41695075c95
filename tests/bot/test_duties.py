"""What one bot at a time does: by the one that lives, and by no other meanwhile."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from bot import duties
from bot.duties import Duties
from storage import duties as stored
from storage.database import Database, migrate

HOLD_S = 1.5


@pytest.fixture
async def bots(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Duties]]:
    await migrate(postgres_url)
    for module in (duties, stored):
        monkeypatch.setattr(module, "HOLD_S", HOLD_S)
    monkeypatch.setattr(duties, "RENEW_INTERVAL_S", HOLD_S / 6)
    monkeypatch.setattr(duties, "ASK_INTERVAL_S", HOLD_S / 12)
    async with AsyncExitStack() as stack:
        yield [Duties(await stack.enter_async_context(Database(postgres_url))) for _ in range(2)]


async def nothing(*_: object) -> None:
    pass


class SharedWork:
    """Which bots do it."""

    def __init__(self) -> None:
        self.doers: list[int] = []
        self.begun = asyncio.Event()

    async def do(self, bot: int) -> None:
        self.doers.append(bot)
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.doers.remove(bot)


@pytest.mark.parametrize("how", ["dies", "stops"])
async def test_another_bot_does_the_shared_work_when_one_is_gone(
    bots: list[Duties], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, tasks = SharedWork(), []
    for number, bot in enumerate(bots):
        loop = functools.partial(work.do, number)
        doing = asyncio.create_task(bot.do_shared_work([loop]))
        tasks.append((doing, asyncio.create_task(bot.keep_renewing())))
    async with asyncio.timeout(60):
        await work.begun.wait()
        # Longer than a duty lasts without being renewed.
        await asyncio.sleep(1.2 * HOLD_S)
        (doer,) = work.doers
        work.begun.clear()
        if how == "dies":  # without laying its duty down
            monkeypatch.setattr(stored, "lay_down", nothing)
        for one in tasks[doer]:
            one.cancel()
        await work.begun.wait()
        assert work.doers == [1 - doer]
    ending = [one for pair in tasks for one in pair]
    for one in ending:
        one.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def test_a_turn_is_one_bots_until_it_is_done(bots: list[Duties]) -> None:
    one, other = bots
    order: list[str] = []

    async def follow() -> None:
        async with other.turn("review:7"):
            order.append("other")

    async with one.turn("review:7"):
        async with one.turn("review:7"):  # the same bot, within it
            pass
        following = asyncio.create_task(follow())
        await asyncio.sleep(HOLD_S / 4)
        order.append("one")
    await following
    assert order == ["one", "other"]
    assert await one.abandoned("review:") == ()


async def test_where_there_is_one_bot_it_does_all(tmp_path: object) -> None:
    async with Database(f"sqlite:///{tmp_path}/none.sqlite") as database:
        work, alone = SharedWork(), Duties(database)
        doing = asyncio.create_task(alone.do_shared_work([lambda: work.do(0)]))
        await work.begun.wait()
        await alone.keep_renewing()  # there is nothing to renew
        async with alone.turn("review:7"):
            assert work.doers == [0]
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        assert work.doers == []


async def test_a_duty_that_is_laid_down_is_not_taken_from_who_takes_it_on_again(
    bots: list[Duties], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same bot: the row that is deleted would be the new one."""
    deleting, may_delete, entered = asyncio.Event(), asyncio.Event(), asyncio.Event()
    lay_down = stored.lay_down

    async def late(*arguments: Any) -> None:
        deleting.set()
        await may_delete.wait()
        await lay_down(*arguments)

    monkeypatch.setattr(stored, "lay_down", late)

    async def once() -> None:
        async with bots[0].turn("review:1"):
            pass

    async def again() -> bool:
        async with bots[0].turn("review:1"), Database(postgres_url) as database:
            entered.set()
            await first
            return await stored.take_on(database, "review:1", "another bot")

    first = asyncio.create_task(once())
    await deleting.wait()
    second = asyncio.create_task(again())
    with contextlib.suppress(TimeoutError):  # it must not come in before the first is through
        await asyncio.wait_for(entered.wait(), HOLD_S / 6)
    may_delete.set()
    assert not await second
