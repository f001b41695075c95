"""Asking a member whether all the jobs that a prompt becomes are meant.

The buttons carry the id of a draft in the database, so that they work after a restart too.
"""

from typing import TYPE_CHECKING, Any

import discord

from bot.delivery.messenger import build_embeds
from bot.i18n.texts import say
from bot.messages.job_messages import shown_prompt
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.services.generation import Confirmation
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.responses import DEFERRED_IN_PUBLIC, redraw, requester_of, run_in_time, show_jobs
from storage.jobs import Job

if TYPE_CHECKING:
    from bot.client import DarkroomBot

MAX_PROMPTS_SHOWN = 5
"""Prompts that are shown of all that would be drawn."""

MAX_PROMPT_CHARS_SHOWN = 300


class ConfirmationButton(
    PersistentButton, template=r"draft:(?P<draft_id>[0-9a-f]{32}):(?P<answer>yes|no)"
):
    """Yes or no to a draft."""

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        draft_id = self.said["draft_id"]
        if self.said["answer"] == "yes":
            await _start(interaction, draft_id)
        else:
            await _drop(interaction, draft_id)


async def _start(interaction: "discord.Interaction[DarkroomBot]", draft_id: str) -> None:
    generation, locale = interaction.client.generation, interaction.locale.value
    work = generation.confirm(requester_of(interaction), draft_id)
    jobs = await run_in_time(interaction, work, thinking=False)
    title = say("confirmation.started", locale, jobs=len(jobs))
    try:
        await redraw(interaction, EmbedSpec(title, "", EmbedColour.GREEN), discord.ui.View())
    finally:
        # After the answer: before it, what goes by the interaction's token reaches nobody.
        for job in jobs:
            generation.post(job)


async def _drop(interaction: "discord.Interaction[DarkroomBot]", draft_id: str) -> None:
    work = interaction.client.generation.decline(interaction.user.id, draft_id)
    await run_in_time(interaction, work, thinking=False)
    title = say("confirmation.declined", interaction.locale.value)
    await redraw(interaction, EmbedSpec(title, "", EmbedColour.GREY), discord.ui.View())


async def show_imagined(
    interaction: discord.Interaction[Any], imagined: tuple[Job, ...] | Confirmation
) -> None:
    """Give jobs their messages, or ask first whether they are meant."""
    if isinstance(imagined, tuple):
        await show_jobs(interaction, interaction.client.generation, imagined)
        return
    locale = interaction.locale.value
    shown, buttons = (
        build_embeds([_question(imagined, locale)]),
        _yes_or_no(imagined.draft_id, locale),
    )
    if not interaction.response.is_done():
        await interaction.response.send_message(embeds=shown, view=buttons, ephemeral=True)
        return
    if interaction.extras.get(DEFERRED_IN_PUBLIC):
        await interaction.delete_original_response()
    await interaction.followup.send(embeds=shown, view=buttons, ephemeral=True)


def _question(confirmation: Confirmation, locale: str) -> EmbedSpec:
    prompts = confirmation.prompts
    lines = [say("confirmation.text", locale, prompts=len(prompts), jobs=confirmation.jobs)]
    for prompt in prompts[:MAX_PROMPTS_SHOWN]:
        lines.append(f"- {shown_prompt(prompt, MAX_PROMPT_CHARS_SHOWN)}")
    if len(prompts) > MAX_PROMPTS_SHOWN:
        lines.append(say("confirmation.more", locale, count=len(prompts) - MAX_PROMPTS_SHOWN))
    title = say("confirmation", locale, jobs=confirmation.jobs)
    return EmbedSpec(title, "\n".join(lines), EmbedColour.YELLOW)


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
