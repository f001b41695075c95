"""The buttons under a finished job: which there are, and which have been used. Pure.

There are buttons only for what the model can do. Which ones were used follows from the jobs that
they made, so it need not be stored.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.i18n.texts import say
from bot.messages.job_actions import PANS, REDOS, UPSCALES, VARIATIONS, JobAction
from bot.messages.job_messages import SINGLE_PICTURE_KINDS
from bot.messages.specs import ButtonRows, ButtonSpec
from bot.models.sizes import has_size
from bot.prompts.derive import enlarged_size, pan, square
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest
from storage.jobs import Job
from storage.models import JobKind

PAN_DIRECTIONS = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}
ZOOM_LEVELS = {15: "1.5×", 20: "2×"}
"""The factors of the zoom buttons, in tenths, and how they are shown."""


def buttons_of(
    job: Job, pictures: int, model: ModelInfo | None, children: Sequence[Job]
) -> ButtonRows:
    """The buttons of a finished job; `model` is None if inference does not have it any more."""
    rows = _single(job, model) if job.kind in SINGLE_PICTURE_KINDS else _grid(job, pictures)
    used = {_button_of(child, job) for child in children}
    return tuple(
        tuple(replace(button, used=(button.action, button.index) in used) for button in row)
        for row in rows
        if row
    )


def with_link(rows: ButtonRows, url: str, locale: str) -> ButtonRows:
    """Add a link to the picture's file after the last button."""
    return (*rows[:-1], (*rows[-1], ButtonSpec("", None, label=say("button-web", locale), url=url)))


def _grid(job: Job, pictures: int) -> ButtonRows:
    numbers = range(1, pictures + 1)
    return (
        (
            *(ButtonSpec(job.id, JobAction.UPSCALE, f"U{n}", index=n) for n in numbers),
            ButtonSpec(job.id, JobAction.REROLL, emoji="🔄"),
        ),
        tuple(ButtonSpec(job.id, JobAction.VARY, f"V{n}", index=n) for n in numbers),
    )


def _single(job: Job, model: ModelInfo | None) -> ButtonRows:
    vary = [_text_button(job, action) for action in VARIATIONS.values()]
    like = (ButtonSpec(job.id, JobAction.LIKE, emoji="❤️"),)
    if model is None or not model.edits:
        return (_enlarging(job, model), tuple(vary), like)
    if not model.masks:
        return (_enlarging(job, model), tuple(vary), like)
    vary.append(_text_button(job, JobAction.REGION))
    if not model.outpaints:
        return (_enlarging(job, model), tuple(vary), like)
    request = ImageRequest.from_json(job.request)
    zooms = [
        ButtonSpec(
            job.id, JobAction.ZOOM, say("button-zoom", job.locale, factor=factor), index=tenths
        )
        for tenths, factor in ZOOM_LEVELS.items()
    ]
    zooms.append(_text_button(job, JobAction.ZOOM_CUSTOM))
    if request.width != request.height and has_size(model, square(request)):
        zooms.append(_text_button(job, JobAction.SQUARE))
    pans = tuple(
        ButtonSpec(job.id, PANS[side], emoji=emoji)
        for side, emoji in PAN_DIRECTIONS.items()
        if pan(request, side, model) != (request.width, request.height)
    )
    return (_enlarging(job, model), tuple(vary), tuple(zooms), pans, like)


def _enlarging(job: Job, model: ModelInfo | None) -> tuple[ButtonSpec, ...]:
    """The buttons to upscale, or to do it again.

    A subtle upscale comes out the same each time, so it is not offered again.
    """
    if model is None:
        return ()
    again = job.kind is JobKind.ENLARGE
    can = {
        "subtle": model.upscales > 1 and not (again and job.detail == "subtle"),
        "creative": model.edits and (model.upscales > 1 or _can_grow(job, model)),
    }
    actions = REDOS if again else UPSCALES
    return tuple(_text_button(job, action) for way, action in actions.items() if can[way])


def _can_grow(job: Job, model: ModelInfo) -> bool:
    """Whether a model that draws only a few sizes has a larger one."""
    request = ImageRequest.from_json(job.request)
    return not model.sizes or enlarged_size(request, model) != (request.width, request.height)


def _text_button(job: Job, action: JobAction) -> ButtonSpec:
    return ButtonSpec(job.id, action, say(f"button-{action.replace('_', '-')}", job.locale))


def _button_of(child: Job, parent: Job) -> tuple[JobAction | None, int | None]:
    """The button of its parent that made a job: its action and its number."""
    number = None if child.parent_index is None else child.parent_index + 1
    detail = child.detail or ""
    match child.kind:
        case JobKind.VARY if parent.kind in SINGLE_PICTURE_KINDS:
            return VARIATIONS.get(detail), None
        case JobKind.UPSCALE:
            return JobAction.UPSCALE, number
        case JobKind.VARY:
            return JobAction.VARY, number
        case JobKind.ENLARGE:
            return UPSCALES.get(detail), None
        case JobKind.ZOOM:
            return JobAction.ZOOM, round(10 * float(child.detail or 0))
        case JobKind.PAN:
            return PANS.get(detail), None
        case JobKind.REROLL:
            return JobAction.REROLL, None
        case JobKind.SQUARE:
            return JobAction.SQUARE, None
        case JobKind.REGION:
            return JobAction.REGION, None
        case _:
            return None, None
