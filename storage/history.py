"""Past jobs: search, prompts, ancestors and how long jobs take.

Only reads; `storage.jobs` changes jobs.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select

from storage import jobs
from storage.database import Database
from storage.jobs import Job, fold, to_job
from storage.models import FavouriteRow, JobKind, JobRow, JobState, PictureRow

AVERAGED_JOBS = 50
"""How many of the latest jobs `run_seconds` averages."""

MAX_ANCESTORS = 12
"""How many ancestors of a job are looked up."""

MAX_SEARCH_WORDS = 50
"""Different words of one search."""

MAX_SEARCH_WORDS_CHARS = 500
"""Characters that the words of one search have together."""


class TooManyWords(Exception):
    """A search has too many words, or too long ones."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of a search: its jobs, which of them are favourites, and how many there are."""

    jobs: tuple[Job, ...]
    favourites: frozenset[str]
    total: int


async def search(
    database: Database,
    member_id: int,
    words: Sequence[str],
    *,
    offset: int,
    limit: int,
    kinds: Collection[JobKind] = tuple(JobKind),
    favourites_only: bool = False,
) -> SearchResult:
    """A member's finished jobs of these kinds whose prompts have all the words: favourites first,
    then newest.

    Raises TooManyWords.
    """
    favourite = exists().where(
        PictureRow.job_id == JobRow.id,
        FavouriteRow.picture_id == PictureRow.id,
        FavouriteRow.member_id == member_id,
    )
    conditions = (
        JobRow.member_id == member_id,
        JobRow.state == JobState.DONE,
        JobRow.kind.in_(kinds),
        *_with_words(words),
        *([favourite] if favourites_only else []),
    )
    async with database.reading() as session:
        total = await session.scalar(select(func.count()).select_from(JobRow).where(*conditions))
        rows = await session.execute(
            select(JobRow, favourite)
            .where(*conditions)
            .order_by(favourite.desc(), JobRow.created_at.desc(), JobRow.id)
            .offset(offset)
            .limit(limit)
        )
        found = [(to_job(row), marked) for row, marked in rows]
    marked_ids = frozenset(job.id for job, marked in found if marked)
    return SearchResult(tuple(job for job, _ in found), marked_ids, total or 0)


async def past_prompts(
    database: Database, member_id: int, words: Sequence[str], limit: int
) -> tuple[str, ...]:
    """A member's different prompts that have all the words, the latest first.

    Raises TooManyWords.
    """
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow.prompt)
            .where(
                JobRow.member_id == member_id,
                JobRow.kind == JobKind.IMAGINE,
                *_with_words(words),
            )
            .group_by(JobRow.prompt)
            .order_by(func.max(JobRow.created_at).desc())
            .limit(limit)
        )
        return tuple(rows)


async def servers_of(database: Database, member_id: int, limit: int) -> tuple[int, ...]:
    """The servers that a member asked for jobs on, the latest first."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow.server_id)
            .where(JobRow.member_id == member_id, JobRow.server_id.is_not(None))
            .group_by(JobRow.server_id)
            .order_by(func.max(JobRow.created_at).desc())
            .limit(limit)
        )
        return tuple(server_id for server_id in rows if server_id is not None)


async def of_message(database: Database, message_id: int) -> Job | None:
    """The job that this message shows."""
    return await _first(database, JobRow.message_id == message_id)


async def latest(database: Database, member_id: int) -> Job | None:
    """A member's newest job."""
    return await _first(database, JobRow.member_id == member_id)


async def named(database: Database, member_id: int, beginning: str) -> tuple[Job, ...]:
    """A member's jobs whose id begins so; at most two, enough to see that it is ambiguous."""
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow)
            .where(JobRow.member_id == member_id, JobRow.id.startswith(beginning, autoescape=True))
            .limit(2)
        )
        return tuple(to_job(row) for row in rows)


async def ancestors(database: Database, job: Job) -> tuple[Job, ...]:
    """The parent of a job, its parent, and so on; the job's own parent first."""
    found: list[Job] = []
    while len(found) < MAX_ANCESTORS and (parent := await jobs.parent_of(database, job)):
        found.append(parent)
        job = parent
    return tuple(found)


async def run_seconds(database: Database) -> float | None:
    """How long the latest jobs ran on average; None before any did."""
    async with database.reading() as session:
        rows = await session.execute(
            select(JobRow.started_at, JobRow.finished_at)
            .where(
                JobRow.state == JobState.DONE,
                JobRow.kind != JobKind.UPSCALE,  # usually a copy of a stored picture
            )
            .order_by(JobRow.finished_at.desc())
            .limit(AVERAGED_JOBS)
        )
        times = [
            (finished - started).total_seconds()
            for started, finished in rows
            if started and finished
        ]
    return sum(times) / len(times) if times else None


def _with_words(words: Sequence[str]) -> list[ColumnElement[bool]]:
    wanted = dict.fromkeys(fold(word) for word in words)
    if len(wanted) > MAX_SEARCH_WORDS or sum(map(len, wanted)) > MAX_SEARCH_WORDS_CHARS:
        raise TooManyWords
    # SQLite ignores case in ASCII only, Postgres as its locale says; folded text needs neither.
    return [JobRow.folded_prompt.contains(word, autoescape=True) for word in wanted]


async def _first(database: Database, condition: ColumnElement[bool]) -> Job | None:
    async with database.reading() as session:
        row = await session.scalar(
            select(JobRow).where(condition).order_by(JobRow.created_at.desc(), JobRow.id).limit(1)
        )
        return to_job(row) if row else None
