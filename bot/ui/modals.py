"""What a member is asked before something is made of a picture: the prompt, how far, which cells.

Everything that an answer needs is in the custom_id, as with buttons, so a dialog that was open
while the bot was started anew can still be sent off.
"""

import asyncio
import re
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import discord

from bot.delivery.messenger import build_files
from bot.errors import DatabaseAway, InvalidFactor
from bot.i18n.texts import say
from bot.messages.job_actions import JobAction
from bot.messages.job_messages import link_to
from bot.messages.specs import AttachmentSpec, MessageSpec
from bot.policy.access import Action
from bot.services.followups import MAX_TEXT_FIELD_CHARS, FollowupRequest, Made
from bot.ui.dynamic_items import PersistentSelect, view_of
from bot.ui.responses import (
    DEFER_AFTER_S,
    actor,
    requester_of,
    run_in_time,
    show_error,
    show_jobs,
    show_message,
)
from storage.models import JobState

if TYPE_CHECKING:
    from bot.client import DarkroomBot

T = TypeVar("T")

ZOOM_FACTORS = (1.1, 2.0)
"""How far one can zoom out."""

GRID_SIZES = (3, 4)

REMIX_ACTIONS = (
    "vary",
    "vary_subtle",
    "vary_strong",
    "reroll",
    "zoom",
    "pan_left",
    "pan_right",
    "pan_up",
    "pan_down",
    "square",
)
"""The actions that a new prompt can go with."""

MODAL_CUSTOM_ID = re.compile(
    r"job:(?P<job_id>[0-9a-f]{32}):(?:"
    r"(?P<region>region):(?P<raster>[34])-(?P<cells>[0-9a-f]{1,4})"
    rf"|(?P<action>zoom_custom|{'|'.join(REMIX_ACTIONS)})(?::(?P<number>[1-9][0-9]?))?)"
)
"""The dialogs that there are; whatever else is sent off was never asked for."""


async def submit_followup(
    interaction: "discord.Interaction[DarkroomBot]", followup: FollowupRequest
) -> None:
    """Start the job and answer with it, or with where it is shown already."""
    client = interaction.client
    work = client.followups.submit(actor(interaction), requester_of(interaction), followup)
    made = await run_in_time(interaction, work)
    if made.new:
        await show_jobs(interaction, client.generation, [made.job])
    else:
        await _point_to(interaction, made)


async def _point_to(interaction: "discord.Interaction[DarkroomBot]", made: Made) -> None:
    """Tell this member alone where a job is shown; what no link leads to is shown once more."""
    job, locale = made.job, interaction.locale.value
    if job.state is JobState.DONE and not made.is_linkable:
        who = requester_of(interaction)
        work = interaction.client.history.again(job, who.channel_id, who.attachment_limit)
        message = await run_in_time(interaction, work, hidden=True)
    else:
        state = "done" if job.state is JobState.DONE else "unfinished"
        # A job has no message only in the moment before its first is posted.
        link = link_to(job) if job.message_id else "none"
        message = MessageSpec(say("shown-already", locale, state=state, link=link))
    await show_message(interaction, message, hidden=True)


def followup_of(job_id: str, action: str, number: int | None) -> FollowupRequest:
    """What a button wishes for; its number counts pictures from 1, or tenths of a zoom."""
    if action == "zoom":
        return FollowupRequest(job_id, JobAction.ZOOM, factor=(number or 15) / 10)
    return FollowupRequest(job_id, JobAction(action), index=(number or 1) - 1)


async def wants_remix(interaction: "discord.Interaction[DarkroomBot]") -> bool:
    """Whether the member wants to see the prompt first. Raises DatabaseAway."""
    return await _before_deadline(interaction.client.followups.remixes(interaction.user.id))


async def ask_for_prompt(
    interaction: "discord.Interaction[DarkroomBot]", custom_id: str, job_id: str, action: str
) -> None:
    """Open the dialog for an action: the prompt to change, and how far for a zoom."""
    locale = interaction.locale.value
    generation = interaction.client.generation
    job = await _before_deadline(generation.job(Action.FOLLOW_UP, actor(interaction), job_id))
    kind = {"zoom_custom": "zoom", "region": "region"}.get(action, "remix")
    dialog = discord.ui.Modal(title=say(f"dialog-{kind}", locale), custom_id=custom_id)
    if kind == "zoom":
        factor: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="factor", default="1.5", max_length=8
        )
        dialog.add_item(discord.ui.Label(text=say("dialog-factor", locale), component=factor))
    prompt: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id="prompt",
        default=job.prompt[:MAX_TEXT_FIELD_CHARS],
        max_length=MAX_TEXT_FIELD_CHARS,
        style=discord.TextStyle.paragraph,
    )
    dialog.add_item(discord.ui.Label(text=say("dialog-prompt", locale), component=prompt))
    # As with views: what is sent off is found by its custom_id.
    dialog.stop()
    await interaction.response.send_modal(dialog)


