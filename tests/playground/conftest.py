"""Shared by the playground's tests: running playgrounds, and their limits."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from playground import Limits, Playground, running_playground
from playground.testing.member import Member
from tests.support.playground.limits import UNHURRIED
from tests.support.playground.raw_bot import RawBot, raw_bot


@pytest.fixture
def limits() -> Limits:
    """The limits of the `playground` fixture; a test module may have its own."""
    return UNHURRIED


@pytest.fixture
async def playground(limits: Limits) -> AsyncIterator[Playground]:
    async with running_playground(limits=limits) as running:
        yield running
        assert list(running.violations) == []


@pytest.fixture
async def ada(playground: Playground) -> AsyncIterator[Member]:
    async with Member(playground.url, "Ada") as member:
        yield member


@pytest.fixture
async def raw(playground: Playground) -> AsyncIterator[RawBot]:
    async with raw_bot(playground.url) as bot:
        yield bot
