"""The modals that ask for text: for the prompt of a follow-up job, and for what was refused.

Their custom_ids say all that is needed, so a modal that was open while the bot was restarted can
still be submitted.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidFactor, NotOffered, PromptTooLong
from bot.i18n.texts import say
from bot.i18n.translator import called, key_of
from bot.messages import job_actions
from bot.messages.job_actions import JobAction, JobCustomId
from bot.messages.job_messages import SINGLE_PICTURE_KINDS
from bot.policy.access import Action
from bot.prompts.recipe import as_typed, to_edit
from bot.services.followups import FollowupRequest
from bot.ui.followups import followup_of, submit_followup
from bot.ui.interactions import actor_of, check_allowed, services_of
from bot.ui.responses import Responder
from bot.ui.typed_text import (
    FACTOR_FIELD,
    MAX_FIELD_CHARS,
    PROMPT_FIELD,
    TEXT_OPTIONS,
    fields_of,
    is_modal,
    text_inputs,
)
from diffusion.protocol.requests import ImageRequest
from storage.jobs import Job
from storage.members import Preferences
from storage.models import JobKind

MAX_FACTOR_CHARS = 8
DEFAULT_FACTOR = "1.5"

TITLES = {
    JobAction.ZOOM_CUSTOM: "modal-zoom",
    JobAction.REGION: "modal-region",
    JobAction.EDIT: "button-edit-prompt",
}
"""The titles of modals, by their keys; all others have that of a remix."""


async def read_preferences(interaction: discord.Interaction) -> Preferences:
    """The member's preferences, while a modal may still be opened. Raises DatabaseAway."""
    work = services_of(interaction).preferences.preferences(interaction.user.id)
    return await Responder(interaction).before_modal(work)


async def find_job(interaction: discord.Interaction, asked: JobCustomId) -> Job:
    """The job of a modal that is to be opened, if this member may use it."""
    work = services_of(interaction).generation.job(
        Action.FOLLOW_UP, actor_of(interaction), asked.job_id
    )
    return await Responder(interaction).before_modal(work)


async def ask_for_prompt(
    interaction: discord.Interaction, asked: JobCustomId, typed: Mapping[str, str] | None = None
) -> None:
    """Open the modal of an action: the prompt to change, and the factor of a custom zoom.

    `typed` is what is in its fields; None for the prompt of the job.
    """
    locale = interaction.locale.value
    job = await find_job(interaction, asked)
    if asked.action is JobAction.REROLL and job.kind in SINGLE_PICTURE_KINDS:
        # It is repeated as it was, so there is no prompt to change.
        await submit_followup(interaction, followup_of(asked))
        return
    # A failed prompt is asked for again with all that was typed.
    prompt = as_typed(job.prompt) if asked.action is JobAction.EDIT else to_edit(job.prompt)
    fields = {PROMPT_FIELD: prompt, FACTOR_FIELD: DEFAULT_FACTOR, **(typed or {})}
    modal = discord.ui.Modal(
        title=say(TITLES.get(asked.action, "modal-remix"), locale),
        custom_id=job_actions.custom_id(asked.job_id, asked.action, asked.number, asked.cells),
    )
    if asked.action is JobAction.ZOOM_CUSTOM:
        label, most = say("modal-factor", locale), MAX_FACTOR_CHARS
        factor = fields[FACTOR_FIELD]
        _add(modal, text_inputs(FACTOR_FIELD, factor, label, locale, max_length=most))
    _add(modal, _prompt_inputs(fields[PROMPT_FIELD], locale))
    await Responder(interaction).open_modal(modal)


async def ask_again(interaction: discord.Interaction, name: str, typed: Mapping[str, str]) -> None:
    """Open a modal with the text options of a command, as they were typed."""
    locale = interaction.locale.value
    command = _command(interaction, name)
    modal = discord.ui.Modal(title=f"/{called(command, locale)}", custom_id=f"command:{name}")
    for option in _text_options(command):
        text = typed.get(option.name, "")
        most = min(int(option.max_value or MAX_FIELD_CHARS), MAX_FIELD_CHARS)
        if option.name == PROMPT_FIELD:
            _add(modal, _prompt_inputs(text, locale, most))
            continue
        key = f"{key_of(command)}.{option.name}"
        label, about = say(f"{key}-name", locale), say(key, locale)
        limits = {"required": option.required, "max_length": most}
        _add(modal, text_inputs(option.name, text, label, locale, about, **limits))
    await Responder(interaction).open_modal(modal)


