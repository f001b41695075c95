"""When a session at Discord's gateway last began, so that several processes keep one limit."""

from sqlalchemy import or_, select

from storage.database import Database, clock_s, upsert
from storage.models import SessionStartRow

MIN_WAIT_S = 0.01


async def take(database: Database, bucket: int, interval_s: float) -> float:
    """Begin a session in a bucket now, if none began in it within the interval.

    0 where that is so; else the seconds until it is worth another try.
    """
    async with database.transaction() as session:
        now, began_at = clock_s(session), SessionStartRow.began_at_s
        # One in the future is from before the database's clock was set back.
        is_over = or_(began_at <= now - interval_s, began_at > now)
        values = {"bucket": bucket, "began_at_s": now}
        if await upsert(session, SessionStartRow, values, update={"began_at_s"}, where=is_over):
            return 0.0
        wait = select(began_at + interval_s - now).where(SessionStartRow.bucket == bucket)
        return max(MIN_WAIT_S, await session.scalar(wait) or 0.0)
