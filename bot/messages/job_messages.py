"""The message of a job, from waiting to its end. Pure.

The texts are in `bot.i18n.texts`; the reasons of failures may come from inference and storage.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.errors import UserError
from bot.i18n.markdown import Markup, code, code_block, plain, start_link, visible
from bot.i18n.texts import say
from bot.messages.job_actions import JobAction
from bot.messages.specs import (
    AttachmentSpec,
    ButtonRows,
    ButtonSpec,
    EmbedColour,
    EmbedSpec,
    MessageSpec,
)
from bot.policy.verdicts import Ruling, Verdict
from bot.prompts.lint import LINK
from bot.prompts.parser import without_parameters
from bot.prompts.recipe import as_typed, has_noise_of_a_prompt
from bot.prompts.words import split_words
from diffusion.protocol.requests import ImageRequest
from storage.jobs import Job
from storage.models import JobKind, JobState

SINGLE_PICTURE_KINDS = (JobKind.UPSCALE, JobKind.ENLARGE)
"""The kinds of jobs that have a single picture instead of a grid."""

SPOILER_PREFIX = "SPOILER_"
"""How the names of files begin that Discord blurs until somebody clicks."""

MAX_ALT_TEXT_CHARS = 1024
MAX_SHOWN_PROMPT_CHARS = 800
"""Characters of a prompt that a message shows. Even if each has to be escaped, Discord's 2000 leave
room for the member, the link to the parent and the status."""

MAX_COPIED_PROMPT_CHARS = 1000
"""Characters of a prompt in a code block below the reason of a failure; longer ones are a file."""

MAX_FILE_NAME_CHARS = 100

MAX_REASON_CHARS = 1500
"""Characters of the reason of a failure, which may come from another server."""

MAX_REPEATED_PROMPT_CHARS = 200
"""Characters of a prompt that is the same as the parent's, and so has been read before."""

MAX_LEFT_OUT_CHARS, MIN_LEFT_OUT_CHARS = 300, 60
"""Characters of the words that a model left out; the fewer, the longer the prompt above them is."""

_FIRST_LINK = re.compile(rf"{LINK.pattern}(?: |$)", re.IGNORECASE)


# The states of a job.


def waiting(job: Job, parent: Job | None) -> MessageSpec:
    status = "status-waiting-for-model" if job.is_unresolved else "status-waiting"
    return MessageSpec(_headline(job, parent, status), buttons=_cancel(job))


def waiting_for_inference(job: Job, parent: Job | None) -> MessageSpec:
    return MessageSpec(_headline(job, parent, "status-waiting-for-inference"), buttons=_cancel(job))


def waiting_for_pictures(job: Job, parent: Job | None) -> MessageSpec:
    return MessageSpec(_headline(job, parent, "status-waiting-for-pictures"), buttons=_cancel(job))


def running(
    job: Job, parent: Job | None, step: int, steps: int, preview: AttachmentSpec | None
) -> MessageSpec:
    """`step` of `steps` is done; both come from inference and need not make sense."""
    percent = f"({min(100, round(100 * step / max(1, steps)))}%)"
    return MessageSpec(
        f"{_headline(job, parent)} {percent} {_mode(job)}", preview, buttons=_cancel(job)
    )


def done(
    job: Job,
    parent: Job | None,
    picture: AttachmentSpec,
    buttons: ButtonRows,
    left_out: Sequence[str] = (),
) -> MessageSpec:
    """A finished job with its pictures as one. A single picture also shows its seed.

    `left_out` is what the model did not hear of the prompt. It is said once: not again below what
    is made from a picture of the same prompt.
    """
    content = f"{_headline(job, parent)} {_mode(job)}"
    if job.kind in SINGLE_PICTURE_KINDS:
        request = ImageRequest.from_json(job.request)
        if is_seed_usable(request, job):
            seed = str(request.noises[0].seed)
            content += f"\n-# {say('seed', job.locale, seed=seed)}"
    if left_out and not _is_repeated(job, parent):
        content += f"\n-# {_left_out(job, left_out)}"
    return MessageSpec(content, picture, buttons=buttons)


def _left_out(job: Job, left_out: Sequence[str]) -> str:
    most = max(MIN_LEFT_OUT_CHARS, MAX_LEFT_OUT_CHARS - len(job.prompt))
    shown: list[str] = []
    for words in left_out:
        if most < len(words) and shown:
            shown.append("…")
            break
        shown.append(f"*{plain(words, most, at_start=False)}*")
        most -= len(words)
    return say("left-out", job.locale, words=Markup(", ".join(shown)))


