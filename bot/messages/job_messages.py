"""From a job and what became of it to the message that shows it. Pure: sends nothing.

The words stand in `bot.i18n.texts`; reasons may come from inference and storage.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum

from bot.errors import UserError
from bot.i18n.markdown import Markup, plain, start_link, visible
from bot.i18n.texts import say
from bot.prompts.lint import LINK
from bot.prompts.parser import text_of
from diffusion.protocol.requests import ImageRequest
from storage.jobs import Job
from storage.models import JobKind, JobState

SINGLE = (JobKind.UPSCALE, JobKind.ENLARGE)
"""The kinds of jobs that are one picture by itself."""

ALT_LIMIT = 1024
PROMPT_SHOWN = 800
"""Characters of a prompt that a message shows: even if each must be escaped, the rest of Discord's
2000 holds who, from where, and the status."""

REASON_SHOWN = 1500
"""The same of why something went wrong, which may come from another server."""

REPEATED_SHOWN = 200
"""The same where the prompt has been read before: in what came of a picture."""


_FIRST_LINK = re.compile(rf"{LINK.pattern}(?: |$)", re.IGNORECASE)


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
    """A button that carries its job's id. `index` counts from 1, pictures for the most part.

    One with a `url` leads there and carries nothing.
    """

    job_id: str
    action: str
    label: str = ""
    emoji: str = ""
    index: int | None = None
    danger: bool = False
    used: bool = False
    url: str | None = None

    @property
    def custom_id(self) -> str:
        place = "" if self.index is None else f":{self.index}"
        return f"job:{self.job_id}:{self.action}{place}"


Rows = tuple[tuple[Button, ...], ...]


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
    buttons: Rows = ()


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
    return Message(f"{_line(job, parent)} {percent} {_mode(job)}", preview, buttons=_cancel(job))


def done(job: Job, parent: Job | None, picture: Attachment, buttons: Rows) -> Message:
    """The end of a job, its pictures shown as one. One that stands alone tells its seed."""
    content = f"{_line(job, parent)} {_mode(job)}"
    if job.kind in SINGLE:
        seed = ImageRequest.from_json(job.request).noises[0].seed
        content += f"\n-# {say('seed', job.locale, seed=str(seed))}"
    return Message(content, picture, buttons=buttons)


def moved(message: Message, locale: str) -> Message:
    """The end of a job as a new message, because the one that waited for it cannot be edited."""
    return replace(message, content=f"{message.content}\n-# {say('moved', locale)}")


def not_showable(job: Job, parent: Job | None, reason: str) -> Message:
    """The job is done, but its picture cannot be put into a message."""
    card = Card(say("not-showable", job.locale), plain(reason, REASON_SHOWN), Stripe.RED)
    return Message(_line(job, parent), cards=(card,), buttons=_retry(job))


def stopped(job: Job, parent: Job | None) -> Message:
    return Message(_line(job, parent, "status-stopped"), buttons=_retry(job))


def failed(job: Job, parent: Job | None) -> Message:
    reason = job.reason or say("job-failed.unknown", job.locale)
    card = Card(say("job-failed", job.locale), plain(reason, REASON_SHOWN), Stripe.RED)
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
    return visible(job.prompt, ALT_LIMIT)


# Answers that only one member sees.


def refusal(error: UserError, locale: str) -> Card:
    text = f"{say(error.problem, locale)}\n{say(error.remedy, locale)}"
    return Card(say(error.title, locale), text, Stripe.RED)


def unexpected(locale: str) -> Card:
    text = f"{say('unexpected.problem', locale)}\n{say('unexpected.remedy', locale)}"
    return Card(say("unexpected", locale), text, Stripe.RED)


# Pieces.


def _line(job: Job, parent: Job | None, status: str = "") -> str:
    """The prompt, who made what of it and from what, and a status by its key."""
    deed = deed_of(job, parent, job.locale)
    if parent and parent.message_id:
        what = "from-picture" if parent.kind in SINGLE else "from-grid"
        deed += f" · {say(what, job.locale, link=link_to(parent))}"
    repeated = parent is not None and parent.prompt == job.prompt
    line = f"**{shown_prompt(job.prompt, REPEATED_SHOWN if repeated else PROMPT_SHOWN)}** - {deed}"
    return f"{line} {say(status, job.locale)}" if status else line


def _mode(job: Job) -> str:
    """How much the job is hurried, and whether it is shown to its member alone."""
    mode = say(f"mode-{job.mode}", job.locale)
    return f"({mode}, {say('mode-stealth', job.locale)})" if job.stealth else f"({mode})"


def deed_of(job: Job, parent: Job | None, locale: str) -> str:
    """What was done, and who did it."""
    who = Markup(f"<@{job.member_id}>")
    if job.kind is JobKind.IMAGINE:
        return who
    by_itself = job.kind is JobKind.VARY and parent is not None and parent.kind in SINGLE
    key = f"deed-{job.kind}-single" if by_itself else f"deed-{job.kind}"
    number, detail = (job.parent_index or 0) + 1, job.detail or ""
    return say(key, locale, who=who, number=number, detail=detail)


def link_to(job: Job) -> Markup:
    """The message of a job, as Discord's clients follow it in place."""
    place = job.server_id or "@me"
    return Markup(f"https://discord.com/channels/{place}/{job.channel_id}/{job.message_id}")


def shown_prompt(prompt: str, most: int = PROMPT_SHOWN) -> str:
    """A prompt as it was typed; what can be followed are the pictures alone that it starts from."""
    links, rest = [], visible(prompt)
    while match := _FIRST_LINK.match(rest):
        link = start_link(match[1])
        if link is None or len(link) > most:
            break
        links.append(link)
        rest, most = rest[match.end() :], most - len(link) - 1
    words = [plain(rest, max(most, 1), at_start=not links)] if rest else []
    return " ".join([*links, *words])


def _cancel(job: Job) -> Rows:
    return ((Button(job.id, "cancel", label=say("button-cancel", job.locale), danger=True),),)


def _retry(job: Job) -> Rows:
    return ((Button(job.id, "reroll", emoji="🔄"),),)
