"""One check that hangs or fails takes nothing from the others."""

import asyncio
import threading
from collections.abc import Iterable

import pytest

from bot.config import Settings
from bot.doctor import examination, threads
from bot.doctor.check import Check, Installation, NotApplicable
from bot.doctor.checks.versions import VersionsCheck
from bot.doctor.discord_login import DiscordLogin
from bot.doctor.examination import examine
from bot.doctor.findings import Finding, Level
from bot.doctor.threads import TooManyThreads, in_thread
from bot.i18n.texts import Text, say


class _Probe(Check[None]):
    def judge(self, facts: None) -> Iterable[Finding]:
        return [Finding(self.name, Level.OK, Text("doctor-disk.room"))]


class Hanging(_Probe):
    name = "disk"

    def __init__(self) -> None:
        self.released = threading.Event()

    async def gather(self, installation: Installation) -> None:
        await in_thread(self.released.wait)


class Failing(_Probe):
    name = "clock"

    async def gather(self, installation: Installation) -> None:
        raise ZeroDivisionError("by a mistake of ours")


class Idle(_Probe):
    name = "token"

    async def gather(self, installation: Installation) -> None:
        raise NotApplicable


@pytest.fixture
def installation() -> Installation:
    return Installation(Settings(_env_file=None), DiscordLogin(None))


async def test_a_check_that_hangs_or_fails_is_a_problem_of_its_own(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "CHECK_TIMEOUT_S", 2)
    hanging = Hanging()
    found = await examine(installation, [hanging, Failing(), Idle(), VersionsCheck()])
    hanging.released.set()
    hung, failed, *versions = found
    assert (hung.check, hung.level) == ("disk", Level.PROBLEM)
    assert say(hung.text) == "The check “Disk” did not end within 2 seconds."
    assert (failed.check, failed.level) == ("clock", Level.PROBLEM)
    assert failed.detail == "ZeroDivisionError: by a mistake of ours"
    assert "mistake" not in say(failed.text)
    assert {one.check for one in versions} == {"versions"}


async def test_threads_that_hang_do_not_become_more_and_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "MAX_THREADS", threads._running + 2)
    released = threading.Event()
    waiting = [asyncio.create_task(in_thread(released.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyThreads):
        await in_thread(released.wait)
    waiting[0].cancel()  # whoever gives up does not end the thread
    await asyncio.gather(waiting[0], return_exceptions=True)
    with pytest.raises(TooManyThreads):
        await in_thread(released.wait)
    released.set()
    assert await waiting[1]
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)
