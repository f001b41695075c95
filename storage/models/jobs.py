"""Jobs: their states and kinds, the messages that show them, and what members had of the queue."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import AnyText, choice
from storage.models.base import Base, where


class JobState(StrEnum):
    """The state of a job; the last three are final."""

    QUEUED = "queued"
    """Waiting to be claimed. Also a job that was running when its process died."""
    RUNNING = "running"
    """Claimed by a queue worker, which has it generated."""
    DONE = "done"
    """Finished: its pictures are on the disk and have rows."""
    FAILED = "failed"
    """Given up; `reason` says why, for a person to read."""
    CANCELLED = "cancelled"
    """Stopped by a person before it was done."""


class JobKind(StrEnum):
    """What a job makes, and from what."""

    IMAGINE = "imagine"
    """New pictures from a prompt; has no parent."""
    VARY = "vary"
    """Variations close to one picture of the parent."""
    UPSCALE = "upscale"
    """One picture of the parent, in its own message."""
    REROLL = "reroll"
    """The parent's request again, with new seeds."""
    ENLARGE = "enlarge"
    """A picture upscaled; `detail` is `subtle` or `creative`."""
    REGION = "region"
    """Parts of a picture redrawn, the rest unchanged."""
    ZOOM = "zoom"
    """A picture zoomed out; `detail` is the factor."""
    PAN = "pan"
    """A picture extended to one side; `detail` is `left`, `right`, `up` or `down`."""
    SQUARE = "square"
    """A picture extended along its shorter side until it is square."""


COPIED_KINDS = frozenset({JobKind.UPSCALE})
"""Kinds of jobs that usually copy a stored picture instead of generating one."""


class JobMode(StrEnum):
    """A job's priority: how many turns its mode has; see `storage.queue_order`."""

    TURBO = "turbo"
    FAST = "fast"
    RELAX = "relax"


class RemovedBy(StrEnum):
    """Who removed the message of a job."""

    MEMBER = "member"
    """The member who asked for the job."""
    MODERATOR = "moderator"
    """Somebody else; Discord does not say who."""
    ERASED = "erased"
    """Its content is deleted for good. The row is only there for jobs that were made from it."""


