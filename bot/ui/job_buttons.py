"""The buttons under a job's message. They carry the job's id, so old ones keep working."""

import discord

from bot.i18n.texts import say
from bot.messages import job_actions
from bot.messages.job_actions import JobAction
from bot.messages.specs import MessageSpec
from bot.ui.dynamic_items import PersistentButton
from bot.ui.followups import followup_of, submit_followup
from bot.ui.interactions import actor_of, services_of
from bot.ui.modals import ask_for_prompt, read_preferences
from bot.ui.region_select import GRID_SIZES, ask_for_cells, change_grid
from bot.ui.responses import Responder
from bot.ui.review_buttons import appeal_picture


class JobButton(PersistentButton, template=job_actions.BUTTON_PATTERN):
    """Any button of a job."""

    async def act(self, interaction: discord.Interaction) -> None:
        pressed = job_actions.parse(self.custom_id)
        assert pressed is not None, "the template matches only what can be parsed"
        job_id, action = pressed.job_id, pressed.action
        match action:
            case JobAction.CANCEL:
                await _cancel(interaction, job_id)
            case JobAction.APPEAL:
                await appeal_picture(interaction, job_id)
            case JobAction.LIKE:
                await _like(interaction, job_id)
            case JobAction.REGION:
                await ask_for_cells(interaction, job_id, GRID_SIZES[0])
            case JobAction.RASTER:
                size = pressed.number if pressed.number in GRID_SIZES else GRID_SIZES[0]
                await change_grid(interaction, job_id, size)
            case _:
                chosen = await read_preferences(interaction) if action.can_remix else None
                if action.asks_for_prompt or (chosen is not None and chosen.remix):
                    await ask_for_prompt(interaction, pressed)
                else:
                    await submit_followup(interaction, followup_of(pressed), chosen)


async def _like(interaction: discord.Interaction, job_id: str) -> None:
    responder = Responder(interaction)
    work = services_of(interaction).followups.like(
        actor_of(interaction), interaction.user.name, job_id
    )
    liked = await responder.run(work, ephemeral=True)
    text = say("liked" if liked else "liked.not-any-more", interaction.locale.value)
    await responder.send(MessageSpec(text), ephemeral=True)


async def _cancel(interaction: discord.Interaction, job_id: str) -> None:
    responder = Responder(interaction)
    work = services_of(interaction).generation.cancel(actor_of(interaction), job_id)
    await responder.run(work, updates=True)
    # The queue worker changes the message, so nothing more needs to be said.
    await responder.acknowledge()
