"""From a job and what became of it to the message that shows it. Pure: sends nothing.

The words stand in `bot.texts`; reasons may come from inference and storage.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from bot.errors import UserError
from bot.parameters import DEFAULTS
from bot.prompt import text_of
from bot.texts import say
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


# The life of a job.


def waiting(job: Job, parent: Job | None) -> Message:
    return Message(_line(job, parent, "status-waiting"), buttons=_cancel(job))


def waiting_for_inference(job: Job, parent: Job | None) -> Message:
    return Message(_line(job, parent, "status-waiting-for-inference"), buttons=_cancel(job))


def running(
    job: Job, parent: Job | None, step: int, steps: int, preview: Attachment | None
) -> Message:
    """`step` of `steps` is done, as far as inference can be trusted to count."""
    percent = f"({min(100, round(100 * step / max(1, steps)))}%)"
    return Message(f"{_line(job, parent)} {percent}", preview, buttons=_cancel(job))


def done(job: Job, parent: Job | None, picture: Attachment, pictures: int) -> Message:
    """The end of a job with `pictures` pictures, shown as one."""
    return Message(_line(job, parent), picture, buttons=_result_buttons(job, pictures))


def moved(message: Message, locale: str) -> Message:
    """The end of a job as a new message, because the one that waited for it cannot be edited."""
    return replace(message, content=f"{message.content}\n-# {say('moved', locale)}")


def not_showable(job: Job, parent: Job | None, reason: str) -> Message:
    """The job is done, but its picture cannot be put into a message."""
    card = Card(say("not-showable", job.locale), reason, Stripe.RED)
    return Message(_line(job, parent), cards=(card,), buttons=_retry(job))


def stopped(job: Job, parent: Job | None) -> Message:
    return Message(_line(job, parent, "status-stopped"))


def failed(job: Job, parent: Job | None) -> Message:
    reason = job.reason or say("job-failed.unknown", job.locale)
    card = Card(say("job-failed", job.locale), reason, Stripe.RED)
    return Message(_line(job, parent, "status-failed"), cards=(card,), buttons=_retry(job))


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


def refusal(error: UserError, locale: str) -> Card:
    text = f"{say(error.problem, locale)}\n{say(error.remedy, locale)}"
    return Card(say(error.title, locale), text, Stripe.RED)


def unexpected(locale: str) -> Card:
    text = f"{say('unexpected.problem', locale)}\n{say('unexpected.remedy', locale)}"
    return Card(say("unexpected", locale), text, Stripe.RED)


def settings_shown(settings: ServerSettings, changed: bool, locale: str) -> Card:
    stylize = DEFAULTS["stylize"] if settings.stylize is None else settings.stylize
    jobs = say("settings.jobs-value", locale, limit=settings.jobs_per_member)
    fields = (
        (say("settings.aspect", locale), settings.aspect or str(DEFAULTS["aspect"])),
        (say("settings.style", locale), settings.style or say("settings.no-style", locale)),
        (say("settings.stylize", locale), str(stylize)),
        (say("settings.jobs", locale), jobs),
    )
    title = say("settings.saved" if changed else "settings", locale)
    stripe = Stripe.GREEN if changed else Stripe.GREY
    return Card(title, say("settings.text", locale), stripe, fields)


def info(open_jobs: Sequence[Job], totals: Totals, limit: int, locale: str) -> Card:
    """What `/info` shows: a member's jobs now, and all of them counted."""
    running_jobs = [job for job in open_jobs if job.state is JobState.RUNNING]
    queued = [job for job in open_jobs if job.state is JobState.QUEUED]
    at_a_time = say("info.at-a-time-value", locale, open=len(open_jobs), limit=limit)
    lifetime = say(
        "info.lifetime-value",
        locale,
        pictures=totals.pictures,
        done=totals.done,
        cancelled=totals.cancelled,
        failed=totals.failed,
    )
    fields = (
        (say("info.running", locale), _listed(running_jobs, locale)),
        (say("info.queued", locale), _listed(queued, locale)),
        (say("info.at-a-time", locale), at_a_time),
        (say("info.lifetime", locale), lifetime),
    )
    return Card(say("info", locale), "", Stripe.GREY, fields)


# Pieces.


def _line(job: Job, parent: Job | None, status: str = "") -> str:
    """The prompt, who made what of it and from what, and a status by its key."""
    deed = _deed(job, parent)
    if parent and parent.message_id:
        what = "from-picture" if parent.kind is JobKind.UPSCALE else "from-grid"
        deed += f" · {say(what, job.locale, link=_link(parent))}"
    line = f"**{_escape(job.prompt)}** - {deed}"
    return f"{line} {say(status, job.locale)}" if status else line


def _deed(job: Job, parent: Job | None) -> str:
    who = f"<@{job.member_id}>"
    if job.kind is JobKind.IMAGINE:
        return who
    # A picture by itself keeps the number that it had in its grid.
    by_itself = parent is not None and parent.kind is JobKind.UPSCALE
    index = parent.parent_index if parent and by_itself else job.parent_index
    number, detail = (index or 0) + 1, job.detail or ""
    return say(f"deed-{job.kind}", job.locale, who=who, number=number, detail=detail)


def _link(job: Job) -> str:
    """The message of a job, as Discord's clients follow it in place."""
    place = job.server_id or "@me"
    return f"https://discord.com/channels/{place}/{job.channel_id}/{job.message_id}"


def _escape(prompt: str) -> str:
    """The prompt as it was typed, whatever Markdown would make of it."""
    return re.sub(r"([\\*_~`|<>\[\]])", r"\\\1", _cut(prompt, PROMPT_SHOWN))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _listed(jobs: Sequence[Job], locale: str) -> str:
    if not jobs:
        return say("info.none", locale)
    shown = [f"`{job.id[:8]}` {_escape(_cut(job.prompt, 60))}" for job in jobs[:5]]
    more = [say("info.more", locale, count=len(jobs) - 5)] if len(jobs) > 5 else []
    return "\n".join(shown + more)


def _cancel(job: Job) -> tuple[tuple[Button, ...], ...]:
    return ((Button(job.id, "cancel", label=say("button-cancel", job.locale), danger=True),),)


def _retry(job: Job) -> tuple[tuple[Button, ...], ...]:
    return ((Button(job.id, "reroll", emoji="🔄"),),)


def _result_buttons(job: Job, pictures: int) -> tuple[tuple[Button, ...], ...]:
    if job.kind is JobKind.UPSCALE:
        return ((Button(job.id, "vary", label=say("button-vary", job.locale), index=1),),)
    numbers = range(1, pictures + 1)
    return (
        (
            *(Button(job.id, "upscale", label=f"U{n}", index=n) for n in numbers),
            Button(job.id, "reroll", emoji="🔄"),
        ),
        tuple(Button(job.id, "vary", label=f"V{n}", index=n) for n in numbers),
    )