class JobRow(Base):
    """One job, from the moment it is accepted."""

    __tablename__ = "jobs"
    __table_args__ = (
        # All that is asked about the queue, answered from the index alone: it has the jobs that
        # have not ended, whatever there is besides.
        Index(
            "ix_jobs_unfinished",
            *("state", "member_id", "mode", "weight", "at_a_time", "kind", "created_at"),
            *("message_id", "model", "id", "finished_at"),
            **where("finished_at IS NULL"),
        ),
        Index("ix_jobs_unshown", "finished_at", **where("shown_at IS NULL")),
        Index("ix_jobs_to_check", "created_at", "id", **where("held_back IS NOT NULL")),
        Index("ix_jobs_progress_left", "created_at", "id", **where("progress_id IS NOT NULL")),
        Index(None, "reply_token", **where("reply_token IS NOT NULL")),
        Index(None, "member_id", "created_at"),
        Index(None, "member_id", "id"),
        Index(None, "member_id", "server_id", "created_at"),
        Index(None, "server_id", "finished_at", "id"),
        Index(None, "finished_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[JobKind] = mapped_column(choice(JobKind, "kind"))
    state: Mapped[JobState] = mapped_column(choice(JobState, "state"))
    prompt: Mapped[str] = mapped_column(AnyText)
    folded_prompt: Mapped[str] = mapped_column(AnyText, server_default="")
    """The prompt as it is searched; see `storage.jobs.fold`."""
    request: Mapped[dict[str, Any]]
    model: Mapped[str | None] = mapped_column(AnyText)
    """The id of the model that its request names, empty if it names none; null while it waits for
    one. Of jobs that ended before there was this column, it is null too."""
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    member_name: Mapped[str] = mapped_column(AnyText)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    server_id: Mapped[int | None] = mapped_column(BigInteger)
    """Not a foreign key: most servers never set anything and have no row."""
    message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    parent_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("jobs.id"), index=True)
    parent_index: Mapped[int | None] = mapped_column(Integer)
    attachment_limit: Mapped[int] = mapped_column(BigInteger)
    detail: Mapped[str | None] = mapped_column(String(40))
    """What the kind leaves open, such as which way; see `JobKind`."""
    mode: Mapped[JobMode] = mapped_column(choice(JobMode, "mode"), server_default="fast")
    locale: Mapped[str] = mapped_column(String(10), server_default="en-US")
    """Discord's name of the language that its messages are in."""
    stealth: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Shown to its member alone."""
    reply_token: Mapped[str | None] = mapped_column(Text)
    """How the message is reached, for a while, where the bot cannot reach it as itself."""
    reason: Mapped[str | None] = mapped_column(AnyText)
    attempts: Mapped[int] = mapped_column(Integer)
    turn: Mapped[int | None] = mapped_column(BigInteger, index=True)
    """In which turn of the queue it was last claimed, counted from 0; null until then, and for
    what took none. See `storage.queue_order`."""
    lease: Mapped[int] = mapped_column(Integer, server_default="0")
    """How often it was taken by a bot, to be drawn or to be shown: the number of the last lease.
    See `storage.jobs.leases`."""
    leased_until: Mapped[datetime | None]
    """Until when that bot has it, by the database's clock; null if nobody has it, or if there is
    only one bot."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    """When the message in Discord first showed the final state; null until then."""
    end_tried_at: Mapped[datetime | None]
    """When a new message with the final state was first posted, or about to be."""
    progress_id: Mapped[int | None] = mapped_column(BigInteger)
    """The message from before that one, until it is deleted. See `storage.jobs.shown`."""
    highlighted: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Shown in the server's highlights channel."""
    removed_by: Mapped[RemovedBy | None] = mapped_column(choice(RemovedBy))
    """Who removed its message, as far as that is known; see `storage.removals`."""
    verdict: Mapped[int] = mapped_column(Integer, server_default="0")
    """What the rules of its place say about it: a `bot.policy.verdicts.Verdict`."""
    verdict_reason: Mapped[str | None] = mapped_column(AnyText)
    """Why the verdict is not to allow it, for a person."""
    approved_by: Mapped[int | None] = mapped_column(BigInteger)
    """The moderator who decided that its pictures are shown; null if nobody did."""
    counted_pictures: Mapped[int] = mapped_column(Integer, server_default="0")
    """How many pictures its member's quota was charged for it; see `storage.rules.quotas`."""
    weight: Mapped[int] = mapped_column(Integer, server_default="1")
    """How many turns its member has for each of a member with weight 1, from 1 to 10."""
    at_a_time: Mapped[int | None] = mapped_column(Integer)
    """It is not claimed while its member has so many jobs running; null for no such limit."""
    file_format: Mapped[str | None] = mapped_column(String(8))
    """Of its pictures where they are posted: `png`, `jpeg` or `webp`; null for the usual one."""
    held_back: Mapped[int | None] = mapped_column(Integer)
    """Not null while its pictures are not shown because they could not be checked: the verdict that
    it has but for that."""


EXPRESSION_INDEXES = frozenset({"ix_jobs_start_image", "ix_jobs_start_mask"})
"""Indexes of what is in requests, which only migrations know: SQLAlchemy cannot compare them. A
migration that makes the table of jobs anew has to make them anew too."""


class CopyRow(Base):
    """One more message that shows a finished job, beside its own."""

    __tablename__ = "copies"

    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    job_id: Mapped[str] = mapped_column(String(32), ForeignKey("jobs.id"), index=True)
    direct: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Whether it is a direct message."""


class ShareRow(Base):
    """What a member had of a mode's turns; see `storage.queue_order`."""

    __tablename__ = "queue_shares"
    __table_args__ = (Index(None, "mode", "start"),)

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    mode: Mapped[JobMode] = mapped_column(choice(JobMode), primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger)
    """The virtual time at which their last claimed job began."""
    finish: Mapped[int] = mapped_column(BigInteger)
    """The virtual time before which their next does not begin."""


class DraftRow(Base):
    """Jobs that were asked for and wait for their member's confirmation."""

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "member_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger)
    """Not a foreign key: a member who only asked has no row yet."""
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class UnwantedMessageRow(Base):
    """A message of the bot that it has still to delete on Discord."""

    __tablename__ = "unwanted_messages"

    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    reply_token: Mapped[str | None] = mapped_column(Text)
    """How the message is reached, for a while, where the bot cannot reach it as itself."""
