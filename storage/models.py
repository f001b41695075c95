"""The tables: servers, members, jobs and pictures, and what each column and state means.

Knows no query, no transaction, and of Discord only how large its ids are. The real schema of a
database comes from the migrations; a test holds the two together.
"""

from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.columns import AnyText, UtcDateTime, choice

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


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


class Scope(StrEnum):
    """What defaults are chosen for."""

    SERVER = "server"
    CATEGORY = "category"
    CHANNEL = "channel"
    """Also its threads and posts."""
    ROLE = "role"


class Base(DeclarativeBase):
    """Base of all tables: names constraints, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as it stands)
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
    }


class ServerRow(Base):
    """A server's settings. A server that never set anything has no row."""

    __tablename__ = "servers"

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    aspect: Mapped[str | None] = mapped_column(AnyText)
    style: Mapped[str | None] = mapped_column(AnyText)
    stylize: Mapped[int | None] = mapped_column(Integer)
    temperament: Mapped[str | None] = mapped_column(String(16))
    """How closely prompts are followed: `faithful` or `stylised`."""
    jobs_per_member: Mapped[int] = mapped_column(Integer)
    permutations: Mapped[int] = mapped_column(Integer, server_default="10")
    """How many jobs one prompt may become."""
    buttons_for: Mapped[str] = mapped_column(String(16), server_default="everyone")
    """Who may press the buttons under a job: `everyone` or its `owner`."""
    highlights_channel: Mapped[int | None] = mapped_column(BigInteger)
    """The channel that shows pictures with a star reaction."""
    pictures_carry: Mapped[str] = mapped_column(String(16), server_default="recipe")
    """What files of pictures say beside that AI made them: the `recipe`, or the `mark` alone."""
    finished: Mapped[str] = mapped_column(String(16), server_default="notify")
    """How a job's end is shown: `notify` by a new message that mentions its member, or `quiet`."""
    keep_days: Mapped[int] = mapped_column(Integer, server_default="0")
    """How many days files of pictures are kept after their job; 0 is for ever."""
    review_channel: Mapped[int | None] = mapped_column(BigInteger)
    """The channel in which moderators look at pictures and prompts; null for none."""
    log_channel: Mapped[int | None] = mapped_column(BigInteger)
    """The channel that also shows what is written to the moderation log; null for none."""
    greeted: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Whether the bot has said there what it is; see `storage.servers.first_greeting`."""


class DefaultsRow(Base):
    """The defaults of a server, or of one of its categories, channels or roles."""

    __tablename__ = "defaults"

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    scope: Mapped[Scope] = mapped_column(choice(Scope), primary_key=True)
    scope_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Discord's id of the server, category, channel or role."""
    chosen: Mapped[dict[str, Any]]
    """What is chosen; see `storage.rules.defaults`."""


class MemberRow(Base):
    """A person who has asked for a job; `id` is Discord's user id."""

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(AnyText)
    """As last seen."""
    first_seen: Mapped[datetime]
    served_at: Mapped[datetime | None]
    """When a job of theirs was last claimed."""
    asked_at: Mapped[datetime | None]
    """When they last asked for something that is drawn, on a server."""
    preferences: Mapped[dict[str, Any] | None]
    """What they chose in their settings; see `storage.members`."""


class OptionRow(Base):
    """A custom option of a member: `--name` stands for `value`."""

    __tablename__ = "options"

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(AnyText)


class JobRow(Base):
    """One job, from the moment it is accepted."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "state", "created_at"),  # claiming, and all questions about the queue
        Index(None, "member_id", "state"),  # the limit and the totals of a member
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[JobKind] = mapped_column(choice(JobKind, "kind"))
    state: Mapped[JobState] = mapped_column(choice(JobState, "state"))
    prompt: Mapped[str] = mapped_column(AnyText)
    folded_prompt: Mapped[str] = mapped_column(AnyText, server_default="")
    """The prompt as it is searched; see `storage.jobs.fold`."""
    request: Mapped[dict[str, Any]]
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    member_name: Mapped[str] = mapped_column(AnyText)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    server_id: Mapped[int | None] = mapped_column(BigInteger)
    """Not a foreign key: most servers never set anything and have no row."""
    message_id: Mapped[int | None] = mapped_column(BigInteger)
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
    shown_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the message in Discord first showed the final state; null until then."""
    end_tried_at: Mapped[datetime | None]
    """When a new message with the final state was first posted, or about to be."""
    progress_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
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
    held_back: Mapped[int | None] = mapped_column(Integer, index=True)
    """Not null while its pictures are not shown because they could not be checked: the verdict that
    it has but for that."""


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


class QuotaRow(Base):
    """How much a role of a server may have; that of the server's own id is everybody's."""

    __tablename__ = "quotas"

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    role_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    quota: Mapped[dict[str, Any]]
    """See `storage.rules.quotas`."""


