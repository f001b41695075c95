"""Decides who may do what with a job or a draft. Pure.

A custom_id proves nothing: a modified client can send any, and a job's message may be copied to any
channel. So every action on a job that may belong to somebody else is checked here: who owns the
job, whether it is stealth, and whether it is shown where the member acts. The settings of the job's
own server apply, also where a copy is pressed.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from bot.errors import (
    ButtonsNeedRole,
    ConfirmationExpired,
    JobNotFound,
    NotInItsServer,
    NotYourButtons,
    NotYourJob,
    NotYoursToDelete,
)
from bot.policy.channels import mentions
from storage.drafts import Draft
from storage.jobs import Job
from storage.servers import ServerSettings


class Action(Enum):
    """What a member does with a job."""

    FOLLOW_UP = auto()
    """Makes a follow-up job, or opens the modal for one, which shows the prompt."""
    LIKE = auto()
    READ = auto()
    """Sees its seed and parameters, or has it sent as a direct message."""
    HIGHLIGHT = auto()
    CANCEL = auto()
    DELETE = auto()
    """Deletes the message on which the member acts."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts and where, according to Discord and not to a custom_id.

    `moderates` is whether they may manage messages in this channel. `shown_jobs` are the ids of the
    jobs shown by the message on which they act. `roles` are the ids of their roles on this server.
    """

    member_id: int
    server_id: int | None
    channel_id: int
    moderates: bool = False
    shown_jobs: frozenset[str] = frozenset()
    roles: frozenset[int] = frozenset()


def check_job(
    action: Action,
    actor: Actor,
    job: Job,
    settings: ServerSettings,
    button_roles: Collection[int] = (),
) -> None:
    """Raises the `UserError` that says why this member may not do this.

    `settings` are those of the job's server, `button_roles` the roles that may use others' buttons
    there, if it leaves that to roles.
    """
    assert settings.server_id == (job.server_id or 0), "the rules are those of the job's server"
    owns = actor.member_id == job.member_id
    # Who cannot see a job does not learn that it exists.
    if not owns and (job.stealth or not _is_shown(job, actor)):
        raise JobNotFound
    match action:
        case Action.FOLLOW_UP | Action.LIKE:
            if settings.buttons_for == "owner" and not owns:
                raise NotYourButtons
            if settings.buttons_for == "roles" and not owns:
                _check_roles(actor, job, button_roles)
        case Action.CANCEL:
            if not may_cancel(actor, job):
                raise NotYourJob
        case Action.DELETE:
            if not owns and not actor.moderates:
                raise NotYoursToDelete
        case Action.HIGHLIGHT:
            if job.stealth or job.server_id is None or job.server_id != actor.server_id:
                raise NotInItsServer
        case Action.READ:
            pass


def _check_roles(actor: Actor, job: Job, button_roles: Collection[int]) -> None:
    # Roles on another server, or in a direct message, say nothing of those on the job's server.
    roles = {*actor.roles, actor.server_id} if actor.server_id == job.server_id else set()
    if roles.isdisjoint(button_roles):
        raise ButtonsNeedRole(mentions("@&", button_roles) if button_roles else None)


def may_cancel(actor: Actor, job: Job) -> bool:
    """Whether they own the job, or moderate the channel that it is in."""
    owns = actor.member_id == job.member_id
    return owns or (actor.moderates and actor.channel_id == job.channel_id)


def check_draft(member_id: int, draft: Draft | None) -> Draft:
    """The draft, if it is this member's. Raises ConfirmationExpired for any other."""
    if draft is None or draft.member_id != member_id:
        raise ConfirmationExpired
    return draft


def jobs_in(custom_ids: Iterable[str]) -> frozenset[str]:
    """The ids of the jobs that a message with these buttons and menus shows."""
    found = (re.match(r"(?:edit:)?job:([0-9a-f]{32}):", custom_id) for custom_id in custom_ids)
    return frozenset(match[1] for match in found if match)


def _is_shown(job: Job, actor: Actor) -> bool:
    # The message that opened a modal may be gone when the modal is sent: the channel is enough.
    return job.id in actor.shown_jobs or job.channel_id == actor.channel_id
