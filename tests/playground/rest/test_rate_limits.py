"""Discord's rate limits: counted by a clock that the test moves, and obeyed by discord.py."""

from __future__ import annotations

from dataclasses import replace

from playground import Limits, Playground, running_playground
from playground.app.faults import SEND_MESSAGE
from playground.rest.rate_limits import EXEMPT_ROUTE, RateLimits
from playground.state.limits import RateLimitBucket
from playground.testing.member import Member
from tests.support.playground.raw_bot import channel_of, raw_bot
from tests.support.playground.small_bot import SmallBot, connected

LIMITS = replace(Limits(), buckets={SEND_MESSAGE: RateLimitBucket(2, 5)}, global_per_second=4)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_fills_and_empties() -> None:
    clock = Clock()
    rate_limits = RateLimits(LIMITS, clock)
    verdicts = [rate_limits.take(SEND_MESSAGE, {"channel_id": "1"}) for _ in range(3)]
    assert [verdict.passes for verdict in verdicts if verdict] == [True, True, False]
    first, _, last = verdicts
    assert first is not None
    assert last is not None
    assert (first.remaining, last.remaining) == (1, 0)
    headers = last.headers()
    assert headers["Retry-After"] == "5.000"
    assert headers["Via"]
    assert headers["X-RateLimit-Bucket"] == first.headers()["X-RateLimit-Bucket"]
    clock.now += 5
    again = rate_limits.take(SEND_MESSAGE, {"channel_id": "1"})
    assert again is not None
    assert again.passes


def test_every_channel_has_its_own_window_of_the_same_bucket() -> None:
    rate_limits = RateLimits(LIMITS, Clock())
    one = [rate_limits.take(SEND_MESSAGE, {"channel_id": "1"}) for _ in range(2)][-1]
    other = rate_limits.take(SEND_MESSAGE, {"channel_id": "2"})
    assert one is not None
    assert other is not None
    assert (one.remaining, other.remaining) == (0, 1)
    assert one.bucket == other.bucket


def test_the_global_limit_spans_routes_and_spares_callbacks() -> None:
    clock = Clock()
    rate_limits = RateLimits(LIMITS, clock)
    verdicts = [rate_limits.take(f"GET /{number}", {}) for number in range(5)]
    last = verdicts[-1]
    assert last is not None
    assert not last.passes
    assert last.is_global
    assert last.headers()["X-RateLimit-Global"] == "true"
    assert rate_limits.take(EXEMPT_ROUTE, {}) is None
    clock.now += 1
    after = rate_limits.take("GET /5", {})
    assert after is not None
    assert after.passes


async def test_the_answer_says_when_to_come_back() -> None:
    limits = replace(Limits(), buckets={SEND_MESSAGE: RateLimitBucket(1, 3600)})
    async with running_playground(limits=limits) as playground, raw_bot(playground.url) as raw:
        path = f"/channels/{await channel_of(raw)}/messages"
        fine = await raw.rest("POST", path, {"content": "x"})
        assert (fine.status, fine.headers["X-RateLimit-Remaining"]) == (200, "0")
        refused = await raw.rest("POST", path, {"content": "y"})
        assert refused.status == 429
        assert refused.body["global"] is False
        assert 0 < refused.body["retry_after"] <= 3600
        assert list(playground.violations) == []


async def test_discord_py_comes_back_after_a_429(playground: Playground, ada: Member) -> None:
    async with connected(SmallBot(), playground.url) as bot:
        channel = next(c for c in bot.guilds[0].text_channels if c.name == "darkroom")
        playground.faults.rate_limit(SEND_MESSAGE, times=2, retry_after=0.01)
        await channel.send("patient")
        playground.faults.rate_limit(SEND_MESSAGE, times=1, retry_after=0.01, everywhere=True)
        await channel.send("very patient")
        await ada.wait_for(lambda m: m.content == "very patient")
        sent = [request.status for request in playground.requests if request.route == SEND_MESSAGE]
        assert sent == [429, 429, 200, 429, 200]


async def test_edits_of_old_messages_are_capped() -> None:
    limits = replace(Limits(), old_message_age=0, old_message_edits=1)
    async with running_playground(limits=limits) as playground, raw_bot(playground.url) as raw:
        path = f"/channels/{await channel_of(raw)}/messages"
        message = (await raw.rest("POST", path, {"content": "x"})).body["id"]
        assert (await raw.rest("PATCH", f"{path}/{message}", {"content": "y"})).status == 200
        refused = await raw.rest("PATCH", f"{path}/{message}", {"content": "z"})
        assert (refused.status, refused.code) == (429, 30046)
        assert refused.headers["Via"]
