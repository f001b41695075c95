"""Asking a member whether all the jobs that a prompt becomes are meant.

The buttons carry the id of a draft in the database, so that they work after a restart too.
"""

from typing import TYPE_CHECKING, Any

import discord

from bot.delivery.messenger import embeds
from bot.i18n.texts import say
from bot.messages.job_messages import Card, Stripe, shown_prompt
from bot.services.generation import Confirmation
from bot.ui.dynamic_items import LastingButton, view_of
from bot.ui.responses import THINKS_ALOUD, asker, in_time, redraw, show_jobs
from storage.jobs import Job

if TYPE_CHECKING:
    from bot.client import DarkroomBot

SHOWN = 5
"""Prompts that are shown of all that would be drawn."""

SHOWN_LETTERS = 300


class ConfirmationButton(
    LastingButton, template=r"draft:(?P<draft_id>[0-9a-f]{32}):(?P<answer>yes|no)"
):
    """Yes or no to a draft."""

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        draft_id = self.said["draft_id"]
        if self.said["answer"] == "yes":
            await _start(interaction, draft_id)
        else:
            await _drop(interaction, draft_id)


async def _start(interaction: "discord.Interaction[DarkroomBot]", draft_id: str) -> None:
    studio, locale = interaction.client.studio, interaction.locale.value
    work = studio.confirm(asker(interaction), draft_id)
    jobs = await in_time(interaction, work, thinking=False)
    title = say("confirmation.started", locale, jobs=len(jobs))
    try:
        await redraw(interaction, Card(title, "", Stripe.GREEN), discord.ui.View())
    finally:
        # After the answer: before it, what goes by the interaction's token reaches nobody.
        for job in jobs:
            studio.post(job)


async def _drop(interaction: "discord.Interaction[DarkroomBot]", draft_id: str) -> None:
    work = interaction.client.studio.decline(interaction.user.id, draft_id)
    await in_time(interaction, work, thinking=False)
    title = say("confirmation.declined", interaction.locale.value)
    await redraw(interaction, Card(title, "", Stripe.GREY), discord.ui.View())


async def show_imagined(
    interaction: discord.Interaction[Any], imagined: tuple[Job, ...] | Confirmation
) -> None:
    """Give jobs their messages, or ask first whether they are meant."""
    if isinstance(imagined, tuple):
        await show_jobs(interaction, interaction.client.studio, imagined)
        return
    locale = interaction.locale.value
    shown, buttons = embeds([_question(imagined, locale)]), _yes_or_no(imagined.draft_id, locale)
    if not interaction.response.is_done():
        await interaction.response.send_message(embeds=shown, view=buttons, ephemeral=True)
        return
    if interaction.extras.get(THINKS_ALOUD):
        await interaction.delete_original_response()
    await interaction.followup.send(embeds=shown, view=buttons, ephemeral=True)


def _question(confirmation: Confirmation, locale: str) -> Card:
    prompts = confirmation.prompts
    lines = [say("confirmation.text", locale, prompts=len(prompts), jobs=confirmation.jobs)]
    for prompt in prompts[:SHOWN]:
        lines.append(f"- {shown_prompt(prompt, SHOWN_LETTERS)}")
    if len(prompts) > SHOWN:
        lines.append(say("confirmation.more", locale, count=len(prompts) - SHOWN))
    title = say("confirmation", locale, jobs=confirmation.jobs)
    return Card(title, "\n".join(lines), Stripe.YELLOW)


def _yes_or_no(draft_id: str, locale: str) -> discord.ui.View:
    styles = {"yes": discord.ButtonStyle.success, "no": discord.ButtonStyle.secondary}
    return view_of(
        *(
            discord.ui.Button(
                style=style,
                label=say(f"confirmation.{answer}", locale),
                custom_id=f"draft:{draft_id}:{answer}",
            )
            for answer, style in styles.items()
        )
    )
