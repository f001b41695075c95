"""Trying again: for as long as it takes, but only what may pass, and never after a cancellation."""

import asyncio

import pytest

from bot.retry import retried, until_stored
from storage.database import StorageUnavailable
from storage.pictures import PicturesUnavailable


class Service:
    """Fails with these errors, one call after another, and answers when there are no more."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0
        self.called = asyncio.Event()

    async def call(self) -> str:
        self.calls += 1
        self.called.set()
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


async def test_it_is_tried_until_there_is_an_answer() -> None:
    service = Service(*[OSError()] * 20)
    assert await retried(service.call, (OSError,), first_pause_s=0, max_pause_s=0) == "answer"
    assert service.calls == 21


async def test_a_long_outage_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    service = Service(*[OSError("away.")] * 1000)
    await retried(service.call, (OSError,), first_pause_s=0, max_pause_s=0)
    assert caplog.text.count("away. Trying again.") == 10  # 1, 2, 4 and so on up to 512


async def test_who_waits_for_pictures_is_told_once_and_not_of_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.retry.STORAGE_RETRY_INTERVAL_S", 0)
    told = []

    async def tell() -> None:
        told.append(service.calls)

    service = Service(StorageUnavailable("database"), *[PicturesUnavailable("pictures")] * 3)
    assert await until_stored(service.call, tell) == "answer"
    assert told == [2]
    service = Service(StorageUnavailable("database"))
    assert await until_stored(service.call, tell) == "answer"
    assert told == [2]


async def test_other_errors_are_raised_at_once() -> None:
    service = Service(OSError(), KeyError())
    with pytest.raises(KeyError):
        await retried(service.call, (OSError,), first_pause_s=0, max_pause_s=0)
    assert service.calls == 2


async def test_a_cancellation_ends_it_also_between_two_tries() -> None:
    service = Service(OSError())
    trying = asyncio.create_task(
        retried(service.call, (OSError,), first_pause_s=60, max_pause_s=60)
    )
    await service.called.wait()
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    assert service.calls == 1
