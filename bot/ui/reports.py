"""Reporting a picture: a modal for the reason, and what becomes of it."""

import re
from typing import Any

import discord

from bot.i18n.texts import say
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.ui.interactions import actor_of, check_allowed, services_of
from bot.ui.responses import Responder
from bot.ui.typed_text import REPORT_PATTERN, TypedText, fields_of
from storage.jobs import Job

REASON_FIELD = "reason"
MAX_REASON_CHARS = 500


async def ask_for_reason(interaction: discord.Interaction, job: Job) -> None:
    """Open the modal. Raises what forbids the report."""
    locale, responder = interaction.locale.value, Responder(interaction)
    work = services_of(interaction).review_requests.check_report(actor_of(interaction), job)
    await responder.before_modal(work)
    modal = discord.ui.Modal(title=say("modal-report", locale), custom_id=f"report:{job.id}")
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=REASON_FIELD,
        max_length=MAX_REASON_CHARS,
        style=discord.TextStyle.paragraph,
    )
    modal.add_item(
        discord.ui.Label(
            text=say("modal-report.reason", locale),
            description=say("modal-report.about", locale),
            component=field,
        )
    )
    await responder.open_modal(modal)


async def on_report_submit(interaction: discord.Interaction) -> None:
    """Report what a submitted modal is about; ignore all other interactions."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    submitted: Any = interaction.data
    custom_id = submitted["custom_id"]
    match = re.fullmatch(REPORT_PATTERN, custom_id)
    if match is None:
        return
    responder, locale = Responder(interaction), interaction.locale.value
    fields = fields_of(submitted["components"])
    try:
        check_allowed(interaction)
        reason = fields.get(REASON_FIELD, "").strip()[:MAX_REASON_CHARS]
        work = services_of(interaction).review_requests.report(
            actor_of(interaction), match["job_id"], reason
        )
        await responder.run(work, ephemeral=True)
        text = say("reported.text", locale)
        await responder.send_embed(EmbedSpec(say("reported", locale), text, EmbedColour.GREEN))
    except Exception as error:
        await responder.error(error, TypedText(custom_id, fields, is_whole=False))