async def on_modal_submit(interaction: "discord.Interaction[DarkroomBot]") -> None:
    """Take what was sent off; interactions of other kinds are none of ours."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    sent: Any = interaction.data
    match = MODAL_CUSTOM_ID.fullmatch(sent["custom_id"])
    if match is None:
        return
    try:
        interaction.client.rate_limiter.count(interaction.user.id)
        interaction.client.places.check_open(interaction)
        await submit_followup(interaction, _submitted(match, dict(_fields(sent["components"]))))
    except Exception as error:
        await show_error(interaction, error)


def _submitted(match: re.Match[str], fields: dict[str, str]) -> FollowupRequest:
    job_id = match["job_id"]
    if match["region"]:
        grid_size, chosen = int(match["raster"]), int(match["cells"], 16)
        cells = tuple(cell for cell in range(grid_size * grid_size) if chosen >> cell & 1)
        followup = FollowupRequest(job_id, JobAction.REGION, grid_size=grid_size, cells=cells)
    elif match["action"] == "zoom_custom":
        followup = FollowupRequest(job_id, JobAction.ZOOM, factor=_factor(fields["factor"]))
    else:
        followup = followup_of(job_id, match["action"], int(match["number"] or 0) or None)
    return replace(followup, prompt=fields["prompt"])


def _fields(components: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for row in components:
        field = row.get("component") or row["components"][0]
        yield field["custom_id"], field["value"]


def _factor(typed: str) -> float:
    try:
        factor = float(typed.strip().rstrip("x×").replace(",", "."))
    except ValueError:
        raise InvalidFactor(typed) from None
    least, most = ZOOM_FACTORS
    if not least <= factor <= most:
        raise InvalidFactor(typed)
    return factor


# Choosing cells.


class CellSelect(PersistentSelect, template=r"job:(?P<job_id>[0-9a-f]{32}):cells:(?P<raster>[34])"):
    """The menu of a raster's cells; what is chosen leads to the prompt."""

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        job_id = self.said["job_id"]
        chosen = sum(1 << int(cell) for cell in self.item.values)
        custom_id = f"job:{job_id}:region:{self.said['raster']}-{chosen:x}"
        await ask_for_prompt(interaction, custom_id, job_id, "region")


async def ask_for_cells(
    interaction: "discord.Interaction[DarkroomBot]", job_id: str, grid_size: int, *, again: bool
) -> None:
    """Show the picture with numbered cells to choose from; `again` in place of another raster."""
    locale = interaction.locale.value
    drawn = interaction.client.followups.with_numbers(
        actor(interaction), job_id, grid_size, interaction.filesize_limit
    )
    picture = await run_in_time(interaction, drawn, thinking=not again, hidden=True)
    question = say("region-question", locale)
    view = _cells(job_id, grid_size, locale)
    (file,) = build_files(AttachmentSpec(f"cells.{picture.suffix}", picture.encoded, question))
    if interaction.response.is_done():
        await interaction.edit_original_response(content=question, attachments=[file], view=view)
    elif again:
        await interaction.response.edit_message(content=question, attachments=[file], view=view)
    else:
        await interaction.response.send_message(question, file=file, view=view, ephemeral=True)


def _cells(job_id: str, grid_size: int, locale: str) -> discord.ui.View:
    options = [
        discord.SelectOption(label=say("region-cell", locale, number=cell + 1), value=str(cell))
        for cell in range(grid_size * grid_size)
    ]
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"job:{job_id}:cells:{grid_size}",
        placeholder=say("region-cells", locale),
        max_values=len(options),
        options=options,
    )
    others: list[discord.ui.Button[Any]] = [
        discord.ui.Button(
            label=say("region-raster", locale, raster=other),
            custom_id=f"job:{job_id}:raster:{other}",
        )
        for other in GRID_SIZES
        if other != grid_size
    ]
    return view_of(menu, *others)


async def _before_deadline(work: Coroutine[Any, Any, T]) -> T:
    """What has to be known before a dialog can open, for which nobody can be made to wait."""
    try:
        async with asyncio.timeout(DEFER_AFTER_S):
            return await work
    except TimeoutError:
        raise DatabaseAway from None
