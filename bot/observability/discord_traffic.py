"""Watches what goes between the bot and Discord: interactions, their answers, all requests."""

import re
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp
import discord

from bot.observability import metrics

CALLBACK = re.compile(r"/interactions/(\d+)/[^/]+/callback$")


@dataclass(slots=True)
class BegunInteraction:
    """An interaction that is being handled in this task, or in one that it started."""

    id: int
    type: str
    begun_s: float = field(default_factory=time.monotonic)
    is_answered: bool = False


_current: ContextVar[BegunInteraction | None] = ContextVar("interaction", default=None)


def begin(interaction: discord.Interaction) -> None:
    """Count an interaction. To be called in the task that handles it, before anything else."""
    kind = interaction.type.name
    metrics.INTERACTIONS.labels(kind).inc()
    _current.set(BegunInteraction(interaction.id, kind))


def http_trace() -> aiohttp.TraceConfig:
    """Counts the answers to all requests of a Discord client that is given it."""
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_on_answer)
    trace.on_request_exception.append(_on_exception)
    return trace


async def _on_answer(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
) -> None:
    response = end.response
    metrics.DISCORD_ANSWERS.labels(end.method, str(response.status)).inc()
    if response.status == 429:
        scope = response.headers.get("X-RateLimit-Scope", "")
        known = scope if scope in metrics.RATE_LIMIT_SCOPES else "other"
        metrics.RATE_LIMITS.labels(known).inc()
    if response.ok and (called := CALLBACK.search(end.url.path)):
        _answered(int(called[1]))


async def _on_exception(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    failed: aiohttp.TraceRequestExceptionParams,
) -> None:
    metrics.DISCORD_ANSWERS.labels(failed.method, "none").inc()


def _answered(interaction_id: int) -> None:
    """Note that Discord has the first answer to an interaction."""
    begun = _current.get()
    if begun is not None and begun.id == interaction_id and not begun.is_answered:
        begun.is_answered = True
        metrics.ANSWER.labels(begun.type).observe(time.monotonic() - begun.begun_s)
