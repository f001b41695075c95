"""Past jobs: search, prompts, ancestors and how long jobs take.

Only reads; `storage.jobs` changes jobs.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, false, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import QueryableAttribute

from storage import jobs
from storage.database import Database
from storage.jobs import Job, fold, to_job
from storage.models import FavouriteRow, JobKind, JobRow, JobState, PictureRow

AVERAGED_JOBS = 50
"""How many of the latest jobs `run_seconds` averages."""

MAX_ANCESTORS = 12
"""How many ancestors of a job are looked up."""

MAX_SEARCHED_JOBS = 1000
"""How many of a member's jobs one search looks at: beyond some thousands it would take long."""

MAX_FAVOURITES = 2000
"""The most favourites that a search finds."""

MAX_SUGGESTED_JOBS = 1000
"""How many of a member's latest jobs prompts are suggested from."""

MAX_SEARCH_WORDS = 50
"""Different words of one search."""

MAX_SEARCH_WORDS_CHARS = 500
"""Characters that the words of one search have together."""


class TooManyWords(Exception):
    """A search has too many words, or too long ones."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of a search: its jobs, which of them are favourites, and how many there are.

    `searched` is which of the member's jobs were looked at, counted from 0 for the latest; None if
    these were all. `has_older` is whether there are older ones.
    """

    jobs: tuple[Job, ...]
    favourites: frozenset[str]
    total: int
    searched: range | None = None
    has_older: bool = False


async def search(
    database: Database,
    member_id: int,
    words: Sequence[str],
    *,
    offset: int,
    limit: int,
    kinds: Collection[JobKind] = tuple(JobKind),
    favourites_only: bool = False,
    portion: int = 0,
) -> SearchResult:
    """A member's finished jobs of these kinds whose prompts have all the words: favourites first,
    then newest.

    Looked at are all favourites, and MAX_SEARCHED_JOBS of the member's jobs at a time: the latest
    in `portion` 0, those before them in portion 1. Favourites are all in portion 0, those that are
    looked at in the others. Raises TooManyWords.
    """
    conditions = [
        JobRow.state == JobState.DONE,
        JobRow.kind.in_(kinds),
        *_with_words(words),
    ]
    async with database.reading() as session:
        marked = await _favourites(session, member_id, conditions)
        if favourites_only:
            found, searched, has_older = marked, None, False
        else:
            span, has_older = await _span(session, member_id, portion)
            looked_at = await _newest(session, JobRow.member_id == member_id, *span, *conditions)
            of_portion, among = set(looked_at), set(marked)
            first = [one for one in marked if portion == 0 or one in of_portion]
            found = [*first, *(one for one in looked_at if one not in among)]
            start = portion * MAX_SEARCHED_JOBS
            is_all = portion == 0 and not has_older
            searched = None if is_all else range(start, start + MAX_SEARCHED_JOBS)
        page = found[offset : offset + limit]
        rows = await session.scalars(select(JobRow).where(JobRow.id.in_(page)))
        by_id = {row.id: to_job(row) for row in rows}
    shown = tuple(by_id[job_id] for job_id in page if job_id in by_id)
    favourites = frozenset(page) & frozenset(marked)
    return SearchResult(shown, favourites, len(found), searched, has_older)


async def _favourites(
    session: AsyncSession, member_id: int, conditions: Sequence[ColumnElement[bool]]
) -> list[str]:
    """The jobs of which a member marked a picture, the newest first."""
    marked = (
        select(PictureRow.job_id)
        .join(FavouriteRow, FavouriteRow.picture_id == PictureRow.id)
        .where(FavouriteRow.member_id == member_id)
        .limit(MAX_FAVOURITES)
        .subquery()
    )
    rows = await session.execute(
        select(JobRow.id, JobRow.created_at)
        .join(marked, marked.c.job_id == JobRow.id)
        .where(JobRow.member_id + 0 == member_id, *conditions)
        .distinct()
    )
    return [job_id for job_id, _ in sorted(rows, key=lambda row: (-row[1].timestamp(), row[0]))]


async def _span(
    session: AsyncSession, member_id: int, portion: int
) -> tuple[list[ColumnElement[bool]], bool]:
    """The condition that a member's job belongs to a portion, and whether there are older ones."""
    start = portion * MAX_SEARCHED_JOBS
    latest = (
        select(JobRow.created_at)
        .where(JobRow.member_id == member_id)
        .order_by(JobRow.created_at.desc())
        .limit(1)
    )
    spanned = list[ColumnElement[bool]]()
    if portion:
        first = await session.scalar(latest.offset(start))
        if first is None:
            return [false()], False
        spanned.append(JobRow.created_at <= first)
    before = await session.scalar(latest.offset(start + MAX_SEARCHED_JOBS))
    if before is not None:
        spanned.append(JobRow.created_at > before)
    return spanned, before is not None


