"""Places that callers share: nobody has them all, and whoever comes later finds some."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffusion.engine.shares import ADDRESS_SHARE, Caller, QueueFull, Shares
from diffusion.server.work_queue import WorkQueue

ALICE, BOB = Caller("192.0.2.1", "alice"), Caller("192.0.2.1", "bob")
ELSEWHERE = Caller("192.0.2.9")


def _fill(shares: Shares, caller: Caller) -> int:
    """How many places the caller gets."""
    before = shares.held

    def fill() -> None:
        for _ in range(1000):
            shares.take(caller)

    with pytest.raises(QueueFull) as full:
        fill()
    assert full.value.own
    return shares.held - before


def test_one_user_has_half_of_the_places_and_one_address_three_quarters() -> None:
    shares = Shares(64)
    assert _fill(shares, ALICE) == 32
    assert _fill(shares, BOB) == 16
    assert _fill(shares, ELSEWHERE) > 0


def test_an_address_that_makes_up_users_leaves_room_for_others() -> None:
    shares = Shares(64)
    for number in range(1000):
        try:
            shares.take(Caller("192.0.2.1", f"user-{number}"))
        except QueueFull:
            break
    assert shares.held == 48
    shares.take(ELSEWHERE)


def test_the_only_place_is_for_whoever_comes_first() -> None:
    shares = Shares(1)
    shares.take(ALICE)
    with pytest.raises(QueueFull) as full:
        shares.take(ELSEWHERE)
    assert not full.value.own
    shares.give_back(ALICE)
    shares.take(ELSEWHERE)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        (None, "", True),
    ],
)
def test_an_address_is_a_machine(one: str | None, other: str | None, same: bool) -> None:
    assert (Caller.at(one) == Caller.at(other)) == same


@given(st.lists(st.tuples(st.sampled_from([ALICE, BOB, ELSEWHERE]), st.integers(1, 9))))
def test_what_is_given_back_is_free_again(taken: list[tuple[Caller, int]]) -> None:
    shares, got = Shares(20), []
    for caller, count in taken:
        before = shares.held
        try:
            shares.take(caller, count)
        except QueueFull:
            assert shares.held == before
        else:
            got.append((caller, count))
            of_address = sum(n for one, n in got if one.address == caller.address)
            assert of_address <= ADDRESS_SHARE * (20 - before)
        assert shares.held == sum(count for _, count in got) <= 20
    for caller, count in got:
        shares.give_back(caller, count)
    assert shares.held == 0
    shares.take(ALICE, 20)


# The queue for a thread.


class Work:
    """Work whose ends the test decides."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.abandoned: list[str] = []
        self._let = threading.Semaphore(0)

    def named(self, name: str) -> Callable[[threading.Event], str]:
        def work(abandoned: threading.Event) -> str:
            self.began.append(name)
            assert self._let.acquire(timeout=60)
            if abandoned.is_set():
                self.abandoned.append(name)
            return name

        return work

    def let(self, count: int = 1) -> None:
        for _ in range(count):
            self._let.release()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - a thread changes it
            await asyncio.sleep(0.001)


async def test_work_that_nobody_waits_for_leaves_the_queue_at_once() -> None:
    queue, work = WorkQueue("test", 16), Work()
    running = asyncio.create_task(queue.run(ALICE, work.named("running")))
    await _until(lambda: work.began == ["running"])
    for round_ in range(50):
        asked = asyncio.create_task(queue.run(ALICE, work.named(f"left {round_}")))
        await asyncio.sleep(0)
        assert queue.waiting == 1
        asked.cancel()
        await asyncio.wait([asked])
        assert queue.waiting == 0
    last = asyncio.create_task(queue.run(BOB, work.named("last")))
    work.let(2)
    assert await running == "running"
    assert await last == "last"
    assert work.began == ["running", "last"]
    queue.close()


async def test_work_that_runs_is_told_that_nobody_waits_and_holds_its_place_until_it_ends() -> None:
    queue, work = WorkQueue("test", 1), Work()
    running = asyncio.create_task(queue.run(ALICE, work.named("running")))
    await _until(lambda: work.began == ["running"])
    running.cancel()
    await asyncio.wait([running])
    with pytest.raises(QueueFull):
        await queue.run(BOB, work.named("too early"))
    work.let()
    await _until(lambda: work.abandoned == ["running"])
    await _until(lambda: queue._idle == 1)
    work.let()
    assert await queue.run(BOB, work.named("next")) == "next"
    queue.close()


async def test_callers_take_turns() -> None:
    queue, work = WorkQueue("test", 16), Work()
    asked = [
        asyncio.create_task(queue.run(caller, work.named(name)))
        for caller, name in ((ALICE, "a1"), (ALICE, "a2"), (ALICE, "a3"), (BOB, "b1"), (BOB, "b2"))
    ]
    await asyncio.sleep(0)
    work.let(5)
    await asyncio.gather(*asked)
    assert work.began == ["a1", "b1", "a2", "b2", "a3"]
    queue.close()


async def test_what_work_raises_is_raised_and_the_next_is_done() -> None:
    queue = WorkQueue("test", 1)
    with pytest.raises(ZeroDivisionError):
        await queue.run(ALICE, lambda _: 1 / 0)
    assert await queue.run(ALICE, lambda _: 7) == 7
    queue.close()
