"""Who may do what with a job or a draft: the one place where that is decided. Pure.

A custom_id proves nothing, for a modified client sends what it likes, and a copy of a job's
message may stand anywhere. So every action on a job that is not looked up among the member's own
asks here: who owns the job, whether it is stealth, and whether it is shown where the member acts.
The rules are those of the job's own server, wherever its copy is pressed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from bot.errors import (
    ConfirmationExpired,
    JobNotFound,
    NotInItsServer,
    NotYourButtons,
    NotYourJob,
    NotYoursToDelete,
)
from storage.drafts import Draft
from storage.jobs import Job
from storage.servers import ServerSettings


class Action(Enum):
    """What a member does with a job."""

    FOLLOW_UP = auto()
    """Makes something of it, or opens the dialog for that, which shows its prompt."""
    LIKE = auto()
    READ = auto()
    """Is told its seed and parameters, or has it sent."""
    HIGHLIGHT = auto()
    CANCEL = auto()
    DELETE = auto()
    """Takes away the message that the member acts on."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and where, as Discord tells it and not as a custom_id does.

    `moderates` is whether they may manage messages in this channel. `shown_jobs` are the ids of
    the jobs that the message shows on which they act.
    """

    member_id: int
    server_id: int | None
    channel_id: int
    moderates: bool = False
    shown_jobs: frozenset[str] = frozenset()


def check_job(action: Action, actor: Actor, job: Job, settings: ServerSettings) -> None:
    """Raise the `UserError` that says why this member may not do this; `settings` are those of
    the job's server."""
    assert settings.server_id == (job.server_id or 0), "the rules are those of the job's server"
    owns = actor.member_id == job.member_id
    # Whoever cannot see a job learns nothing of it, not even that it exists.
    if not owns and (job.stealth or not _is_shown(job, actor)):
        raise JobNotFound
    match action:
        case Action.FOLLOW_UP | Action.LIKE:
            if settings.buttons_for == "owner" and not owns:
                raise NotYourButtons
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


def may_cancel(actor: Actor, job: Job) -> bool:
    """Whether the job is theirs, or in a channel that they moderate; that of another is not."""
    owns = actor.member_id == job.member_id
    return owns or (actor.moderates and actor.channel_id == job.channel_id)


def check_draft(member_id: int, draft: Draft | None) -> Draft:
    """The draft, if it is this member's. Raises ConfirmationExpired, which tells others nothing."""
    if draft is None or draft.member_id != member_id:
        raise ConfirmationExpired
    return draft


def jobs_in(custom_ids: Iterable[str]) -> frozenset[str]:
    """The jobs that a message with these buttons and menus shows, by their ids."""
    found = (re.match(r"job:([0-9a-f]{32}):", custom_id) for custom_id in custom_ids)
    return frozenset(match[1] for match in found if match)


def _is_shown(job: Job, actor: Actor) -> bool:
    # A dialog may be sent off after the message is gone that opened it: the channel is enough.
    return job.id in actor.shown_jobs or job.channel_id == actor.channel_id