def is_seed_usable(request: ImageRequest, job: Job) -> bool:
    """Whether `--seed` with the seed of a job's request starts from the same noise."""
    is_redrawn = job.kind is JobKind.ENLARGE and job.detail == "creative"
    return not is_redrawn and has_noise_of_a_prompt(request)


def moved(message: MessageSpec, locale: str) -> MessageSpec:
    """The end of a job in a new message, because its own message cannot be edited."""
    return replace(message, content=f"{message.content}\n-# {say('moved', locale)}")


def not_showable(job: Job, parent: Job | None, reason: str) -> MessageSpec:
    """A finished job whose picture cannot be put into a message."""
    embed = EmbedSpec(
        say("not-showable", job.locale), plain(reason, MAX_REASON_CHARS), EmbedColour.RED
    )
    return MessageSpec(_headline(job, parent), embeds=(embed,), buttons=_retry(job))


def withheld(job: Job, parent: Job | None, ruling: Ruling, *, appeal: bool = False) -> MessageSpec:
    """A finished job whose picture is not shown, or not yet: without picture.

    `appeal` is whether its member may ask moderators to look at it.
    """
    waits = ruling.verdict is Verdict.REVIEW
    title = say("picture-withheld.waits" if waits else "picture-withheld", job.locale)
    colour = EmbedColour.YELLOW if waits else EmbedColour.RED
    reason = plain(ruling.reason, MAX_REASON_CHARS) if ruling.reason else ""
    button = ButtonSpec(job.id, JobAction.APPEAL, say("button-appeal", job.locale))
    return MessageSpec(
        _headline(job, parent),
        embeds=(EmbedSpec(title, reason, colour),),
        buttons=((button,),) if appeal else (),
        # What was shown of it before must not stay.
        drops_file=True,
    )


def stopped(job: Job, parent: Job | None) -> MessageSpec:
    return MessageSpec(_headline(job, parent, "status-stopped"), buttons=_retry(job))


def failed(job: Job, parent: Job | None) -> MessageSpec:
    """The prompt can be copied from it: as a code block, or as a file if it is too long for one."""
    reason = plain(job.reason or say("job-failed.unknown", job.locale), MAX_REASON_CHARS)
    file = None
    if job.kind not in SINGLE_PICTURE_KINDS:
        prompt = as_typed(job.prompt)
        if len(prompt) > MAX_COPIED_PROMPT_CHARS:
            encoded = prompt.encode(errors="replace")
            file = AttachmentSpec("prompt.txt", encoded, say("typed-text", job.locale))
        else:
            reason += f"\n{code_block(prompt, MAX_COPIED_PROMPT_CHARS)}"
    embed = EmbedSpec(say("job-failed", job.locale), reason, EmbedColour.RED)
    headline = _headline(job, parent, "status-failed")
    return MessageSpec(headline, file, (embed,), _retry_or_edit(job))


def ended(job: Job, parent: Job | None) -> MessageSpec:
    """A job that ended without a picture."""
    return stopped(job, parent) if job.state is JobState.CANCELLED else failed(job, parent)


def preview_name(job: Job, step: int) -> str:
    return f"{spoiler_of(job)}preview_{step}.jpg"


def file_name(job: Job, suffix: str) -> str:
    """`member_first_words_jobid.png`, in characters that every file system accepts."""
    words = re.findall(r"[a-z0-9]+", without_parameters(job.prompt).lower())[:6]
    member = re.sub(r"[^a-z0-9]+", "_", job.member_name.lower()).strip("_")[:20]
    name = "_".join([*filter(None, [member, *(word[:15] for word in words)]), job.id])
    return f"{spoiler_of(job)}{name}.{suffix}"


def spoiler_of(job: Job) -> str:
    """What the name of a file begins with that Discord shows only to those who click on it."""
    return SPOILER_PREFIX if job.verdict >= Verdict.SPOILER else ""


def alt_text(job: Job) -> str:
    return visible(job.prompt, MAX_ALT_TEXT_CHARS)


# Answers that only one member sees.


def refusal(error: UserError, locale: str) -> EmbedSpec:
    text = f"{say(error.problem, locale)}\n{say(error.remedy, locale)}"
    return EmbedSpec(say(error.title, locale), text, EmbedColour.RED)


