"""Embeds about jobs: a member's own, the queue, the history. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.engines.places import EngineStatus
from bot.i18n.markdown import code, code_block, names, plain, unboxed
from bot.i18n.texts import say
from bot.messages.job_messages import action_line, is_seed_usable, link_to, shown_prompt
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.models.versions import Versions
from bot.prompts.recipe import Recipe
from diffusion.protocol.requests import ImageRequest
from storage.history import SearchResult
from storage.jobs import Job, Queue, Totals
from storage.members import Preferences
from storage.models import JobKind, JobState
from storage.pictures import Picture

MAX_LISTED_JOBS = 5
MAX_LINE_CHARS = 2000
"""Characters of a line to copy that fit into an embed with everything else."""

MAX_LISTED_PROMPT_CHARS = 60
"""Characters of a prompt in a list."""


ALL_KINDS, FAVOURITES = "all", "favourites"
HISTORY_KINDS: Mapping[str, frozenset[JobKind]] = {
    ALL_KINDS: frozenset(JobKind),
    FAVOURITES: frozenset(JobKind),
    "grids": frozenset({JobKind.IMAGINE, JobKind.REROLL}),
    "variations": frozenset({JobKind.VARY, JobKind.REGION}),
    "upscales": frozenset({JobKind.UPSCALE, JobKind.ENLARGE}),
    "extensions": frozenset({JobKind.ZOOM, JobKind.PAN, JobKind.SQUARE}),
}
"""What a member may look for among their jobs."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of a search. `number` counts from 0; there are `pages` pages of those jobs of the
    member that were looked at. `kind` is one of HISTORY_KINDS. `before` is how many numbers the
    pages have that belong to newer jobs."""

    query: str
    number: int
    pages: int
    found: SearchResult
    kind: str = ALL_KINDS
    before: int = 0


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """The queue as one member sees it. `run_seconds` is how long a job takes, None if unknown."""

    queue: Queue
    member_id: int
    run_seconds: float | None
    concurrency: int
    engines: tuple[EngineStatus, ...] = ()

    def seconds_until(self, place: int) -> float | None:
        """How long a job with `place` jobs before it will wait, judging by the latest jobs."""
        if self.run_seconds is None:
            return None
        before = len(self.queue.running) + place + 1 - self.concurrency
        return max(0, math.ceil(before / self.concurrency)) * self.run_seconds


def info(
    open_jobs: Sequence[Job],
    totals: Totals,
    limit: int,
    preferences: Preferences,
    locale: str,
    confirmed_limit: int = 0,
    more: tuple[tuple[str, str], ...] = (),
) -> EmbedSpec:
    """What `/info` shows: a member's mode and visibility, their open jobs, and totals.

    `confirmed_limit` is how many jobs may be open that were confirmed together. `more` are
    further fields: those of `quota_embeds.own_field` and `engines_field`.
    """
    running = [job for job in open_jobs if job.state is JobState.RUNNING]
    queued = [job for job in open_jobs if job.state is JobState.QUEUED]
    lifetime = say(
        "info.lifetime-value",
        locale,
        pictures=totals.pictures,
        done=totals.done,
        cancelled=totals.cancelled,
        failed=totals.failed,
    )
    visibility = "stealth" if preferences.stealth else "public"
    fields = (
        (say("info.mode", locale), say(f"panel.{preferences.mode}", locale)),
        (say("info.visibility", locale), say(f"panel.{visibility}", locale)),
        (
            say("info.at-a-time", locale),
            say(
                "info.at-a-time-value",
                locale,
                open=len(open_jobs),
                limit=limit,
                confirmed=confirmed_limit if confirmed_limit > limit else 0,
            ),
        ),
        (say("info.running", locale), _listed(running, locale)),
        (say("info.queued", locale), _listed(queued, locale)),
        (say("info.lifetime", locale), lifetime),
        *more,
    )
    return EmbedSpec(say("info", locale), "", EmbedColour.GREY, fields)


def queue(place: QueuePosition, channel_id: int, locale: str) -> EmbedSpec:
    """What runs, what waits, in its order, and when the member's own jobs will begin.

    `channel_id` is where this is read: of others' jobs elsewhere, prompt and name are left out.
    """

    def line(job: Job) -> str:
        if not tells(job, place.member_id, channel_id):
            return say("queue.elsewhere", locale)
        who = say("queue.yours", locale) if job.member_id == place.member_id else job.member_name
        return (
            f"{shown_prompt(job.prompt, MAX_LISTED_PROMPT_CHARS)} - {plain(who, 20)} ({job.mode})"
        )

    waiting = list(place.queue.numbered())
    own = [
        _own_place(place, number, locale)
        for number, job in waiting
        if job.member_id == place.member_id
    ]
    first = [f"{number + 1}. {line(job)}" for number, job in waiting if number < MAX_LISTED_JOBS]
    none = say("queue.none", locale)
    fields = (
        (say("queue.running", locale), _cut_lines(map(line, place.queue.running), locale) or none),
        (
            say("queue.waiting", locale),
            _cut_lines(first, locale, place.queue.length or len(waiting)) or none,
        ),
        (say("queue.own", locale), _cut_lines(own, locale) or say("queue.no-own", locale)),
        *engines_field(place.engines, None, locale),
    )
    return EmbedSpec(say("queue", locale), "", EmbedColour.GREY, fields)


def engines_field(
    engines: Sequence[EngineStatus], versions: Versions | None, locale: str
) -> tuple[tuple[str, str], ...]:
    """A field that says how each engine stands, with its models if given; none for one engine."""
    if len(engines) < 2:
        return ()
    lines = []
    for number, one in enumerate(engines, 1):
        # A backtick, even an escaped one, might open code that ends in the names of models.
        title = one.title and plain(one.title.replace("`", "ˋ"), 40)
        name = title or say("engines.name", locale, number=number)
        key = "engines.away" if one.is_away else "engines.here"
        line = say(key, locale, name=name, running=one.running, most=one.jobs_at_once)
        models = versions.models.items() if versions else ()
        flags = names(f"--v {version}" for version, model in models if model.id in one.models)
        lines.append(f"{line} - {flags}" if flags else line)
    return ((say("engines", locale), _cut_lines(lines, locale)),)


def tells(job: Job, member_id: int, channel_id: int) -> bool:
    """Whether a member who reads in this channel may see a job's prompt, and whose it is.

    Comparing servers would not do: direct messages have none, and not every member can read every
    channel of a server. Discord may hide messages that were sent by a token.
    """
    if job.member_id == member_id:
        return True
    return job.channel_id == channel_id and not job.stealth and job.reply_token is None


def _own_place(place: QueuePosition, number: int, locale: str) -> str:
    seconds = place.seconds_until(number)
    if seconds is None:
        return say("queue.place", locale, place=number + 1)
    time = duration(seconds, locale)
    return say("queue.place-and-time", locale, place=number + 1, time=time)


def duration(seconds: float, locale: str) -> str:
    """A duration as text, in whole seconds, minutes or hours."""
    if seconds < 90:
        return say("duration.seconds", locale, count=round(seconds))
    if seconds < 90 * 60:
        return say("duration.minutes", locale, count=round(seconds / 60))
    return say("duration.hours", locale, count=round(seconds / 3600))


def details(
    job: Job,
    request: ImageRequest,
    pictures: Sequence[Picture],
    locale: str,
    recipe: Recipe | None = None,
) -> EmbedSpec:
    """How to make a job's pictures again, its seeds, and all that it was made with."""
    seeds = " ".join(f"{picture.index + 1}: `{picture.seed}`" for picture in pictures)
    fields = [
        (say("details.prompt", locale), code(job.prompt)),
        (say("details.job", locale), f"`{job.id}`"),
        (say("details.size", locale), f"{request.width} × {request.height}"),
        (say("details.steps", locale), f"{request.steps}"),
        (say("details.guidance", locale), f"{request.guidance_scale:g}"),
        (say("details.sampler", locale), f"{request.sampler}, {request.spacing}"),
        (say("details.model", locale), code(request.model, 200)),
    ]
    if is_seed_usable(request, job):
        fields.insert(2, (say("details.seed", locale), f"`{request.noises[0].seed}`"))
    if request.prompt != job.prompt:
        fields.append((say("details.drawn", locale), code(request.prompt)))
    if seeds:
        fields.append((say("details.pictures", locale), seeds))
    text = _how_to_repeat(job, request, recipe, locale)
    return EmbedSpec(say("details", locale), text, EmbedColour.GREY, tuple(fields))


