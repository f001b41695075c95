"""Shared by the playground's tests: running playgrounds, and their limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from playground import Limits, Playground, running_playground
from playground.state.limits import RateLimitBucket
from playground.testing.member import Member
from tests.support.playground.raw_bot import RawBot, raw_bot

UNHURRIED = replace(
    Limits(), buckets={}, default_bucket=RateLimitBucket(10_000, 1), global_per_second=10_000
)
"""Discord's limits without those on the rate of requests."""


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
