"""Watches what goes between the bot and Discord: interactions, their answers, all requests."""

import re
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp
import discord
import yarl

from bot.observability import metrics
from diffusion.telemetry import traces
from diffusion.telemetry.job_context import working_on

CALLBACK = re.compile(r"/interactions/(\d+)/[^/]+/callback$")


@dataclass(slots=True)
class BegunInteraction:
    """An interaction that is being handled in this task, or in one that it started."""

    id: int
    type: str
    begun_s: float = field(default_factory=time.monotonic)
    begun_ns: int = field(default_factory=time.time_ns)
    is_sent: bool = False
    is_answered: bool = False
    job_ids: list[str] = field(default_factory=list)
    """The jobs that it has queued, while it has no answer."""

    def queued(self, job_id: str) -> None:
        """Note a job that it has queued; the trace of the job begins with it."""
        if self.is_answered:
            self._record(job_id)
        else:
            self.job_ids.append(job_id)

    def sends(self) -> None:
        """Note that its first answer is sent now; not that it is tried again."""
        if not self.is_sent:
            self.is_sent = True
            metrics.HANDLING.labels(self.type).observe(time.monotonic() - self.begun_s)

    def answered(self) -> None:
        """Note that Discord has its first answer."""
        self.is_answered = True
        metrics.ANSWER.labels(self.type).observe(time.monotonic() - self.begun_s)
        for job_id in self.job_ids:
            self._record(job_id)

    def _record(self, job_id: str) -> None:
        with working_on(job_id):
            traces.record("interaction", self.begun_ns, attributes={"discord.type": self.type})


current: ContextVar[BegunInteraction | None] = ContextVar("interaction", default=None)


def begin(interaction: discord.Interaction) -> None:
    """Count an interaction. To be called in the task that handles it, before anything else."""
    kind = interaction.type.name
    metrics.INTERACTIONS.labels(kind).inc()
    current.set(BegunInteraction(interaction.id, kind))


def http_trace() -> aiohttp.TraceConfig:
    """Counts the answers to all requests of a Discord client that is given it, and times the first
    answers to interactions."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_on_request)
    trace.on_request_end.append(_on_answer)
    trace.on_request_exception.append(_on_exception)
    return trace


async def _on_request(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    sent: aiohttp.TraceRequestStartParams,
) -> None:
    if (begun := _answered_by(sent.url)) is not None:
        begun.sends()


async def _on_answer(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
) -> None:
    response = end.response
    metrics.DISCORD_ANSWERS.labels(end.method, str(response.status)).inc()
    if response.status == 429:
        scope = response.headers.get("X-RateLimit-Scope", "")
        known = scope if scope in metrics.RATE_LIMIT_SCOPES else "other"
        metrics.RATE_LIMITS.labels(known).inc()
    if response.ok and (begun := _answered_by(end.url)) is not None:
        begun.answered()


async def _on_exception(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    failed: aiohttp.TraceRequestExceptionParams,
) -> None:
    metrics.DISCORD_ANSWERS.labels(failed.method, "none").inc()


def _answered_by(url: yarl.URL) -> BegunInteraction | None:
    """The interaction of this task, if a request to this address is its first answer."""
    begun = current.get()
    if begun is None or begun.is_answered:
        return None
    called = CALLBACK.search(url.path)
    return begun if called and int(called[1]) == begun.id else None
