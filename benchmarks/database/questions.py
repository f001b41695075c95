# ruff: noqa: E501 (one line for each)
"""Every question that the bot asks its database, with whom or what it is asked about."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from benchmarks.database.rows import NEWEST_S, Rows
from storage import (
    drafts,
    duties,
    history,
    jobs,
    members,
    removals,
    servers,
    start_pictures,
    unwanted_messages,
)
from storage.database import Database
from storage.jobs import Job
from storage.moderation import log, reviews
from storage.pictures import at, of_job, orphans, retention
from storage.pictures.files import StoredFile
from storage.pictures.store import PictureStore
from storage.privacy import erasure, export
from storage.privacy.tables import MEMBER_TABLES
from storage.rules import access, blocks, defaults, quotas, words
from storage.rules import pictures as picture_policies

NOW = datetime.fromtimestamp(NEWEST_S, UTC)
BUSIEST = 20
"""Half of the questions are about one of so many members, who have the most jobs."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom and what one question is about."""

    job: Job
    member_id: int
    server_id: int
    number: int
    """Differs from question to question."""


Ask = Callable[[Database, Asked], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Question:
    """`of` is the function of `storage` that asks it."""

    name: str
    of: Callable[..., Any]
    ask: Ask
    shared_only: bool = False
    """Whether only a database is asked that several bots share."""

    def is_for(self, database: Database) -> bool:
        return database.is_shared or not self.shared_only


class Asking:
    """Chooses what to ask about, always the same."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._chance = random.Random(4)

    async def next(self, database: Database, number: int) -> Asked:
        sample = self._rows.samples[self._chance.randrange(len(self._rows.samples))]
        job = await jobs.get(database, sample[0])
        assert job is not None, "the rows are those of this database"
        member_id = job.member_id
        if number % 2:
            member_id = self._rows.member_ids[self._chance.randrange(BUSIEST)]
        server_id = self._rows.server_ids[self._chance.randrange(BUSIEST)]
        return Asked(job, member_id, server_id, number)


def _search(name: str, words: Sequence[str], page: int = 0, **chosen: Any) -> Question:
    async def ask(database: Database, it: Asked) -> object:
        return await history.search(
            database, it.member_id, words, offset=5 * page, limit=5, **chosen
        )

    return Question(name, history.search, ask)


def _log(name: str, *, of_member: bool) -> Question:
    async def ask(database: Database, it: Asked) -> object:
        return await log.page(
            database,
            it.server_id,
            offset=0,
            limit=10,
            since=NOW - timedelta(days=30),
            member_id=it.member_id if of_member else None,
        )

    return Question(name, log.page, ask)


async def _too_old(database: Database, it: Asked) -> object:
    limit = retention.Limit(NOW - timedelta(days=90), it.server_id)
    return await retention.too_old(database, limit)


class _OldFiles:
    """A store that has nothing but some old files."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    async def old_files(self, *, older_than_s: float) -> AsyncIterator[Sequence[StoredFile]]:
        yield [StoredFile(name, 1, NOW) for name in self._names]


async def _orphans(database: Database, it: Asked) -> object:
    files = cast(PictureStore, _OldFiles(_file_names(it)))
    return [found async for found in orphans.orphans(database, files, older_than_s=1)]


def _file_names(it: Asked) -> list[str]:
    return [f"{it.number:031x}{end:x}_{end}.png" for end in range(10)]


async def _named_start_pictures(database: Database, it: Asked) -> object:
    return await start_pictures.named_by_jobs(database, [f"{it.number:064x}"])


async def _first_rows(database: Database, it: Asked) -> object:
    """The first rows of each table; a member with many jobs is not read to the end."""
    seen: set[str] = set()
    async for name, _ in export.rows_about(database, it.member_id):
        if name in seen:
            break
        seen.add(name)
    return seen


async def _first_rows_of_one(database: Database, it: Asked) -> object:
    table = MEMBER_TABLES[it.number % len(MEMBER_TABLES)]
    async for rows in export.rows_of(database, table, it.member_id):
        return rows
    return None


async def _first_start_picture(database: Database, it: Asked) -> object:
    async for digest in export.start_pictures_of(database, it.member_id):
        return digest
    return None


QUEUE = (
    Question(
        "/queue: all jobs, in order",
        jobs.in_queue,
        lambda d, it: jobs.in_queue(d, first=10, of_member=it.member_id),
    ),
    Question("/queue: how long jobs run", history.run_seconds, lambda d, _: history.run_seconds(d)),
    Question("metrics: jobs by model", jobs.count_by_model, lambda d, _: jobs.count_by_model(d)),
    Question("start: ends to show", jobs.ended_unshown, lambda d, _: jobs.ended_unshown(d)),
    Question(
        "start: jobs without message", jobs.without_message, lambda d, _: jobs.without_message(d)
    ),
    Question(
        "start: progress left over",
        jobs.with_progress_left,
        lambda d, _: jobs.with_progress_left(d),
    ),
    Question("upkeep: pictures to check", jobs.held_back, lambda d, _: jobs.held_back(d, 10)),
)

JOBS = (
    Question("button: a job", jobs.get, lambda d, it: jobs.get(d, it.job.id)),
    Question("reaction: the job of a message", history.of_message, lambda d, it: history.of_message(d, it.job.message_id or 0)),
    Question("button: its parent", jobs.parent_of, lambda d, it: jobs.parent_of(d, it.job)),
    Question("/show: its ancestors", history.ancestors, lambda d, it: history.ancestors(d, it.job)),
    Question("end: jobs made from it", jobs.children, lambda d, it: jobs.children(d, it.job.id)),
    Question("end: its pictures", of_job, lambda d, it: of_job(d, it.job.id)),
    Question("button: one picture", at, lambda d, it: at(d, it.job.id, 0)),
    Question("end: copies of its message", removals.copies, lambda d, it: removals.copies(d, it.job.id)),
    Question("end: messages of a token", jobs.count_by_token, lambda d, it: jobs.count_by_token(d, f"token-{it.number}")),
    Question("history: files that expired", retention.expired_jobs, lambda d, it: retention.expired_jobs(d, [it.job.id])),
)  # fmt: skip

MEMBERS = (
    Question("limit: open jobs", jobs.count_open, lambda d, it: jobs.count_open(d, it.member_id)),
    Question("/info: open jobs", jobs.open_jobs, lambda d, it: jobs.open_jobs(d, it.member_id)),
    Question("/info: totals", jobs.totals, lambda d, it: jobs.totals(d, it.member_id)),
    Question("/show: the latest job", history.latest, lambda d, it: history.latest(d, it.member_id)),
    Question("/show: a job's name", history.named, lambda d, it: history.named(d, it.member_id, it.job.id[:8])),
    Question("autocomplete: past prompts", history.past_prompts, lambda d, it: history.past_prompts(d, it.member_id, [], 25)),
    Question("autocomplete: with a word", history.past_prompts, lambda d, it: history.past_prompts(d, it.member_id, ["lantern"], 25)),
    Question("autocomplete: with one of none", history.past_prompts, lambda d, it: history.past_prompts(d, it.member_id, ["zebra"], 25)),
    Question("direct message: servers", history.servers_of, lambda d, it: history.servers_of(d, it.member_id, 20)),
    _search("/history: the first page", []),
    _search("/history: the hundredth page", [], 100),
    _search("/history: favourites", [], favourites_only=True),
    _search("/history: a word", ["lantern"]),
    _search("/history: a word of none", ["zebra"]),
    Question("preferences", members.get_preferences, lambda d, it: members.get_preferences(d, it.member_id)),
    Question("custom options", members.get_options, lambda d, it: members.get_options(d, it.member_id)),
    Question("a draft", drafts.get, lambda d, it: drafts.get(d, f"{40 * it.number:032x}")),
    Question("/privacy: how much is stored", erasure.stored, lambda d, it: erasure.stored(d, it.member_id)),
    Question("deletion: some jobs", erasure.some_jobs, lambda d, it: erasure.some_jobs(d, it.member_id)),
    Question("deletion: how often jobs were tried", erasure.attempts, lambda d, it: erasure.attempts(d, [it.job.id])),
    Question("deletions left", erasure.asked, lambda d, _: erasure.asked(d)),
    Question("export: first rows of a table", export.rows_of, _first_rows_of_one),
    Question("export: a start picture", export.start_pictures_of, _first_start_picture),
)  # fmt: skip

SERVERS = (
    Question("settings", servers.get_settings, lambda d, it: servers.get_settings(d, it.server_id)),
    Question("defaults", defaults.of_server, lambda d, it: defaults.of_server(d, it.server_id)),
    Question("access rules", access.get_rules, lambda d, it: access.get_rules(d, it.server_id)),
    Question("a member's block", blocks.find_block, lambda d, it: blocks.find_block(d, [it.server_id], it.member_id, NOW)),
    Question("all blocks", blocks.blocks_of, lambda d, it: blocks.blocks_of(d, it.server_id, NOW)),
    Question("quotas", quotas.get_quotas, lambda d, it: quotas.get_quotas(d, it.server_id)),
    Question("what a member used", quotas.get_usage, lambda d, it: quotas.get_usage(d, it.server_id, it.member_id)),
    Question("word rules: changed?", words.revision, lambda d, it: words.revision(d, it.server_id)),
    Question("word rules", words.rules_of, lambda d, it: words.rules_of(d, it.server_id)),
    Question("picture policies", picture_policies.policies_of, lambda d, it: picture_policies.policies_of(d, it.server_id)),
    _log("moderation log", of_member=False),
    _log("moderation log of a member", of_member=True),
    Question("a review", reviews.get, lambda d, it: reviews.get(d, it.job.id)),
    Question("reviews of a job", reviews.of_job, lambda d, it: reviews.of_job(d, it.job.id)),
    Question("open reviews of a server", reviews.open_of_server, lambda d, it: reviews.open_of_server(d, it.server_id)),
    Question("open reviews of a member", reviews.count_open_of, lambda d, it: reviews.count_open_of(d, it.server_id, it.member_id, ["job"])),
    Question("decisions on prompts", reviews.decisions_on, lambda d, it: reviews.decisions_on(d, it.server_id, it.member_id, [it.job.id])),
    Question("reviews to settle", reviews.unsettled, lambda d, _: reviews.unsettled(d)),
    Question("reports of a job", reviews.reports_of, lambda d, it: reviews.reports_of(d, it.job.id)),
    Question("has reported", reviews.has_reported, lambda d, it: reviews.has_reported(d, it.job.id, it.member_id)),
    Question("a member's reports", reviews.count_reports_since, lambda d, it: reviews.count_reports_since(d, it.member_id, NOW - timedelta(days=1))),
    Question("servers without a review channel", reviews.servers_without_channel, lambda d, _: reviews.servers_without_channel(d, None)),
)  # fmt: skip

UPKEEP = (
    Question("messages to delete", unwanted_messages.first, lambda d, _: unwanted_messages.first(d, 50)),
    Question("servers that keep files for days", retention.limits, lambda d, _: retention.limits(d, NOW)),
    Question("files that are too old", retention.too_old, _too_old),
    Question("files without a row", orphans.orphans, _orphans),
    Question("hashes of files", orphans.hashes, lambda d, it: orphans.hashes(d, _file_names(it))),
    Question("start pictures that jobs name", start_pictures.named_by_jobs, _named_start_pictures),
    Question("every 5 s: jobs that nobody shows", jobs.left_behind, lambda d, _: jobs.left_behind(d), shared_only=True),
    Question("every 5 s: leases that have ended", jobs.requeue_expired, lambda d, _: jobs.requeue_expired(d), shared_only=True),
    Question("every 5 s: duties of dead bots", duties.abandoned, lambda d, _: duties.abandoned(d, "erasure "), shared_only=True),
)  # fmt: skip

WALKS = (Question("export: first rows of each table", export.rows_about, _first_rows),)
"""Long work. What is timed is one of its portions, which is a question of its own."""

QUESTIONS = (*QUEUE, *JOBS, *MEMBERS, *SERVERS, *UPKEEP)
