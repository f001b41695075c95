"""Limits of the playground, for tests that are about something else."""

from dataclasses import replace

from playground.state.limits import Limits, RateLimitBucket

UNHURRIED = replace(
    Limits(),
    buckets={},
    default_bucket=RateLimitBucket(10_000, 1),
    global_per_second=10_000,
    identify_window=0,
)
"""Discord's limits without those on the rate of requests."""
