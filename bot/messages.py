"""From a job and what became of it to the message that shows it. Pure: sends nothing.

What members read is worded here and in `bot.errors`; reasons may come from inference and storage.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from bot.errors import UserError
from bot.parameters import DEFAULTS
from bot.prompt import text_of
from storage.jobs import Job, Totals
from storage.models import JobKind, JobState
from storage.servers import ServerSettings

ALT_LIMIT = 1024
PROMPT_SHOWN = 800
"""Characters of a prompt that a message shows: even if each must be escaped, the rest of Discord's
2000 holds who, from where, and the status."""


class Stripe(Enum):
    """The colour at an embed's edge."""

    RED = 0xC0392B
    YELLOW = 0xD9A441
    GREEN = 0x3E8E5A
    GREY = 0x6B6F76


@dataclass(frozen=True, slots=True)
class Card:
    """An embed: `fields` are pairs of name and value."""

    title: str
    text: str
    stripe: Stripe
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Button:
    """A button that carries its job's id. `index` counts pictures from 1."""

    job_id: str
    action: str
    label: str = ""
    emoji: str = ""
    index: int | None = None
    danger: bool = False

    @property
    def custom_id(self) -> str:
        place = "" if self.index is None else f":{self.index}"
        return f"job:{self.job_id}:{self.action}{place}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture in a message. `alt` is read out to those who do not see it."""

    filename: str
    encoded: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class Message:
    """What a message shows. `attachment` None leaves on an edit what is there."""

    content: str
    attachment: Attachment | None = None
    cards: tuple[Card, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()


# Why jobs fail, where inference does not say it itself.

OUR_MISTAKE = "Something went wrong on our side; the log has the details."
NO_PLACE = "I may not post in the channel it was asked for in."


def not_kept(reason: str) -> str:
    return f"The pictures could not be kept: {reason}"


def broke_off(times: int) -> str:
    return f"Inference broke off {times} times in the middle of this job."


# The life of a job.


def waiting(job: Job, parent: Job | None) -> Message:
    return Message(_line(job, parent, "(Waiting to start)"), buttons=_cancel(job))


def waiting_for_inference(job: Job, parent: Job | None) -> Message:
    status = "(Waiting: inference is away or busy; the job goes on by itself)"
    return Message(_line(job, parent, status), buttons=_cancel(job))


def running(
    job: Job, parent: Job | None, step: int, steps: int, preview: Attachment | None
) -> Message:
    """`step` of `steps` is done, as far as inference can be trusted to count."""
    status = f"({min(100, round(100 * step / max(1, steps)))}%)"
    return Message(_line(job, parent, status), preview, buttons=_cancel(job))


def done(job: Job, parent: Job | None, picture: Attachment, pictures: int) -> Message:
    """The end of a job with `pictures` pictures, shown as one."""
    return Message(_line(job, parent, ""), picture, buttons=_result_buttons(job, pictures))


def moved(message: Message) -> Message:
    """The end of a job as a new message, because the one that waited for it cannot be edited."""
    note = "\n-# The message that waited for this is gone, so here is a new one."
    return replace(message, content=message.content + note)


def not_showable(job: Job, parent: Job | None, reason: str) -> Message:
    """The job is done, but its picture cannot be put into a message."""
    card = Card("The picture cannot be shown", reason, Stripe.RED)
    return Message(_line(job, parent, ""), cards=(card,), buttons=_retry(job))


def stopped(job: Job, parent: Job | None) -> Message:
    return Message(_line(job, parent, "(Stopped)"))


def failed(job: Job, parent: Job | None) -> Message:
    card = Card("The job failed", job.reason or "The reason is not known.", Stripe.RED)
    return Message(_line(job, parent, "(Failed)"), cards=(card,), buttons=_retry(job))


def ended(job: Job, parent: Job | None) -> Message:
    """The last message of a job that ended without a picture."""
    return stopped(job, parent) if job.state is JobState.CANCELLED else failed(job, parent)


def preview_name(step: int) -> str:
    return f"preview_{step}.jpg"


def file_name(job: Job, suffix: str) -> str:
    """`member_first_words_jobid.png`, in characters that every file system takes."""
    words = re.findall(r"[a-z0-9]+", text_of(job.prompt).lower())[:6]
    member = re.sub(r"[^a-z0-9]+", "_", job.member_name.lower()).strip("_")[:20]
    return (
        "_".join([*filter(None, [member, *(word[:15] for word in words)]), job.id]) + f".{suffix}"
    )


def alt_text(job: Job) -> str:
    return _cut(job.prompt, ALT_LIMIT)


# Answers that only one member sees.


def refusal(error: UserError) -> Card:
    return Card(error.title, f"{error.problem}\n{error.remedy}", Stripe.RED)


def unexpected() -> Card:
    return Card(
        "That went wrong",
        "This was our mistake, not yours, and it has been written down.\n"
        "Try again; if it happens again, tell a server admin.",
        Stripe.RED,
    )


def settings_shown(settings: ServerSettings, changed: bool) -> Card:
    fields = (
        ("Aspect", settings.aspect or str(DEFAULTS["aspect"])),
        ("Style", settings.style or "none"),
        ("Stylize", str(DEFAULTS["stylize"] if settings.stylize is None else settings.stylize)),
        ("Jobs at a time", f"{settings.jobs_per_member} for each member"),
    )
    title = "Settings saved" if changed else "Settings of this server"
    text = "They hold for every `/imagine` from now on that does not say otherwise."
    return Card(title, text, Stripe.GREEN if changed else Stripe.GREY, fields)


def info(open_jobs: Sequence[Job], totals: Totals, limit: int) -> Card:
    """What `/info` shows: a member's jobs now, and all of them counted."""
    running_jobs = [job for job in open_jobs if job.state is JobState.RUNNING]
    queued = [job for job in open_jobs if job.state is JobState.QUEUED]
    fields = (
        ("Running jobs", _listed(running_jobs)),
        ("Queued jobs", _listed(queued)),
        ("At a time", f"{len(open_jobs)} of {limit}"),
        (
            "Lifetime",
            f"{totals.pictures} pictures in {totals.done} jobs; "
            f"{totals.cancelled} cancelled, {totals.failed} failed",
        ),
    )
    return Card("Your jobs", "", Stripe.GREY, fields)


# Pieces.


def _line(job: Job, parent: Job | None, status: str) -> str:
    from_where = f" · from {_link(parent)}" if parent and parent.message_id else ""
    return " ".join(
        filter(None, [f"**{_escape(job.prompt)}**", "-", _deed(job, parent) + from_where, status])
    )


def _deed(job: Job, parent: Job | None) -> str:
    who = f"<@{job.member_id}>"
    # A picture by itself keeps the number that it had in its grid.
    by_itself = parent is not None and parent.kind is JobKind.UPSCALE
    index = parent.parent_index if parent and by_itself else job.parent_index
    number = (index or 0) + 1
    match job.kind:
        case JobKind.IMAGINE:
            return who
        case JobKind.VARY:
            return f"Variations of picture {number} by {who}"
        case JobKind.REROLL:
            return f"Re-rolled by {who}"
        case JobKind.UPSCALE:
            return f"Picture {number} by {who}"


def _link(job: Job) -> str:
    """The message of a job, as a link that Discord's clients follow in place."""
    place = job.server_id or "@me"
    what = "this picture" if job.kind is JobKind.UPSCALE else "this grid"
    return f"[{what}](https://discord.com/channels/{place}/{job.channel_id}/{job.message_id})"


def _escape(prompt: str) -> str:
    """The prompt as it was typed, whatever Markdown would make of it."""
    return re.sub(r"([\\*_~`|<>\[\]])", r"\\\1", _cut(prompt, PROMPT_SHOWN))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _listed(jobs: Sequence[Job]) -> str:
    if not jobs:
        return "none"
    shown = [f"`{job.id[:8]}` {_escape(_cut(job.prompt, 60))}" for job in jobs[:5]]
    more = [f"and {len(jobs) - 5} more"] if len(jobs) > 5 else []
    return "\n".join(shown + more)


def _cancel(job: Job) -> tuple[tuple[Button, ...], ...]:
    return ((Button(job.id, "cancel", label="Cancel", danger=True),),)


def _retry(job: Job) -> tuple[tuple[Button, ...], ...]:
    return ((Button(job.id, "reroll", emoji="🔄"),),)


def _result_buttons(job: Job, pictures: int) -> tuple[tuple[Button, ...], ...]:
    if job.kind is JobKind.UPSCALE:
        return ((Button(job.id, "vary", label="Vary", index=1),),)
    numbers = range(1, pictures + 1)
    return (
        (
            *(Button(job.id, "upscale", label=f"U{n}", index=n) for n in numbers),
            Button(job.id, "reroll", emoji="🔄"),
        ),
        tuple(Button(job.id, "vary", label=f"V{n}", index=n) for n in numbers),
    )
