"""Choosing the region to redraw: the picture with numbered cells, and a menu of the cells."""

from typing import Any

import discord

from bot.i18n.texts import say
from bot.messages import job_actions
from bot.messages.job_actions import JobAction, JobCustomId
from bot.messages.job_messages import SPOILER_PREFIX
from bot.messages.specs import AttachmentSpec, MessageSpec
from bot.policy.verdicts import Verdict
from bot.ui.dynamic_items import PersistentSelect, view_of
from bot.ui.interactions import actor_of, services_of, showing_place_of
from bot.ui.modals import ask_for_prompt
from bot.ui.responses import Responder

GRID_SIZES = (3, 4)
"""Cells in a row and in a column."""


class CellSelect(PersistentSelect, template=job_actions.CELLS_PATTERN):
    """The menu of cells. What is chosen leads to the modal for the prompt."""

    async def act(self, interaction: discord.Interaction) -> None:
        menu = job_actions.parse(self.custom_id)
        assert menu is not None, "the template matches only what can be parsed"
        # The number of cells is Discord's promise, not that of a modified client.
        chosen = {int(value) for value in self.item.values}
        size = menu.number or GRID_SIZES[0]
        cells = tuple(cell for cell in range(size * size) if cell in chosen)
        region = JobCustomId(menu.job_id, JobAction.REGION, size, cells)
        await ask_for_prompt(interaction, region)


async def ask_for_cells(interaction: discord.Interaction, job_id: str, grid_size: int) -> None:
    """Show the picture with its cells numbered, and the menu to choose them from."""
    question = await _question(interaction, job_id, grid_size, updates=False)
    view = _cells(job_id, grid_size, interaction.locale.value)
    await Responder(interaction).send(question, view, ephemeral=True)


async def change_grid(interaction: discord.Interaction, job_id: str, grid_size: int) -> None:
    """Show the same picture with another number of cells, in place of the one before."""
    question = await _question(interaction, job_id, grid_size, updates=True)
    view = _cells(job_id, grid_size, interaction.locale.value)
    await Responder(interaction).update(question, view)


async def _question(
    interaction: discord.Interaction, job_id: str, grid_size: int, *, updates: bool
) -> MessageSpec:
    work = services_of(interaction).followups.with_numbers(
        actor_of(interaction),
        job_id,
        grid_size,
        interaction.filesize_limit,
        showing_place_of(interaction),
    )
    picture, verdict = await Responder(interaction).run(work, ephemeral=True, updates=updates)
    question = say("region-question", interaction.locale.value)
    spoiler = SPOILER_PREFIX if verdict is Verdict.SPOILER else ""
    file = AttachmentSpec(f"{spoiler}cells.{picture.suffix}", picture.encoded, question)
    hint = say("region-question.hint", interaction.locale.value)
    return MessageSpec(f"{question}\n{hint}", file)


def _cells(job_id: str, grid_size: int, locale: str) -> discord.ui.View:
    options = [
        discord.SelectOption(label=say("region-cell", locale, number=cell + 1), value=str(cell))
        for cell in range(grid_size * grid_size)
    ]
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=job_actions.custom_id(job_id, JobAction.CELLS, grid_size),
        placeholder=say("region-cells", locale),
        max_values=len(options),
        options=options,
    )
    others: list[discord.ui.Button[Any]] = [
        discord.ui.Button(
            label=say("region-raster", locale, raster=other),
            custom_id=job_actions.custom_id(job_id, JobAction.RASTER, other),
        )
        for other in GRID_SIZES
        if other != grid_size
    ]
    return view_of(menu, *others)
