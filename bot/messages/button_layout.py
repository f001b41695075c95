"""The buttons under a finished job: which there are, and which have been used. Pure.

Only what the model can do is there. A job that a button made tells by its kind which button it
was, so nothing has to be remembered of what was pressed.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.i18n.texts import say
from bot.messages.job_messages import SINGLE, Button, Rows
from bot.prompts.derive import carried_on
from diffusion.protocol.requests import ImageRequest, ModelInfo
from storage.jobs import Job
from storage.models import JobKind

SIDES = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}
ZOOMS = {15: "1.5×", 20: "2×"}
"""How far the buttons zoom out, in tenths."""


def under(job: Job, pictures: int, model: ModelInfo | None, children: Sequence[Job]) -> Rows:
    """The buttons of a job that is done; `model` is None where nothing is known of it."""
    rows = _single(job, model) if job.kind in SINGLE else _grid(job, pictures)
    used = {_pressed_for(child, job) for child in children}
    return tuple(
        tuple(replace(button, used=(button.action, button.index) in used) for button in row)
        for row in rows
        if row
    )


def linked(rows: Rows, url: str, locale: str) -> Rows:
    """The same with a link to the full file behind the last button."""
    return (*rows[:-1], (*rows[-1], Button("", "", label=say("button-web", locale), url=url)))


def _grid(job: Job, pictures: int) -> Rows:
    numbers = range(1, pictures + 1)
    return (
        (
            *(Button(job.id, "upscale", f"U{n}", index=n) for n in numbers),
            Button(job.id, "reroll", emoji="🔄"),
        ),
        tuple(Button(job.id, "vary", f"V{n}", index=n) for n in numbers),
    )


def _single(job: Job, model: ModelInfo | None) -> Rows:
    vary = [_worded(job, "vary_subtle"), _worded(job, "vary_strong")]
    like = (Button(job.id, "like", emoji="❤️"),)
    if model is None or not model.edits:
        return (_enlarging(job, model), tuple(vary), like)
    request = ImageRequest.from_json(job.request)
    zooms = [
        Button(job.id, "zoom", say("button-zoom", job.locale, factor=shown), index=tenths)
        for tenths, shown in ZOOMS.items()
    ]
    zooms.append(_worded(job, "zoom_custom"))
    if request.width != request.height:
        zooms.append(_worded(job, "square"))
    pans = tuple(
        Button(job.id, f"pan_{side}", emoji=emoji)
        for side, emoji in SIDES.items()
        if carried_on(request, side, model) != (request.width, request.height)
    )
    return (_enlarging(job, model), (*vary, _worded(job, "region")), tuple(zooms), pans, like)


def _enlarging(job: Job, model: ModelInfo | None) -> tuple[Button, ...]:
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
    return tuple(_worded(job, f"{verb}_{way}") for way in can if can[way])


def _worded(job: Job, action: str) -> Button:
    return Button(job.id, action, say(f"button-{action.replace('_', '-')}", job.locale))


def _pressed_for(child: Job, parent: Job) -> tuple[str, int | None]:
    """The parent's button that a job was made by: its action and its number."""
    number = None if child.parent_index is None else child.parent_index + 1
    match child.kind:
        case JobKind.VARY if parent.kind in SINGLE:
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
