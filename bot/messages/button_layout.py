"""The buttons under a finished job: which there are, and which have been used. Pure.

Only what the model can do is there. A job that a button made tells by its kind which button it
was, so nothing has to be remembered of what was pressed.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.i18n.texts import say
from bot.messages.job_messages import SINGLE_PICTURE_KINDS
from bot.messages.specs import ButtonRows, ButtonSpec
from bot.prompts.derive import pan
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest
from storage.jobs import Job
from storage.models import JobKind

PAN_DIRECTIONS = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}
ZOOM_LEVELS = {15: "1.5×", 20: "2×"}
"""How far the buttons zoom out, in tenths."""


def buttons_of(
    job: Job, pictures: int, model: ModelInfo | None, children: Sequence[Job]
) -> ButtonRows:
    """The buttons of a job that is done; `model` is None where nothing is known of it."""
    rows = _single(job, model) if job.kind in SINGLE_PICTURE_KINDS else _grid(job, pictures)
    used = {_button_of(child, job) for child in children}
    return tuple(
        tuple(replace(button, used=(button.action, button.index) in used) for button in row)
        for row in rows
        if row
    )


def with_link(rows: ButtonRows, url: str, locale: str) -> ButtonRows:
    """The same with a link to the full file behind the last button."""
    return (*rows[:-1], (*rows[-1], ButtonSpec("", "", label=say("button-web", locale), url=url)))


def _grid(job: Job, pictures: int) -> ButtonRows:
    numbers = range(1, pictures + 1)
    return (
        (
            *(ButtonSpec(job.id, "upscale", f"U{n}", index=n) for n in numbers),
            ButtonSpec(job.id, "reroll", emoji="🔄"),
        ),
        tuple(ButtonSpec(job.id, "vary", f"V{n}", index=n) for n in numbers),
    )


def _single(job: Job, model: ModelInfo | None) -> ButtonRows:
    vary = [_text_button(job, "vary_subtle"), _text_button(job, "vary_strong")]
    like = (ButtonSpec(job.id, "like", emoji="❤️"),)
    if model is None or not model.edits:
        return (_enlarging(job, model), tuple(vary), like)
    request = ImageRequest.from_json(job.request)
    zooms = [
        ButtonSpec(job.id, "zoom", say("button-zoom", job.locale, factor=shown), index=tenths)
        for tenths, shown in ZOOM_LEVELS.items()
    ]
    zooms.append(_text_button(job, "zoom_custom"))
    if request.width != request.height:
        zooms.append(_text_button(job, "square"))
    pans = tuple(
        ButtonSpec(job.id, f"pan_{side}", emoji=emoji)
        for side, emoji in PAN_DIRECTIONS.items()
        if pan(request, side, model) != (request.width, request.height)
    )
    return (_enlarging(job, model), (*vary, _text_button(job, "region")), tuple(zooms), pans, like)


def _enlarging(job: Job, model: ModelInfo | None) -> tuple[ButtonSpec, ...]:
    """The two ways to upscale, or to do it again.

    The subtle way has no chance in it, so it is not offered where it led here.
    """
    if model is None:
        return ()
    again = job.kind is JobKind.ENLARGE
    can = {
        "subtle": model.upscales > 1 and not (again and job.detail == "subtle"),
        "creative": model.edits,
    }
    verb = "redo" if again else "upscale"
    return tuple(_text_button(job, f"{verb}_{way}") for way in can if can[way])


def _text_button(job: Job, action: str) -> ButtonSpec:
    return ButtonSpec(job.id, action, say(f"button-{action.replace('_', '-')}", job.locale))


def _button_of(child: Job, parent: Job) -> tuple[str, int | None]:
    """The parent's button that a job was made by: its action and its number."""
    number = None if child.parent_index is None else child.parent_index + 1
    match child.kind:
        case JobKind.VARY if parent.kind in SINGLE_PICTURE_KINDS:
            return f"vary_{child.detail}", None
        case JobKind.UPSCALE | JobKind.VARY:
            return child.kind.value, number
        case JobKind.ENLARGE:
            return f"upscale_{child.detail}", None
        case JobKind.ZOOM:
            return "zoom", round(10 * float(child.detail or 0))
        case JobKind.PAN:
            return f"pan_{child.detail}", None
        case _:
            return child.kind.value, None