def fits(line: str) -> bool:
    """Whether a line can be copied from an embed as it is."""
    return unboxed(code_block(line, MAX_LINE_CHARS)) == line


def _how_to_repeat(job: Job, request: ImageRequest, recipe: Recipe | None, locale: str) -> str:
    """The line that makes the pictures again, or why there is none."""
    if recipe is None:
        reason = "changed" if is_seed_usable(request, job) else "derived"
        return say("details.no-line", locale, reason=reason)
    picture = 0 if recipe.picture is None else recipe.picture + 1
    said = [say("details.line", locale, picture=picture)]
    if job.kind is JobKind.ENLARGE:
        said.append(say("details.enlarged", locale))
    if recipe.starts:
        said.append(say("details.starts", locale))
    line = code_block(recipe.line, MAX_LINE_CHARS) if fits(recipe.line) else ""
    return "\n".join([" ".join(said), line or say("details.in-file", locale, id=job.id[:8])])


def ancestry(line: Sequence[Job], channel_id: int, locale: str) -> EmbedSpec:
    """The jobs that a job came from, the first one on top; `line` begins with the job itself.

    `channel_id` is where this is read: prompts that others typed elsewhere are left out.
    """
    parents = [*line[1:], None]
    steps = []
    for depth, (job, parent) in enumerate(reversed(list(zip(line, parents, strict=True)))):
        indent = "\u2003" * depth + ("↳ " if depth else "")
        if not tells(job, line[0].member_id, channel_id):
            steps.append(f"{indent}{say('queue.elsewhere', locale)}")
            continue
        action = action_line(job, parent, locale)
        place = f" - [`{job.id[:8]}`]({link_to(job)})" if job.message_id else f" - `{job.id[:8]}`"
        steps.append(
            f"{indent}{shown_prompt(job.prompt, MAX_LISTED_PROMPT_CHARS)} - {action}{place}"
        )
    return EmbedSpec(say("job-ancestors", locale), "\n".join(steps), EmbedColour.GREY)


