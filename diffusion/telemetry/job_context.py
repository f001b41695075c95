"""Which job this task works on, as logs and traces name it, and how it goes over HTTP.

A job's id is also the id of its trace, so that W3C's `traceparent` header carries it to the engine.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

TRACEPARENT = "traceparent"
"""The header: `00-TRACE-SPAN-FLAGS`, in lower hexadecimal digits."""

_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_JOB_ID = re.compile(r"[0-9a-f]{32}")

current_job: ContextVar[str] = ContextVar("job", default="")
"""The id of the job that this task works on; empty if it is none."""


current_span: ContextVar[str] = ContextVar("span", default="")
"""The span that is recorded in this task and its flags: `SPAN-01`; empty if none is."""

NOT_RECORDED = "-00"


def root_span(job_id: str) -> str:
    """The id of the span that is the whole of a job."""
    return job_id[:16]


def bind_request(header: str | None) -> None:
    """This task answers a request with this `traceparent` header, or with none that is whole."""
    match = _FORM.fullmatch(header or "")
    current_job.set(match[1] if match else "")
    current_span.set(f"{match[2]}-{match[3]}" if match else "")


def bind_job(job_id: str) -> None:
    """This task works on a job from now on, and so does what it starts."""
    current_job.set(job_id)
    current_span.set("")


@contextmanager
def working_on(job_id: str) -> Iterator[None]:
    """This task works on a job until the block ends."""
    job, span = current_job.set(job_id), current_span.set("")
    try:
        yield
    finally:
        current_job.reset(job)
        current_span.reset(span)


def trace_headers() -> dict[str, str]:
    """The headers that name the job of this task to an engine; none without a job."""
    job_id = current_job.get()
    if not _JOB_ID.fullmatch(job_id):
        return {}
    return {TRACEPARENT: f"00-{job_id}-{current_span.get() or root_span(job_id) + NOT_RECORDED}"}
