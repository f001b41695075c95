"""The parts of a message: text, embeds, buttons, an attachment. Independent of discord.py."""

from dataclasses import dataclass
from enum import Enum

from bot.messages import job_actions
from bot.messages.job_actions import JobAction


class EmbedColour(Enum):
    """The colour at an embed's edge."""

    RED = 0xC0392B
    YELLOW = 0xD9A441
    GREEN = 0x3E8E5A
    GREY = 0x6B6F76


@dataclass(frozen=True, slots=True)
class EmbedSpec:
    """An embed: `fields` are pairs of name and value."""

    title: str
    text: str
    colour: EmbedColour
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ButtonSpec:
    """A button of a job, or a link where it has a `url`.

    `index` is the number in its custom_id: pictures from 1, or tenths of a zoom.
    """

    job_id: str
    action: JobAction | None
    label: str = ""
    emoji: str = ""
    index: int | None = None
    danger: bool = False
    used: bool = False
    url: str | None = None
    own_id: str | None = None
    """The custom_id of a button that is no action on a job."""

    @property
    def custom_id(self) -> str:
        if self.own_id is not None:
            return self.own_id
        assert self.action is not None, "links have no custom_id"
        return job_actions.custom_id(self.job_id, self.action, self.index)


ButtonRows = tuple[tuple[ButtonSpec, ...], ...]


@dataclass(frozen=True, slots=True)
class AttachmentSpec:
    """A picture in a message. `alt` is its description for screen readers."""

    filename: str
    encoded: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class MessageSpec:
    """What a message shows.

    On an edit, `attachment` None keeps the one that is there, unless `drops_file`.

    On an edit, `attachment` None keeps the one that is there, unless `drops_file`.
    `pings` is the member who is notified if the message is posted and mentions them; nobody else
    is, whatever the text says.
    """

    content: str
    attachment: AttachmentSpec | None = None
    embeds: tuple[EmbedSpec, ...] = ()
    buttons: ButtonRows = ()
    pings: int | None = None
    drops_file: bool = False
