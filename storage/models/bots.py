"""What several bots on one database note for each other."""

from datetime import datetime

from sqlalchemy import Double, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class SessionStartRow(Base):
    """When a session at Discord's gateway last began in a bucket; see `storage.session_starts`."""

    __tablename__ = "session_starts"

    bucket: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    began_at_s: Mapped[float] = mapped_column(Double)
    """Seconds since 1970 on the database's clock."""


class DutyRow(Base):
    """Work that one bot has taken on, of several on one database; see `storage.duties`."""

    __tablename__ = "duties"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(32))
    """The bot that does it; each start of a bot has an id of its own."""
    held_until: Mapped[datetime]
    """By the database's clock."""
