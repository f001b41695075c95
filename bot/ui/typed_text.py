"""What a member typed into a command or a modal, so that a refusal can give it back.

Nothing is stored for that: the refusal itself shows the text, as code blocks or as a file, and its
button *Edit prompt* reads it from there. So the button works as long as the message exists.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord

from bot.errors import TypedTextLost
from bot.i18n.markdown import code_block, visible
from bot.i18n.texts import say
from bot.messages import job_actions
from bot.messages.job_actions import JobAction
from bot.messages.specs import AttachmentSpec

PROMPT_FIELD, FACTOR_FIELD = "prompt", "factor"
"""The text fields of a job's modal."""

TEXT_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "describe": ("link",),
    "help": ("parameter",),
    "history": ("search",),
    "imagine": ("prompt",),
    "models": ("search",),
    "prefer option set": ("option", "value"),
    "prefer suffix": ("value",),
    "seed": ("id",),
    "server defaults": ("aspect", "style"),
    "server access limits": (
        *("quality", "steps", "size", "pictures", "repeat", "permutations"),
        *("models", "loras", "without"),
    ),
    "server block": ("for", "reason"),
    "server settings": ("aspect", "style"),
    "server words add": ("rule",),
    "server words remove": ("rule",),
    "server words test": ("prompt",),
    "shorten": ("prompt",),
    "show": ("id",),
}
"""The options of commands into which text is typed."""

IMAGINE = "command:imagine"

COMMAND_PATTERN = rf"command:(?:{'|'.join(TEXT_OPTIONS)})"
"""Where text was typed: a command. Also the custom_id of the modal that opens it again."""

EDIT_PATTERN = (
    rf"edit:(?P<origin>{COMMAND_PATTERN}|{job_actions.JOB_ID_PATTERN}:[a-z_]+(?::[0-9a-f-]+)?)"
)
"""The custom_ids of the buttons that open what was typed in a modal."""

APPEAL_PATTERN = EDIT_PATTERN.replace("edit:", "appeal:", 1)
"""The custom_ids of the buttons that have moderators look at what was refused."""

REPORT_PATTERN = r"report:(?P<job_id>[0-9a-f]{32})"
"""The custom_id of the modal in which a picture is reported."""

MAX_FIELD_CHARS = 4000
"""Discord's limit of a text field in a modal."""

MAX_MODAL_CHARS = 2 * MAX_FIELD_CHARS
"""Characters of one text that a modal can show: what is too long for a field goes on in another."""

SPACED, GLUED = ":spaced", ":glued"
"""Endings of the custom_id of the field in which a text goes on, after a space or without one."""

MAX_CONTENT_CHARS = 2000
"""Discord's limit of a message's text."""

MAX_FILE_BYTES = 100_000
"""More than any file that `shown` makes."""

READ_TIMEOUT_S = 1.0
"""Seconds that Discord may take for the file: the modal has to be opened within three."""

_BLOCK = re.compile(r"(?:^|\n)(?:(\w+):\n)?```\n([^\n]*)\n```")


@dataclass(frozen=True, slots=True)
class TypedText:
    """What was typed: `fields` by name, into `origin`: `command:imagine`, or a job's custom_id.

    `files` are the names of files that came with it. `is_whole` is whether nothing else did.
    """

    origin: str
    fields: Mapping[str, str]
    files: tuple[str, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class ShownText:
    """The same for a message: its content, a file for what does not fit, and the button."""

    content: str
    attachment: AttachmentSpec | None
    view: discord.ui.View | None


def prompt_of(text: str) -> TypedText:
    """A prompt as if it had been typed into `/imagine`."""
    return TypedText(IMAGINE, {PROMPT_FIELD: text})


def typed_in(interaction: discord.Interaction) -> TypedText | None:
    """What was typed into the command or modal of this interaction; None if nothing was."""
    received: Any = interaction.data or {}
    match interaction.type:
        case discord.InteractionType.application_command:
            return _of_command(received)
        case discord.InteractionType.modal_submit:
            origin = received["custom_id"]
            if is_modal(origin):
                return TypedText(origin, fields_of(received["components"]))
    return None


def is_modal(custom_id: str) -> bool:
    """Whether it is the custom_id of a modal into which text is typed."""
    asked = job_actions.parse(custom_id)
    return bool(re.fullmatch(COMMAND_PATTERN, custom_id)) or (asked is not None and asked.is_modal)


def _of_command(received: Any) -> TypedText | None:
    name, options = received["name"], received.get("options", [])
    while options and "options" in options[0]:
        name, options = f"{name} {options[0]['name']}", options[0]["options"]
    fields, files, is_whole = {}, [], True
    attachments = received.get("resolved", {}).get("attachments", {})
    for option in options:
        if option["name"] in TEXT_OPTIONS.get(name, ()):
            fields[option["name"]] = str(option["value"])
        elif option["type"] == discord.AppCommandOptionType.attachment.value:
            files.append(attachments[option["value"]]["filename"])
        else:
            is_whole = False
    return TypedText(f"command:{name}", fields, tuple(files), is_whole) if fields else None


def shown(typed: TypedText, locale: str) -> ShownText:
    """How a message shows what was typed, so that it can be copied, and `read_back`."""
    blocks, attachment = [], None
    room = MAX_CONTENT_CHARS
    is_named = len(typed.fields) > 1 or len(_names(typed.origin)) > 1
    for name, text in typed.fields.items():
        # Text work on the event loop is short: what cannot fit is not looked at.
        is_short = len(text) <= room
        if is_short and not visible(text):
            continue
        head = f"{name}:\n" if is_named else ""
        block = head + code_block(text, len(text)) if is_short else ""
        if fits := is_short and len(block) <= room:
            blocks.append(block)
            room -= len(block) + 1
        # A code block cannot show three backticks.
        if attachment is None and (not fits or "```" in text):
            attachment = AttachmentSpec(
                f"{name}.txt", text.encode(errors="replace"), say("typed-text", locale)
            )
    content = "\n".join(blocks)
    if not content and attachment is None:
        return ShownText("", None, None)
    return ShownText(content, attachment, _edit_view(typed, locale))


def _edit_view(typed: TypedText, locale: str) -> discord.ui.View | None:
    """The button to edit what was typed; None if a modal could not hold all of it."""
    longest = max(map(len, typed.fields.values()))
    custom_id = f"edit:{typed.origin}"
    if not typed.is_whole or longest > MAX_MODAL_CHARS or not re.fullmatch(EDIT_PATTERN, custom_id):
        return None
    key = "button-edit-prompt" if PROMPT_FIELD in typed.fields else "button-edit"
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label=say(key, locale), custom_id=custom_id))
    # As in `build_view`: the button is found by its custom_id.
    view.stop()
    return view