def with_lost_files(refusal: EmbedSpec, names: Sequence[str], locale: str) -> EmbedSpec:
    """A refusal that also says which files have to be attached again."""
    if not names:
        return refusal
    files = Markup(", ".join(code(name, MAX_FILE_NAME_CHARS) for name in names))
    lost = say("files-not-kept", locale, files=files)
    return replace(refusal, text=f"{refusal.text}\n{lost}")


def unexpected(locale: str) -> EmbedSpec:
    text = f"{say('unexpected.problem', locale)}\n{say('unexpected.remedy', locale)}"
    return EmbedSpec(say("unexpected", locale), text, EmbedColour.RED)


# Parts of messages.


def _headline(job: Job, parent: Job | None, status: str = "") -> str:
    """The prompt, what was done by whom, a link to the parent, and a status by its key."""
    action = action_line(job, parent, job.locale)
    if parent and parent.message_id:
        what = "from-picture" if parent.kind in SINGLE_PICTURE_KINDS else "from-grid"
        action += f" · {say(what, job.locale, link=link_to(parent))}"
    most = MAX_REPEATED_PROMPT_CHARS if _is_repeated(job, parent) else MAX_SHOWN_PROMPT_CHARS
    headline = f"**{shown_prompt(job.prompt, most)}** - {action}"
    return f"{headline} {say(status, job.locale)}" if status else headline


def _is_repeated(job: Job, parent: Job | None) -> bool:
    """Whether the words of the prompt are those of the parent."""
    return parent is not None and _words(parent) == _words(job)


def _words(job: Job) -> str:
    return without_parameters(job.prompt)


def _mode(job: Job) -> str:
    """The job's mode, and whether it is stealth."""
    mode = say(f"mode-{job.mode}", job.locale)
    return f"({mode}, {say('mode-stealth', job.locale)})" if job.stealth else f"({mode})"


def action_line(job: Job, parent: Job | None, locale: str) -> str:
    """What was done, and who did it."""
    who = Markup(f"<@{job.member_id}>")
    if job.kind is JobKind.IMAGINE:
        return who
    by_itself = (
        job.kind is JobKind.VARY and parent is not None and parent.kind in SINGLE_PICTURE_KINDS
    )
    key = f"action-{job.kind}-single" if by_itself else f"action-{job.kind}"
    number, detail = (job.parent_index or 0) + 1, job.detail or ""
    return say(key, locale, who=who, number=number, detail=detail)


def link_to(job: Job) -> Markup:
    """The link to a job's message."""
    place = job.server_id or "@me"
    return Markup(f"https://discord.com/channels/{place}/{job.channel_id}/{job.message_id}")


def shown_prompt(prompt: str, most: int = MAX_SHOWN_PROMPT_CHARS) -> str:
    """A prompt, as it is drawn. Only the links to the pictures that it starts from are links.

    Of a prompt that is too long, the words are cut off before the parameters are.
    """
    links, rest = [], _abridged(visible(prompt), most)
    while match := _FIRST_LINK.match(rest):
        link = start_link(match[1])
        if link is None or len(link) > most:
            break
        links.append(link)
        rest, most = rest[match.end() :], most - len(link) - 1
    words = [plain(rest, max(most, 1), at_start=not links)] if rest else []
    return " ".join([*links, *words])


def _abridged(prompt: str, most: int) -> str:
    """A prompt of at most `most` characters that keeps its parameters, if they fit into half."""
    said, *flagged = split_words(prompt.split())
    parameters = " ".join(word for group in flagged for word in group)
    if len(prompt) <= most or not parameters or len(parameters) > most // 2:
        return prompt
    return f"{visible(' '.join(said), most - len(parameters) - 1)} {parameters}"


def _cancel(job: Job) -> ButtonRows:
    label = say("button-cancel", job.locale)
    return ((ButtonSpec(job.id, JobAction.CANCEL, label, danger=True),),)


def _retry(job: Job) -> ButtonRows:
    return ((ButtonSpec(job.id, JobAction.REROLL, emoji="🔄"),),)


def _retry_or_edit(job: Job) -> ButtonRows:
    """🔄, and a button that opens the prompt, unless the job only has a picture of its parent."""
    if job.kind in SINGLE_PICTURE_KINDS:
        return _retry(job)
    ((retry,),) = _retry(job)
    edit = ButtonSpec(job.id, JobAction.EDIT, say("button-edit-prompt", job.locale))
    return ((retry, edit),)
