"""A job as the rest of Darkroom sees it, and its row: `NewJob` and `Job` against `JobRow`.

A field of `NewJob` or `Job` is stored in the column of the same name; a new field needs a column
and a migration, and nothing else.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import uuid4

from storage.models import JobKind, JobMode, JobRow, JobState, RemovedBy, read_row

UNRESOLVED_KEY = "unresolved"
"""The key in a request that only stands in for one, until the job's model is known."""

UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is fully decided and not yet accepted."""

    kind: JobKind
    prompt: str
    """As it is shown: what was typed, with what took effect besides."""
    request: Mapping[str, Any]
    """The complete resolved request, as JSON: it alone reproduces the pictures."""
    member_id: int
    member_name: str
    channel_id: int
    server_id: int | None
    """None in a direct message."""
    parent_id: str | None = None
    """The job that this one was made from."""
    parent_index: int | None = None
    """Which picture of the parent, 0-based; None for all of them."""
    attachment_limit: int = 10 * 2**20
    """How large a file may be where the job's message is, in bytes."""
    detail: str | None = None
    """What the kind leaves open; see `JobKind`."""
    mode: JobMode = JobMode.FAST
    locale: str = "en-US"
    """Discord's name of the language that its messages are in."""
    stealth: bool = False
    """Shown to its member alone."""
    reply_token: str | None = None
    """The interaction token that reaches its message, where the bot itself cannot; else None."""
    verdict: int = 0
    """What the rules of its place say about it; 0 allows it."""
    verdict_reason: str | None = None
    """Why the verdict is not to allow it, for a person."""
    approved_by: int | None = None
    """The moderator who decided that its pictures are shown; None if nobody did."""
    counted_pictures: int = 0
    """How many pictures its member's quota is charged for it."""
    weight: int = 1
    """How many turns its member has for each of a member with weight 1."""
    at_a_time: int | None = None
    """It is not claimed while its member has so many jobs running; None for no such limit."""
    file_format: str | None = None
    """Of its pictures where they are posted: `png`, `jpeg` or `webp`; None for the usual one."""

    @property
    def is_unresolved(self) -> bool:
        """Whether its request is still to be made, because no model was known."""
        return UNRESOLVED_KEY in self.request

    @property
    def hidden(self) -> bool:
        """Whether its message is seen by its member alone."""
        return self.stealth and self.reply_token is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(NewJob):
    """A job that was accepted, as it stood when it was read. All times are in UTC."""

    id: str
    state: JobState
    message_id: int | None
    """The message that shows the job; None until it is posted."""
    reason: str | None
    """Why it failed, for a person."""
    attempts: int
    """How often it was claimed."""
    created_at: datetime
    started_at: datetime | None
    """When it was last claimed; None while it is queued."""
    finished_at: datetime | None
    removed_by: RemovedBy | None = None
    """Who removed its message, if it was removed."""
    shown_at: datetime | None = None
    """When its message first showed how it ended; None until then."""
    progress_id: int | None = None
    """The message that showed its progress and is still to be deleted, for its end is shown in
    another one."""
    held_back: int | None = None
    """The verdict that it has but for pictures that could not be checked; None if they were."""
    lease: int = 0
    """The number of the lease by which it was last taken; see `storage.jobs.leases`."""


_NEW_FIELDS = tuple(field.name for field in fields(NewJob))
_FIELDS = tuple(field.name for field in fields(Job))


def to_values(new: NewJob, folded_prompt: str, created_at: datetime) -> dict[str, Any]:
    """The columns of a job that is accepted now, with a new id."""
    # A `Job` can be queued again: only the fields of `NewJob` are taken from it.
    values = {name: getattr(new, name) for name in _NEW_FIELDS}
    return {
        **values,
        "request": dict(new.request),  # JSON takes no other mapping
        "model": None if new.is_unresolved else model_in(new.request),
        "id": uuid4().hex,
        "state": JobState.QUEUED,
        "folded_prompt": folded_prompt,
        "attempts": 0,
        "lease": 0,
        "created_at": created_at,
    }


def accepted(values: Mapping[str, Any]) -> Job:
    """The job of these columns, of which those that are not named are null."""
    columns: dict[str, Any] = {name: values.get(name) for name in _FIELDS}
    return Job(**columns)


def model_in(request: Mapping[str, Any]) -> str:
    """The id of the model that a resolved request names; empty if it names none."""
    return str(request.get("model") or "")


def to_job(row: JobRow) -> Job:
    """Read a job from its row."""
    return read_row(Job, row)


def fold(text: str) -> str:
    """The text for searching: letters that differ only by case or form become the same.

    Unicode's compatibility caseless matching (D146): “ÉTÉ” is found by “été”, however the accents
    are written, and “ＦＯＸ” by “fox”.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
