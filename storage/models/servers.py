"""Servers: their settings, and what admins decided for channels, roles and members."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import AnyText, choice
from storage.models.base import Base


class Scope(StrEnum):
    """What defaults are chosen for."""

    SERVER = "server"
    CATEGORY = "category"
    CHANNEL = "channel"
    """Also its threads and posts."""
    ROLE = "role"


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
    __table_args__ = (Index(None, "member_id"),)

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


class PicturePolicyRow(Base):
    """What is done with explicit pictures on a server, in a category or in a channel."""

    __tablename__ = "picture_policies"

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    place_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """A channel or a category; the server's own id for all of it."""
    action: Mapped[str] = mapped_column(String(16))
    """A `bot.policy.picture_policy.PictureAction`."""
    threshold_percent: Mapped[int] = mapped_column(Integer)


class AccessRow(Base):
    """Who may draw where and how much on a server; see `storage.rules.access`."""

    __tablename__ = "access_rules"

    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    rules: Mapped[dict[str, Any]]
