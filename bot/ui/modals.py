"""The modals that ask for a prompt before a follow-up job, and for the factor of a custom zoom.

Their custom_ids say all that is needed, so a modal that was open while the bot was restarted can
still be submitted.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import discord

from bot.errors import InvalidFactor
from bot.i18n.texts import say
from bot.messages import job_actions
from bot.messages.job_actions import JobAction, JobCustomId
from bot.messages.job_messages import SINGLE_PICTURE_KINDS
from bot.policy.access import Action
from bot.prompts.recipe import to_edit
from bot.services.followups import MAX_TEXT_FIELD_CHARS, FollowupRequest
from bot.ui.followups import followup_of, submit_followup
from bot.ui.interactions import actor_of, check_allowed, services_of
from bot.ui.responses import Responder
from storage.members import Preferences

MAX_FACTOR_CHARS = 8

PROMPT_FIELD, FACTOR_FIELD = "prompt", "factor"
"""The custom_ids of the text fields."""

TITLES = {JobAction.ZOOM_CUSTOM: "modal-zoom", JobAction.REGION: "modal-region"}
"""The titles of modals, by their keys; all others have that of a remix."""


async def read_preferences(interaction: discord.Interaction) -> Preferences:
    """The member's preferences, while a modal may still be opened. Raises DatabaseAway."""
    work = services_of(interaction).preferences.preferences(interaction.user.id)
    return await Responder(interaction).before_modal(work)


async def ask_for_prompt(interaction: discord.Interaction, asked: JobCustomId) -> None:
    """Open the modal of an action: the prompt to change, and the factor of a custom zoom."""
    locale, responder = interaction.locale.value, Responder(interaction)
    work = services_of(interaction).generation.job(
        Action.FOLLOW_UP, actor_of(interaction), asked.job_id
    )
    job = await responder.before_modal(work)
    if asked.action is JobAction.REROLL and job.kind in SINGLE_PICTURE_KINDS:
        # It is repeated as it was, so there is no prompt to change.
        await submit_followup(interaction, followup_of(asked))
        return
    modal = discord.ui.Modal(
        title=say(TITLES.get(asked.action, "modal-remix"), locale),
        custom_id=job_actions.custom_id(asked.job_id, asked.action, asked.number, asked.cells),
    )
    if asked.action is JobAction.ZOOM_CUSTOM:
        factor: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=FACTOR_FIELD, default="1.5", max_length=MAX_FACTOR_CHARS
        )
        modal.add_item(discord.ui.Label(text=say("modal-factor", locale), component=factor))
    prompt: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=PROMPT_FIELD,
        default=to_edit(job.prompt)[:MAX_TEXT_FIELD_CHARS],
        max_length=MAX_TEXT_FIELD_CHARS,
        style=discord.TextStyle.paragraph,
    )
    modal.add_item(discord.ui.Label(text=say("modal-prompt", locale), component=prompt))
    await responder.open_modal(modal)


async def on_modal_submit(interaction: discord.Interaction) -> None:
    """Start the job that a submitted modal asks for; ignore all other interactions."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    submitted: Any = interaction.data
    asked = job_actions.parse(submitted["custom_id"])
    if asked is None or not asked.is_modal:
        return
    try:
        check_allowed(interaction)
        followup = _followup_of(asked, dict(_fields(submitted["components"])))
        await submit_followup(interaction, followup)
    except Exception as error:
        await Responder(interaction).error(error)


def _followup_of(asked: JobCustomId, fields: dict[str, str]) -> FollowupRequest:
    if asked.action is JobAction.ZOOM_CUSTOM:
        factor = _factor(fields[FACTOR_FIELD])
        followup = FollowupRequest(asked.job_id, JobAction.ZOOM, factor=factor)
    else:
        followup = followup_of(asked)
    return replace(followup, prompt=fields[PROMPT_FIELD])


def _fields(components: Iterable[Any]) -> Iterable[tuple[str, str]]:
    """The custom_ids of a modal's fields and what was typed into them."""
    for row in components:
        # Fields lie in labels; in modals of older clients they lie in action rows.
        field = row.get("component") or row["components"][0]
        yield field["custom_id"], field["value"]


def _factor(typed: str) -> float:
    """Read “1.5”, “1,5” or “1.5x”. Raises InvalidFactor for what is no number."""
    try:
        return float(typed.strip().rstrip("x×").replace(",", "."))
    except ValueError:
        raise InvalidFactor(typed) from None