async def on_modal_submit(interaction: discord.Interaction) -> None:
    """Do what a submitted modal asks for; ignore all other interactions."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    submitted: Any = interaction.data
    custom_id = submitted["custom_id"]
    if not is_modal(custom_id):
        return
    try:
        check_allowed(interaction)
        fields = fields_of(submitted["components"])
        asked = job_actions.parse(custom_id)
        if asked is None:
            await _use(interaction, custom_id.removeprefix("command:"), fields)
        elif asked.action is JobAction.EDIT:
            await _draw_anew(interaction, asked, fields)
        else:
            await submit_followup(interaction, _followup_of(asked, fields))
    except Exception as error:
        await Responder(interaction).error(error)


async def _use(interaction: discord.Interaction, name: str, fields: Mapping[str, str]) -> None:
    """Use a command with these text options, as if they had been typed into it."""
    command = _command(interaction, name)
    given = {}
    for option in _text_options(command):
        text = fields.get(option.name, "").strip()
        most = int(option.max_value or MAX_FIELD_CHARS)
        # Discord checks the limits of a command's options; a modal's are checked here.
        if len(text) > most and option.name == PROMPT_FIELD:
            raise PromptTooLong(len(text), most)
        if len(text) > most or (option.required and not text):
            raise NotOffered
        if text:
            given[option.name] = text
    # What is not text, such as a member, is in no modal: one for such a command is forged.
    if any(option.required and option.name not in given for option in command.parameters):
        raise NotOffered
    await command.callback(command.binding, interaction, **given)  # type: ignore[arg-type]


async def _draw_anew(
    interaction: discord.Interaction, asked: JobCustomId, fields: Mapping[str, str]
) -> None:
    """Draw the edited prompt of a job that failed."""
    work = services_of(interaction).generation.job(
        Action.FOLLOW_UP, actor_of(interaction), asked.job_id
    )
    job = await Responder(interaction).run(work)
    if job.kind is JobKind.IMAGINE and ImageRequest.from_json(job.request).start is None:
        await _use(interaction, "imagine", fields)
    else:
        # It starts from a picture, which only the job has.
        await submit_followup(interaction, _followup_of(asked, fields))


def _command(interaction: discord.Interaction, name: str) -> app_commands.Command[Any, ..., Any]:
    client = interaction.client
    assert isinstance(client, commands.AutoShardedBot), "only a Bot has a tree of commands"
    for command in client.tree.walk_commands():
        if isinstance(command, app_commands.Command) and command.qualified_name == name:
            return command
    raise NotOffered


def _text_options(command: app_commands.Command[Any, ..., Any]) -> list[app_commands.Parameter]:
    names = TEXT_OPTIONS[command.qualified_name]
    return [option for option in command.parameters if option.name in names]


def _prompt_inputs(
    prompt: str, locale: str, most: int = MAX_FIELD_CHARS
) -> list[discord.ui.Label[Any]]:
    return text_inputs(
        PROMPT_FIELD,
        prompt,
        say("modal-prompt", locale),
        locale,
        max_length=most,
        style=discord.TextStyle.paragraph,
    )


def _add(modal: discord.ui.Modal, labels: list[discord.ui.Label[Any]]) -> None:
    for label in labels:
        modal.add_item(label)


def _followup_of(asked: JobCustomId, fields: Mapping[str, str]) -> FollowupRequest:
    if asked.action is JobAction.ZOOM_CUSTOM:
        factor = _factor(fields[FACTOR_FIELD])
        followup = FollowupRequest(asked.job_id, JobAction.ZOOM, factor=factor)
    else:
        followup = followup_of(asked)
    return replace(followup, prompt=fields[PROMPT_FIELD])


def _factor(typed: str) -> float:
    """Read “1.5”, “1,5” or “1.5x”. Raises InvalidFactor for what is no number."""
    try:
        return float(typed.strip().rstrip("x×").replace(",", "."))
    except ValueError:
        raise InvalidFactor(typed) from None
