"""What moderators have to decide, what they decided, and the log."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import AnyText
from storage.models.base import Base, where


class ReviewRow(Base):
    """Something for a moderator to decide: about a job, or about a refused prompt."""

    __tablename__ = "reviews"
    __table_args__ = (Index("ix_reviews_open", "server_id", **where("open_key IS NOT NULL")),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """A `bot.policy.reviews.ReviewKind`."""
    server_id: Mapped[int] = mapped_column(BigInteger)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    """Where it was asked for."""
    member_id: Mapped[int] = mapped_column(BigInteger, index=True)
    """Whose job or prompt it is. Not a foreign key: who only typed a prompt has no row yet."""
    job_id: Mapped[str | None] = mapped_column(String(32), index=True)
    prompt: Mapped[str | None] = mapped_column(AnyText)
    """What was refused before anything was drawn; null for a job, which has its own."""
    prompt_key: Mapped[str | None] = mapped_column(String(64))
    """What tells whether another prompt says the same; see `bot.policy.reviews.prompt_key`."""
    reason: Mapped[str] = mapped_column(AnyText)
    """Why somebody has to look at it, for a person."""
    locale: Mapped[str] = mapped_column(String(10))
    """Discord's name of the language that moderators and member read it in."""
    open_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """What it is about, while nobody has decided; null afterwards. So nothing is open twice."""
    created_at: Mapped[datetime]
    post_tried_at: Mapped[datetime | None]
    """When its message was first posted, or about to be."""
    post_channel_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    """Its message in the review channel; null until it is posted."""
    decision: Mapped[str | None] = mapped_column(String(24))
    """A `bot.policy.reviews.Decision`; null while it is open."""
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None] = mapped_column(index=True)
    """When all was done that follows from the decision; null until then."""


class ReportRow(Base):
    """A member who reported a job, once."""

    __tablename__ = "reports"
    __table_args__ = (Index(None, "member_id", "created_at"),)

    job_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Who reported it."""
    reason: Mapped[str] = mapped_column(AnyText)
    created_at: Mapped[datetime]


class LogEntryRow(Base):
    """One line of a server's moderation log."""

    __tablename__ = "moderation_log"
    __table_args__ = (
        Index(None, "server_id", "id"),
        Index(None, "server_id", "created_at"),
        Index(None, "member_id", "id"),
        Index(None, "actor_id", "id"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    server_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(32))
    """What happened, such as `words.refuse` or `review.approve`."""
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    """Who decided; null for a rule."""
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    """Whom it concerns."""
    channel_id: Mapped[int | None] = mapped_column(BigInteger)
    job_id: Mapped[str | None] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(AnyText)
    """What was written or decided about, and why; for a person."""


class BlockRow(Base):
    """A member who may not use the bot on a server for a while, or until somebody unblocks them."""

    __tablename__ = "blocks"
    __table_args__ = (Index(None, "member_id"),)

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Not a foreign key: also somebody who has never asked for a job can be blocked."""
    blocked_by: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(AnyText)
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
    """When it ends by itself; null if only a moderator ends it."""
