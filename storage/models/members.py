"""Members: who they are, what they chose, and how many of their jobs ended how."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import AnyText
from storage.models.base import Base


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


class TotalsRow(Base):
    """How a member's jobs ended, all of them, and their pictures; see `storage.totals`."""

    __tablename__ = "member_totals"

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    done: Mapped[int] = mapped_column(Integer)
    failed: Mapped[int] = mapped_column(Integer)
    cancelled: Mapped[int] = mapped_column(Integer)
    pictures: Mapped[int] = mapped_column(Integer)


class FavouriteRow(Base):
    """A picture that a member added to their favourites."""

    __tablename__ = "favourites"
    __table_args__ = (Index(None, "picture_id"),)

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    picture_id: Mapped[str] = mapped_column(String(48), ForeignKey("pictures.id"), primary_key=True)
    created_at: Mapped[datetime]


class ErasureRow(Base):
    """A member who asked for everything about them to be deleted, until that is done."""

    __tablename__ = "erasures"

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime]
