"""Asking a member to confirm a prompt that becomes several jobs.

The buttons carry the id of a draft in the database, so they keep working after a restart.
"""

import contextlib
from dataclasses import replace

import discord

from bot.errors import DatabaseAway, TypedTextLost
from bot.i18n.texts import say
from bot.messages.job_messages import shown_prompt
from bot.messages.specs import EmbedColour, EmbedSpec, MessageSpec
from bot.services.generation import Confirmation
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.interactions import requester_of, services_of
from bot.ui.responses import Responder, show_jobs
from bot.ui.typed_text import IMAGINE, TypedText, read_back, shown, typed_in
from storage.jobs import Job

MAX_PROMPTS_SHOWN = 5
"""Prompts that are shown of all that would be drawn."""

MAX_PROMPT_CHARS_SHOWN = 300


class ConfirmationButton(
    PersistentButton, template=r"draft:(?P<draft_id>[0-9a-f]{32}):(?P<answer>yes|no)"
):
    """Yes or no to a draft."""

    async def act(self, interaction: discord.Interaction) -> None:
        draft_id = self.groups["draft_id"]
        if self.groups["answer"] == "yes":
            await _confirm(interaction, draft_id)
        else:
            await _decline(interaction, draft_id)

    async def typed(self, interaction: discord.Interaction) -> TypedText | None:
        assert interaction.message is not None, "a button has a message"
        # The question gives the prompt too, so it is not lost if its file cannot be read.
        with contextlib.suppress(TypedTextLost, DatabaseAway):
            fields = await Responder(interaction).run(read_back(interaction.message, IMAGINE))
            return TypedText(IMAGINE, fields) if fields else None
        return None


async def _confirm(interaction: discord.Interaction, draft_id: str) -> None:
    generation, responder = services_of(interaction).generation, Responder(interaction)
    work = generation.confirm(requester_of(interaction), draft_id)
    jobs = await responder.run(work, updates=True)
    title = say("confirmation.started", interaction.locale.value, jobs=len(jobs))
    try:
        await responder.update_embed(EmbedSpec(title, "", EmbedColour.GREEN))
    finally:
        # After the answer: before it, nothing can be sent with the interaction's token.
        generation.post(jobs)


async def _decline(interaction: discord.Interaction, draft_id: str) -> None:
    responder = Responder(interaction)
    work = services_of(interaction).generation.decline(interaction.user.id, draft_id)
    await responder.run(work, updates=True)
    title = say("confirmation.declined", interaction.locale.value)
    # The prompt can still be copied.
    prompt = interaction.message.content if interaction.message else ""
    await responder.update(MessageSpec(prompt, embeds=(EmbedSpec(title, "", EmbedColour.GREY),)))


async def show_imagined(
    interaction: discord.Interaction,
    imagined: tuple[Job, ...] | Confirmation,
    typed: TypedText | None = None,
) -> None:
    """Show the jobs that a prompt became, or ask for their confirmation first.

    `typed` is the prompt, unless it was typed into this interaction.
    """
    if isinstance(imagined, tuple):
        await show_jobs(interaction, services_of(interaction).generation, imagined)
        return
    locale = interaction.locale.value
    view = _yes_or_no(imagined.draft_id, locale)
    typed = typed or typed_in(interaction)
    kept = shown(typed, locale) if typed else None
    message = MessageSpec("", embeds=(_question(imagined, locale),))
    if kept is not None:
        message = replace(message, content=kept.content, attachment=kept.attachment)
    await Responder(interaction).send(message, view, ephemeral=True)


def _question(confirmation: Confirmation, locale: str) -> EmbedSpec:
    prompts = confirmation.prompts
    lines = [say("confirmation.text", locale, prompts=len(prompts), jobs=confirmation.jobs)]
    for prompt in prompts[:MAX_PROMPTS_SHOWN]:
        lines.append(f"- {shown_prompt(prompt, MAX_PROMPT_CHARS_SHOWN)}")
    if len(prompts) > MAX_PROMPTS_SHOWN:
        lines.append(say("confirmation.more", locale, count=len(prompts) - MAX_PROMPTS_SHOWN))
    if confirmation.jobs > confirmation.limit:
        lines.append(say("confirmation.beyond", locale, limit=confirmation.limit))
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