def history_heading(page: HistoryPage, locale: str) -> str:
    """The title of a page of a member's jobs, and what is on it."""
    title = f"### {say('history', locale)}"
    if (searched := page.found.searched) is not None:
        span = {"first": searched.start + 1, "last": searched.stop}
        title += f"\n-# {say('history.searched', locale, **span)}"
    if page.found.jobs:
        numbers = {"number": page.number + 1, "pages": page.pages, "total": page.found.total}
        return f"{title}\n{say('history.page', locale, **numbers)}"
    if page.kind == ALL_KINDS:
        key = "history.nothing-found" if page.query else "history.nothing-yet"
    else:
        key = "history.nothing-of-kind-found" if page.query else "history.nothing-of-kind"
    return f"{title}\n{say(key, locale, query=page.query)}"


def history_entry(job: Job, is_favourite: bool, locale: str) -> str:
    """A job of the page: its prompt, and below it what it is, when it was made, and where."""
    mark = "❤️ " if is_favourite else ""
    prompt = shown_prompt(job.prompt, 2 * MAX_LISTED_PROMPT_CHARS)
    what = (
        say(f"history-kind.{job.kind}", locale),
        f"<t:{int(job.created_at.timestamp())}:R>",
        f"[{say('history.where', locale)}]({link_to(job)})",
        f"`{job.id[:8]}`",
    )
    return f"{mark}{prompt}\n-# {' · '.join(what)}"


def _listed(jobs: Sequence[Job], locale: str) -> str:
    lines = (f"`{job.id[:8]}` {shown_prompt(job.prompt, MAX_LISTED_PROMPT_CHARS)}" for job in jobs)
    return _cut_lines(lines, locale) or say("info.none", locale)


def _cut_lines(lines: Iterable[str], locale: str, count: int | None = None) -> str:
    """The first lines, and how many more there are; empty for no lines.

    `count` is how many there are if not all are given.
    """
    every = list(lines)
    more = (len(every) if count is None else count) - MAX_LISTED_JOBS
    shown = every[:MAX_LISTED_JOBS]
    return "\n".join([*shown, say("info.more", locale, count=more)] if more > 0 else shown)