async def _newest(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[str]:
    """The jobs that meet all conditions, the newest first."""
    rows = await session.scalars(
        select(JobRow.id)
        .where(*conditions)
        .order_by(JobRow.created_at.desc(), JobRow.id)
        .limit(MAX_SEARCHED_JOBS)
    )
    return list(rows)


async def past_prompts(
    database: Database, member_id: int, words: Sequence[str], limit: int
) -> tuple[str, ...]:
    """A member's different prompts that have all the words, the latest first.

    Only of their latest MAX_SUGGESTED_JOBS jobs: it is asked with each letter that they type.
    Raises TooManyWords.
    """
    recent = (
        select(JobRow.prompt, JobRow.folded_prompt, JobRow.kind, JobRow.created_at)
        .where(JobRow.member_id == member_id)
        .order_by(JobRow.created_at.desc())
        .limit(MAX_SUGGESTED_JOBS)
        .subquery()
    )
    columns = recent.c
    async with database.reading() as session:
        rows = await session.scalars(
            select(columns.prompt)
            .where(columns.kind == JobKind.IMAGINE, *_with_words(words, columns.folded_prompt))
            .group_by(columns.prompt)
            .order_by(func.max(columns.created_at).desc())
            .limit(limit)
        )
        return tuple(rows)


async def servers_of(database: Database, member_id: int, limit: int) -> tuple[int, ...]:
    """The servers that a member asked for jobs on, the latest first."""

    def least(*conditions: ColumnElement[bool]) -> ScalarSelect[int | None]:
        own = select(func.min(JobRow.server_id)).where(JobRow.member_id == member_id, *conditions)
        return own.scalar_subquery()

    # From one server to the next in the index: their jobs may be a great many.
    found = select(least().label("server_id")).cte("servers_of_member", recursive=True)
    after = select(least(JobRow.server_id > found.c.server_id)).where(
        found.c.server_id.is_not(None)
    )
    found = found.union_all(after)
    latest = (
        select(func.max(JobRow.created_at))
        .where(JobRow.member_id == member_id, JobRow.server_id == found.c.server_id)
        .scalar_subquery()
    )
    async with database.reading() as session:
        rows = await session.scalars(
            select(found.c.server_id)
            .where(found.c.server_id.is_not(None))
            .order_by(latest.desc())
            .limit(limit)
        )
        return tuple(rows)


async def of_message(database: Database, message_id: int) -> Job | None:
    """The job that this message shows."""
    return await _first(database, JobRow.message_id == message_id)


async def latest(database: Database, member_id: int) -> Job | None:
    """A member's newest job."""
    return await _first(database, JobRow.member_id == member_id)


async def named(database: Database, member_id: int, beginning: str) -> tuple[Job, ...]:
    """A member's jobs whose id begins so; at most two, enough to see that it is ambiguous.

    There are none for a beginning that is not of hexadecimal digits.
    """
    if not set(beginning) <= set("0123456789abcdef"):
        return ()
    async with database.reading() as session:
        rows = await session.scalars(
            select(JobRow)
            .where(
                JobRow.member_id == member_id,
                # As a range, which an index knows, unlike LIKE. Ids have no character after "f".
                JobRow.id >= beginning,
                JobRow.id < f"{beginning}g",
            )
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
                JobRow.finished_at.is_not(None),
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


def _with_words(
    words: Sequence[str],
    folded_prompt: ColumnElement[str] | QueryableAttribute[str] = JobRow.folded_prompt,
) -> list[ColumnElement[bool]]:
    wanted = dict.fromkeys(fold(word) for word in words)
    if len(wanted) > MAX_SEARCH_WORDS or sum(map(len, wanted)) > MAX_SEARCH_WORDS_CHARS:
        raise TooManyWords
    # SQLite ignores case in ASCII only, Postgres as its locale says; folded text needs neither.
    return [folded_prompt.contains(word, autoescape=True) for word in wanted]


async def _first(database: Database, condition: ColumnElement[bool]) -> Job | None:
    async with database.reading() as session:
        row = await session.scalar(
            select(JobRow).where(condition).order_by(JobRow.created_at.desc(), JobRow.id).limit(1)
        )
        return to_job(row) if row else None