async def read_back(message: discord.Message, origin: str) -> dict[str, str]:
    """The text that a message made by `shown` shows, by field; empty if it shows none.

    Raises TypedTextLost if Discord does not hand out the file.
    """
    only = _names(origin)[0]
    fields = {match[1] or only: match[2] for match in _BLOCK.finditer(message.content)}
    for attachment in message.attachments:
        name, _, suffix = attachment.filename.rpartition(".")
        if suffix != "txt" or attachment.size > MAX_FILE_BYTES:
            continue
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                text = (await attachment.read()).decode(errors="replace")
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            raise TypedTextLost(attachment.filename) from error
        fields[name] = text
    return fields


def text_inputs(
    name: str, text: str, label: str, locale: str, about: str | None = None, **limits: Any
) -> list[discord.ui.Label[Any]]:
    """The field of a modal for a text, or two that say so if the text is too long for one.

    `about` is shown below the label. `limits` are further parameters of `discord.ui.TextInput`.
    """
    parts = _parts(text)
    labels = []
    for number, (ending, part) in enumerate(parts, 1):
        if len(parts) > 1:
            about = say("modal-part.about", locale, length=len(text), most=MAX_FIELD_CHARS)
            heading = say("modal-part", locale, label=label, number=number)
        else:
            heading = label
        # All of a second part may be deleted.
        required = {"required": False} if ending else {}
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=name + ending, default=part or None, **{**limits, **required}
        )
        labels.append(discord.ui.Label(text=heading, description=about, component=field))
    return labels


def fields_of(components: Iterable[Any]) -> dict[str, str]:
    """The text fields of a submitted modal, by name; what `text_inputs` split is joined again."""
    fields: dict[str, str] = {}
    for row in components:
        # Fields lie in labels; in modals of older clients they lie in action rows.
        field = row.get("component") or row["components"][0]
        name, text = field["custom_id"], field["value"]
        if name.endswith(SPACED):
            name = name.removesuffix(SPACED)
            text = f"{fields.get(name, '')} {text}".strip()
        elif name.endswith(GLUED):
            name = name.removesuffix(GLUED)
            text = fields.get(name, "") + text
        fields[name] = text
    return fields


def _parts(text: str) -> list[tuple[str, str]]:
    """The parts of a text that fields can hold, each with the ending of its field's custom_id."""
    if len(text) <= MAX_FIELD_CHARS:
        return [("", text)]
    space = text.rfind(" ", max(0, len(text) - MAX_FIELD_CHARS - 1), MAX_FIELD_CHARS + 1)
    if space > 0:
        return [("", text[:space]), (SPACED, text[space + 1 :])]
    return [("", text[:MAX_FIELD_CHARS]), (GLUED, text[MAX_FIELD_CHARS:])]


def _names(origin: str) -> tuple[str, ...]:
    """The names of the texts that can be typed there."""
    if re.fullmatch(REPORT_PATTERN, origin):
        return ("reason",)
    asked = job_actions.parse(origin)
    if asked is None:
        return TEXT_OPTIONS[origin.removeprefix("command:")]
    is_zoom = asked.action is JobAction.ZOOM_CUSTOM
    return (PROMPT_FIELD, FACTOR_FIELD) if is_zoom else (PROMPT_FIELD,)
