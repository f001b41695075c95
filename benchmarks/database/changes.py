# ruff: noqa: E501 (one line for each)
"""Every change that the bot makes, for the plans of what it asks on the way."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from benchmarks.database.questions import NOW, Asked, Question
from storage import (
    drafts,
    duties,
    jobs,
    members,
    pictures,
    removals,
    servers,
    session_starts,
    unique_jobs,
    unwanted_messages,
)
from storage.database import Database
from storage.jobs import Job, leases
from storage.members import Preferences
from storage.models import JobKind, RemovedBy, Scope
from storage.moderation import log, reviews
from storage.pictures import retention
from storage.privacy import erasure
from storage.removals import Copy
from storage.rules import access, blocks, defaults, quotas, words
from storage.rules import pictures as picture_policies
from storage.servers import ServerSettings

Change = Callable[[Database, Asked], Awaitable[Any]]


async def _running(database: Database) -> Job:
    job = await jobs.claim_next(database)
    assert job is not None, "jobs wait"
    return job


async def _unposted(database: Database, it: Asked) -> Job:
    (job,) = await jobs.add(database, [replace(it.job, kind=JobKind.IMAGINE)], limit=None)
    return job


async def _forget_member(database: Database, it: Asked) -> object:
    return await erasure.forget_member(database, it.member_id)


async def _claim_unposted(database: Database, it: Asked) -> object:
    job = await _unposted(database, it)
    return await jobs.claim_unposted(database, job.id)


async def _finish(database: Database, _: Asked) -> object:
    return await jobs.finish(database, (await _running(database)).id, [])


async def _fail(database: Database, _: Asked) -> object:
    return await jobs.fail(database, (await _running(database)).id, "No.")


async def _requeue(database: Database, _: Asked) -> object:
    return await jobs.requeue(database, (await _running(database)).id)


async def _cancel(database: Database, it: Asked) -> object:
    return await jobs.cancel(database, (await _unposted(database, it)).id)


async def _set_request(database: Database, _: Asked) -> object:
    job = await _running(database)
    return await jobs.set_request(database, job.id, job.request, job.prompt)


async def _renew(database: Database, _: Asked) -> object:
    job = await _running(database)
    return await jobs.renew(database, {job.id: job.lease})


async def _let_go(database: Database, _: Asked) -> None:
    job = await _running(database)
    await jobs.let_go(database, {job.id: job.lease})


def _entry(it: Asked) -> log.NewEntry:
    return log.NewEntry(it.server_id, "words.refuse", "A word was refused.", member_id=it.member_id)


def _review(it: Asked) -> reviews.NewReview:
    return reviews.NewReview(
        "job", it.server_id, 1, it.member_id, "Look.", "en-US", f"open {it.number}", it.job.id
    )


def _member(of: Callable[..., Any], *rest: Any, **more: Any) -> Question:
    return Question(of.__name__, of, lambda d, it: of(d, it.member_id, *rest, **more))


def _job(of: Callable[..., Any], *rest: Any) -> Question:
    return Question(of.__name__, of, lambda d, it: of(d, it.job.id, *rest))


def _server(of: Callable[..., Any], *rest: Any, **more: Any) -> Question:
    return Question(of.__name__, of, lambda d, it: of(d, it.server_id, *rest, **more))


CHANGES = (
    Question("add", jobs.add, _unposted),
    Question("add_unique", unique_jobs.add_unique, lambda d, it: unique_jobs.add_unique(d, replace(it.job, parent_id=it.job.id), limit=None)),
    Question("claim_next", jobs.claim_next, lambda d, _: jobs.claim_next(d, except_models=["none"])),
    Question("claim_unposted", jobs.claim_unposted, _claim_unposted),
    Question("set_request", jobs.set_request, _set_request),
    Question("finish", jobs.finish, _finish),
    Question("fail", jobs.fail, _fail),
    Question("cancel", jobs.cancel, _cancel),
    Question("requeue", jobs.requeue, _requeue),
    Question("requeue_unfinished", jobs.requeue_unfinished, lambda d, _: jobs.requeue_unfinished(d)),
    Question("set_verdict", jobs.set_verdict, lambda d, it: jobs.set_verdict(d, it.job.id, 1, None, before=0)),
    _job(leases.take),
    Question("renew", leases.renew, _renew),
    Question("let_go", leases.let_go, _let_go),
    Question("show_again", jobs.show_again, lambda d, it: jobs.show_again(d, it.job)),
    Question("take_on", duties.take_on, lambda d, it: duties.take_on(d, f"erasure {it.number}", "bot"), shared_only=True),
    Question("renew", duties.renew, lambda d, it: duties.renew(d, [f"erasure {it.number}"], "bot"), shared_only=True),
    Question("lay_down", duties.lay_down, lambda d, it: duties.lay_down(d, [f"erasure {it.number}"], "bot"), shared_only=True),
    Question("take", session_starts.take, lambda d, it: session_starts.take(d, it.number, 5.0)),
    _job(jobs.highlight),
    _job(jobs.take_back_highlight),
    _job(jobs.attach_message, 1, 2),
    _job(jobs.begin_end),
    _job(jobs.attach_end, 1, 3),
    _job(jobs.mark_shown, 3),
    _job(jobs.forget_progress),
    _job(removals.note, 3, RemovedBy.MEMBER),
    _job(removals.take_back),
    _job(removals.take_down),
    _job(removals.add_copy, Copy(1, 4)),
    Question("forget_copy", removals.forget_copy, lambda d, it: removals.forget_copy(d, 4)),
    _job(pictures.drawn_again, ()),
    Question("set_scores", pictures.set_scores, lambda d, it: pictures.set_scores(d, {f"{it.job.id}_0": 0.5})),
    Question("mark_expired", retention.mark_expired, lambda d, it: retention.mark_expired(d, [f"{it.job.id}_0"], NOW)),
    _job(removals.forget_pictures),
    _member(members.save_preferences, "Ada", Preferences()),
    _member(members.change_preferences, "Ada", lambda one: one),
    _member(members.set_option, "Ada", "mine", "1", limit=9),
    _member(members.forget_option, "mine"),
    Question("toggle_favourite", members.toggle_favourite, lambda d, it: members.toggle_favourite(d, it.member_id, "Ada", f"{it.job.id}_0")),
    _member(drafts.keep, {}),
    _member(drafts.make_room),
    Question("forget", drafts.forget, lambda d, it: drafts.forget(d, "none")),
    Question("expire", drafts.expire, lambda d, _: drafts.expire(d)),
    Question("forget", unwanted_messages.forget, lambda d, _: unwanted_messages.forget(d, 1)),
    Question("save_settings", servers.save_settings, lambda d, it: servers.save_settings(d, ServerSettings(it.server_id))),
    _server(servers.change_settings, lambda one: one),
    _server(servers.first_greeting),
    _server(servers.forget_greeting),
    _server(access.change_rules, lambda one: one),
    Question("block", blocks.block, lambda d, it: blocks.block(d, blocks.Block(it.server_id, it.member_id, 1, None, NOW, NOW))),
    Question("unblock", blocks.unblock, lambda d, it: blocks.unblock(d, it.server_id, it.member_id, NOW)),
    _server(defaults.change, Scope.CHANNEL, 1, lambda one: one),
    _server(defaults.forget, Scope.CHANNEL, 1),
    _server(quotas.change_quota, 1, lambda one: one),
    _server(words.add, [words.StoredWordRule(1, "a", "refuse")], limit=99),
    _server(words.remove, 1, "a"),
    _server(picture_policies.store, picture_policies.StoredPicturePolicy(1, "spoiler", 80), limit=99),
    _server(picture_policies.forget, 1),
    Question("write", log.write, lambda d, it: log.write(d, _entry(it), keep=timedelta(days=9_000))),
    Question("open_review", reviews.open_review, lambda d, it: reviews.open_review(d, _review(it), reviews.Report(it.member_id, "No."))),
    Question("decide", reviews.decide, lambda d, it: reviews.decide(d, it.job.id, "approve", 1, _entry(it), reviews.Ruled(0, None))),
    Question("set_verdict", reviews.set_verdict, lambda d, it: reviews.set_verdict(d, it.job, reviews.Ruled(0, None))),
    _job(reviews.begin_post),
    _job(reviews.posted, 1, 5),
    _job(reviews.forget_post),
    _job(reviews.settle),
    Question("ask", erasure.ask, lambda d, it: erasure.ask(d, it.member_id)),
    Question("done", erasure.done, lambda d, it: erasure.done(d, it.member_id)),
    Question("erase_jobs", erasure.erase_jobs, lambda d, it: erasure.erase_jobs(d, [it.job.id])),
    Question("forget_member", erasure.forget_member, _forget_member),
)  # fmt: skip
