"""Finished pictures."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


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