class UsageRow(Base):
    """What a member has used on a server in the latest hour, day or month in which they did."""

    __tablename__ = "quota_usage"

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Not a foreign key: it outlives a member who has everything about them deleted."""
    period: Mapped[str] = mapped_column(String(8), primary_key=True)
    """`hour`, `day` or `month`."""
    starts_at: Mapped[datetime]
    pictures: Mapped[int] = mapped_column(Integer)
    gpu_ms: Mapped[int] = mapped_column(BigInteger)
    """Milliseconds for which their jobs ran."""


class WordRuleRow(Base):
    """A rule about words: a phrase or a regular expression, and what is done about it."""

    __tablename__ = "word_rules"
    __table_args__ = (
        UniqueConstraint("server_id", "place_id", "pattern"),
        # Ids are never used again: a server's newest one says whether its rules have changed.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    server_id: Mapped[int] = mapped_column(BigInteger)
    place_id: Mapped[int] = mapped_column(BigInteger)
    """A channel or a category; the server's own id for a rule of the whole server."""
    pattern: Mapped[str] = mapped_column(AnyText)
    action: Mapped[str] = mapped_column(String(16))
    """A `bot.policy.words.WordAction`."""


class DraftRow(Base):
    """Jobs that were asked for and wait for their member's confirmation."""

    __tablename__ = "drafts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger)
    """Not a foreign key: a member who only asked has no row yet."""
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class PictureRow(Base):
    """One finished picture. The picture itself is a file; see `storage.pictures`."""

    __tablename__ = "pictures"
    __table_args__ = (UniqueConstraint("job_id", "index"),)

    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    """`{job_id}_{index}`, so that storing the same picture again can only meet itself."""
    job_id: Mapped[str] = mapped_column(String(32), ForeignKey("jobs.id"))
    index: Mapped[int] = mapped_column(Integer)
    seed: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    file: Mapped[str] = mapped_column(String(64))
    bytes_size: Mapped[int] = mapped_column(Integer)
    expired_at: Mapped[datetime | None]
    """When its file was deleted because of its age; null while it is there. The request of its job
    makes it again."""
    explicit_score: Mapped[float | None] = mapped_column(Float)
    """How explicit the filter finds it, from 0 to 1; null until it was checked."""


class PicturePolicyRow(Base):
    """What is done with explicit pictures on a server, in a category or in a channel."""

    __tablename__ = "picture_policies"

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    place_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """A channel or a category; the server's own id for all of it."""
    action: Mapped[str] = mapped_column(String(16))
    """A `bot.policy.picture_policy.PictureAction`."""
    threshold_percent: Mapped[int] = mapped_column(Integer)


class FavouriteRow(Base):
    """A picture that a member added to their favourites."""

    __tablename__ = "favourites"

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    picture_id: Mapped[str] = mapped_column(String(48), ForeignKey("pictures.id"), primary_key=True)
    created_at: Mapped[datetime]


class ReviewRow(Base):
    """Something for a moderator to decide: about a job, or about a refused prompt."""

    __tablename__ = "reviews"

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

    job_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Who reported it."""
    reason: Mapped[str] = mapped_column(AnyText)
    created_at: Mapped[datetime]


class LogEntryRow(Base):
    """One line of a server's moderation log."""

    __tablename__ = "moderation_log"
    __table_args__ = (Index(None, "server_id", "id"),)

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


class UnwantedMessageRow(Base):
    """A message of the bot that it has still to delete on Discord."""

    __tablename__ = "unwanted_messages"

    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    reply_token: Mapped[str | None] = mapped_column(Text)
    """How the message is reached, for a while, where the bot cannot reach it as itself."""


class DutyRow(Base):
    """Work that one bot has taken on, of several on one database; see `storage.duties`."""

    __tablename__ = "duties"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(32))
    """The bot that does it; each start of a bot has an id of its own."""
    held_until: Mapped[datetime]
    """By the database's clock."""


class ErasureRow(Base):
    """A member who asked for everything about them to be deleted, until that is done."""

    __tablename__ = "erasures"

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime]


class AccessRow(Base):
    """Who may draw where and how much on a server; see `storage.rules.access`."""

    __tablename__ = "access_rules"

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    rules: Mapped[dict[str, Any]]


class BlockRow(Base):
    """A member who may not use the bot on a server for a while, or until somebody unblocks them."""

    __tablename__ = "blocks"

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Not a foreign key: also somebody who has never asked for a job can be blocked."""
    blocked_by: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(AnyText)
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
    """When it ends by itself; null if only a moderator ends it."""


def read_row(kind: type[Record], row: Base) -> Record:
    """Build a dataclass from a row: each field has the value of the column of its name."""
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})
