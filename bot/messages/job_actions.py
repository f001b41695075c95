"""What can be done with a job by a button, a menu or a modal, and the custom_ids that say so.

A custom_id is `job:<job id>:<action>` or `job:<job id>:<action>:<number>`. The modal for a region
has the chosen cells in place of the number: `<grid size>-<cells as a bit mask in hex>`. Messages
keep their buttons for ever, so a spelling that was ever sent must stay readable.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class JobAction(StrEnum):
    """An action on a job. Its value is how custom_ids spell it."""

    UPSCALE = "upscale"
    """Post one picture of a grid in its own message. The number is the picture's, from 1."""
    UPSCALE_SUBTLE = "upscale_subtle"
    UPSCALE_CREATIVE = "upscale_creative"
    REDO_SUBTLE = "redo_subtle"
    REDO_CREATIVE = "redo_creative"
    VARY = "vary"
    """Vary one picture of a grid. The number is the picture's, from 1."""
    VARY_SUBTLE = "vary_subtle"
    VARY_STRONG = "vary_strong"
    REROLL = "reroll"
    ZOOM = "zoom"
    """Zoom out. The number is the factor in tenths."""
    ZOOM_CUSTOM = "zoom_custom"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    PAN_UP = "pan_up"
    PAN_DOWN = "pan_down"
    SQUARE = "square"
    REGION = "region"
    """Redraw a part of the picture: the button asks for cells, the modal has them."""
    CELLS = "cells"
    """The menu of cells. The number is the grid's size."""
    RASTER = "raster"
    """Ask for cells of another grid. The number is that grid's size."""
    EDIT = "edit"
    """Open the prompt of a job that failed, and draw it anew."""
    LIKE = "like"
    CANCEL = "cancel"
    APPEAL = "appeal"
    """Ask moderators to look at a picture that is not shown."""

    @property
    def can_remix(self) -> bool:
        """Whether a new prompt may go with it: members with remix on are asked for one first."""
        return self in _REMIXABLE

    @property
    def asks_for_prompt(self) -> bool:
        """Whether its modal is shown to everyone, with remix on or off."""
        return self in (JobAction.ZOOM_CUSTOM, JobAction.REGION, JobAction.EDIT)

    @property
    def detail(self) -> str | None:
        """What tells it from its siblings, as `Job.detail` stores it: a strength or a side."""
        return DETAILS.get(self)


PANS: Mapping[str, JobAction] = {
    "left": JobAction.PAN_LEFT,
    "right": JobAction.PAN_RIGHT,
    "up": JobAction.PAN_UP,
    "down": JobAction.PAN_DOWN,
}

VARIATIONS: Mapping[str, JobAction] = {
    "subtle": JobAction.VARY_SUBTLE,
    "strong": JobAction.VARY_STRONG,
}

UPSCALES: Mapping[str, JobAction] = {
    "subtle": JobAction.UPSCALE_SUBTLE,
    "creative": JobAction.UPSCALE_CREATIVE,
}

REDOS: Mapping[str, JobAction] = {
    "subtle": JobAction.REDO_SUBTLE,
    "creative": JobAction.REDO_CREATIVE,
}

DETAILS: Mapping[JobAction, str] = {
    action: detail
    for family in (PANS, VARIATIONS, UPSCALES, REDOS)
    for detail, action in family.items()
}

_REMIXABLE = frozenset(
    {
        JobAction.VARY,
        *VARIATIONS.values(),
        JobAction.REROLL,
        JobAction.ZOOM,
        *PANS.values(),
        JobAction.SQUARE,
    }
)


@dataclass(frozen=True, slots=True)
class JobCustomId:
    """A custom_id, read.

    `number` is None if there is none. `cells` are those chosen in a grid of `number` by
    `number`, counted from 0 by rows, and None but in the modal for a region.
    """

    job_id: str
    action: JobAction
    number: int | None = None
    cells: tuple[int, ...] | None = None

    @property
    def is_modal(self) -> bool:
        """Whether the bot ever opens a modal with this custom_id; any other is forged."""
        if self.action is JobAction.REGION:
            return self.cells is not None
        return self.action.can_remix or self.action.asks_for_prompt


def custom_id(
    job_id: str,
    action: JobAction,
    number: int | None = None,
    cells: tuple[int, ...] | None = None,
) -> str:
    """The custom_id of a button, a menu or a modal; `parse` is its inverse."""
    parts = ["job", job_id, action.value]
    if cells is not None:
        parts.append(f"{number}-{sum(1 << cell for cell in cells):x}")
    elif number is not None:
        parts.append(str(number))
    return ":".join(parts)


def parse(custom_id: str) -> JobCustomId | None:
    """Read a custom_id; None if it does not belong to a job."""
    match = _CUSTOM_ID.fullmatch(custom_id)
    if match is None:
        return None
    job_id, action = match["job_id"], JobAction(match["action"] or JobAction.REGION)
    if match["size"] is None:
        return JobCustomId(job_id, action, int(match["number"]) if match["number"] else None)
    size, mask = int(match["size"]), int(match["mask"], 16)
    cells = tuple(cell for cell in range(size * size) if mask >> cell & 1)
    return JobCustomId(job_id, action, size, cells)


JOB_ID_PATTERN = r"job:(?P<job_id>[0-9a-f]{32})"
BUTTON_PATTERN = (
    rf"{JOB_ID_PATTERN}:(?P<action>{'|'.join(a for a in JobAction if a != JobAction.CELLS)})"
    r"(?::(?P<number>[1-9][0-9]?))?"
)
"""The custom_ids of all buttons of jobs."""

CELLS_PATTERN = rf"{JOB_ID_PATTERN}:{JobAction.CELLS}:[34]"
"""The custom_ids of the menus of cells."""

_CUSTOM_ID = re.compile(
    rf"{JOB_ID_PATTERN}:(?:(?P<action>{'|'.join(JobAction)})(?::(?P<number>[1-9][0-9]?))?"
    rf"|{JobAction.REGION}:(?P<size>[34])-(?P<mask>[0-9a-f]{{1,4}}))"
)
