"""Answering an interaction, in time and with an explanation for every error.

Discord waits three seconds for the first response. Work that takes longer is deferred: Discord
then shows a placeholder, “thinking…”, which the answer replaces.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import aiohttp
import discord

from bot.delivery.messenger import build_embeds, build_files, build_view
from bot.errors import DatabaseAway, ForbiddenWords, NoKnownWord, PicturesAway, UserError
from bot.i18n.texts import say
from bot.messages import job_actions, job_messages
from bot.messages.specs import AttachmentSpec, EmbedSpec, MessageSpec
from bot.services.generation import GenerationService
from bot.ui.interactions import actor_of, channel_id_of, services_of
from bot.ui.typed_text import APPEAL_PATTERN, PROMPT_FIELD, TypedText, shown, typed_in
from storage.database import StorageUnavailable
from storage.jobs import Job
from storage.pictures import PicturesUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

DEFER_AFTER_S = 1.5
"""Seconds that work may take before the interaction is deferred: half of what Discord allows."""

RESPONSE_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""Raised where an answer comes too late, or does not reach Discord."""

PLACEHOLDER_IS_EPHEMERAL = "placeholder is ephemeral"
"""Key in `interaction.extras` while “thinking…” is shown: whether to its member alone."""


class Responder:
    """Answers one interaction. Whatever is `ephemeral` is shown to its member alone.

    It keeps its state in the interaction, so there may be several for the same one.
    """

    def __init__(self, interaction: discord.Interaction) -> None:
        self._interaction = interaction

    async def run(
        self, work: Coroutine[Any, Any, T], *, ephemeral: bool = False, updates: bool = False
    ) -> T:
        """Do the work, and defer the interaction if that takes long.

        `ephemeral` is for whom the placeholder is. With `updates` the answer changes the message
        whose button or menu was used, so there is no placeholder.
        """
        interaction = self._interaction
        task = asyncio.create_task(work)
        done, _ = await asyncio.wait({task}, timeout=DEFER_AFTER_S)
        if not done and not interaction.response.is_done():
            thinking = not (updates and interaction.type is discord.InteractionType.component)
            # Should Discord not take even this in time, the work is done all the same.
            with contextlib.suppress(*RESPONSE_ERRORS):
                await interaction.response.defer(thinking=thinking, ephemeral=ephemeral)
                if thinking:
                    interaction.extras[PLACEHOLDER_IS_EPHEMERAL] = ephemeral
        return await task

    async def think(self) -> None:
        """Show “thinking…” to the member alone, before work that answers with several messages."""
        await self._interaction.response.defer(thinking=True, ephemeral=True)
        self._interaction.extras[PLACEHOLDER_IS_EPHEMERAL] = True

    async def send(
        self, message: MessageSpec, view: discord.ui.View | None = None, *, ephemeral: bool
    ) -> int:
        """Answer with a message; returns its id. `view` goes in place of the message's buttons."""
        interaction = self._interaction
        embeds, files = build_embeds(message.embeds), build_files(message.attachment)
        shown = view or build_view(message.buttons)
        if not interaction.response.is_done():
            sent = await interaction.response.send_message(
                message.content,
                embeds=embeds,
                files=files,
                view=shown or discord.utils.MISSING,
                ephemeral=ephemeral,
            )
            assert sent.message_id is not None, "a message was sent"
            return sent.message_id
        placeholder = interaction.extras.get(PLACEHOLDER_IS_EPHEMERAL)
        if placeholder is False and ephemeral:
            # An edit cannot make a public message ephemeral.
            await interaction.delete_original_response()
        elif placeholder is not None:
            edited = await interaction.edit_original_response(
                content=message.content, embeds=embeds, attachments=files, view=shown
            )
            del interaction.extras[PLACEHOLDER_IS_EPHEMERAL]
            return edited.id
        interaction.extras.pop(PLACEHOLDER_IS_EPHEMERAL, None)
        posted = await interaction.followup.send(
            message.content,
            embeds=embeds,
            files=files,
            view=shown or discord.utils.MISSING,
            ephemeral=ephemeral,
            wait=True,
        )
        return posted.id

    async def send_embed(self, embed: EmbedSpec, view: discord.ui.View | None = None) -> None:
        """Answer with an ephemeral embed."""
        await self.send(MessageSpec("", embeds=(embed,)), view, ephemeral=True)

    async def update(self, message: MessageSpec, view: discord.ui.View | None = None) -> None:
        """Change the message whose button or menu was used; else answer, ephemerally.

        Without a `view` it loses its buttons. An attachment of None leaves what is there.
        """
        interaction = self._interaction
        is_done = interaction.response.is_done()
        if not is_done and interaction.type is not discord.InteractionType.component:
            await self.send(message, view, ephemeral=True)
            return
        parts: dict[str, Any] = {
            "content": message.content,
            "embeds": build_embeds(message.embeds),
            "view": view,
        }
        if message.attachment is not None:
            parts["attachments"] = build_files(message.attachment)
        if is_done:
            await interaction.edit_original_response(**parts)
            interaction.extras.pop(PLACEHOLDER_IS_EPHEMERAL, None)
        else:
            await interaction.response.edit_message(**parts)

    async def update_embed(self, embed: EmbedSpec, view: discord.ui.View | None = None) -> None:
        """The same with an embed."""
        await self.update(MessageSpec("", embeds=(embed,)), view)

    async def show_layout(
        self,
        layout: discord.ui.LayoutView,
        files: Sequence[AttachmentSpec] = (),
        *,
        anew: bool = False,
    ) -> None:
        """Show a layout in place of the message whose button or menu was used; else, or if `anew`,
        answer with it, ephemerally.

        A message with a layout has neither text nor embeds of its own, and cannot get any later.
        """
        interaction = self._interaction
        attached = [file for spec in files for file in build_files(spec)]
        replaces = interaction.type is discord.InteractionType.component and not anew
        parts: dict[str, Any] = {
            "content": None,
            "embeds": [],
            "attachments": attached,
            "view": layout,
        }
        if interaction.response.is_done():
            await interaction.edit_original_response(**parts)
            interaction.extras.pop(PLACEHOLDER_IS_EPHEMERAL, None)
        elif replaces:
            await interaction.response.edit_message(**parts)
        else:
            await interaction.response.send_message(view=layout, files=attached, ephemeral=True)

    async def open_modal(self, modal: discord.ui.Modal) -> None:
        """Show a modal. It must be the first response, so prepare it by `before_modal`."""
        # What is submitted is found by its custom_id, not by this object.
        modal.stop()
        await self._interaction.response.send_modal(modal)

    async def before_modal(self, work: Coroutine[Any, Any, T]) -> T:
        """Look up what a modal shows, for which Discord cannot be asked to wait.

        Raises DatabaseAway if it takes too long.
        """
        try:
            async with asyncio.timeout(DEFER_AFTER_S):
                return await work
        except TimeoutError:
            raise DatabaseAway from None

    async def acknowledge(self) -> None:
        """End an interaction to which nothing is said."""
        if not self._interaction.response.is_done():
            await self._interaction.response.defer()

    async def error(self, error: BaseException, typed: TypedText | None = None) -> None:
        """Explain an error of a command, button or modal to the member who ran into it.

        The answer gives back what they typed: `typed`, or what the interaction has.
        """
        if self._interaction.client.is_closed():
            log.info("An answer was cut off: the bot stops.")
            return
        is_wrapped = isinstance(error, discord.app_commands.CommandInvokeError)
        cause = error.__cause__ if is_wrapped else error
        locale = self._interaction.locale.value
        match cause:
            case UserError():
                embed = job_messages.refusal(cause, locale)
            case PicturesUnavailable():
                embed = job_messages.refusal(PicturesAway(), locale)
            case StorageUnavailable():
                embed = job_messages.refusal(DatabaseAway(), locale)
            case _:
                log.error("An interaction failed by a mistake of ours.", exc_info=error)
                embed = job_messages.unexpected(locale)
        typed = typed or typed_in(self._interaction)
        examples = cause.examples if isinstance(cause, NoKnownWord) else ()
        view, message = None, MessageSpec("", embeds=(embed,))
        if typed is not None:
            kept = shown(typed, locale)
            embed = job_messages.with_lost_files(embed, typed.files, locale)
            view = kept.view if self._may_edit(typed) else None
            if isinstance(cause, ForbiddenWords) and await self._takes_appeals():
                view = _with_appeal(view, typed, locale)
            message = MessageSpec(kept.content, kept.attachment, (embed,))
        try:
            await self.send(message, _with_examples(view, examples), ephemeral=True)
        except RESPONSE_ERRORS:
            log.warning("An error could not be shown.", exc_info=True)

    async def _takes_appeals(self) -> bool:
        """Whether moderators of this server would look at a refused prompt."""
        interaction = self._interaction
        try:
            requests = services_of(interaction).review_requests
            return await requests.takes_appeals(interaction.guild_id)
        except StorageUnavailable:
            return False

    def _may_edit(self, typed: TypedText) -> bool:
        """Whether the answer may have a button to edit what was typed.

        A message with a button of a job counts as one that shows it. So there is none for a job
        that the message of the modal does not show: such a modal may be forged.
        """
        asked = job_actions.parse(typed.origin)
        return asked is None or asked.job_id in actor_of(self._interaction).shown_jobs


def _with_appeal(
    view: discord.ui.View | None, typed: TypedText, locale: str
) -> discord.ui.View | None:
    """The buttons of a refusal, and one to have moderators look at the refused prompt."""
    custom_id = f"appeal:{typed.origin}"
    if PROMPT_FIELD not in typed.fields or not re.fullmatch(APPEAL_PATTERN, custom_id):
        return view
    view = view or discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label=say("button-appeal", locale), custom_id=custom_id))
    # As in `build_view`: the button is found by its custom_id.
    view.stop()
    return view


def _with_examples(view: discord.ui.View | None, prompts: Sequence[str]) -> discord.ui.View | None:
    """The buttons of a refusal, and below them one for each prompt that can be drawn instead."""
    if not prompts:
        return view
    view = view or discord.ui.View(timeout=None)
    for number, prompt in enumerate(prompts, 1):
        custom_id = f"propose:example:{number}"
        view.add_item(discord.ui.Button(label=prompt, custom_id=custom_id, row=1))
    # As in `build_view`: the buttons are found by their custom_id.
    view.stop()
    return view


async def show_jobs(
    interaction: discord.Interaction, generation: GenerationService, jobs: Sequence[Job]
) -> None:
    """Give each job its message: the first is the answer itself, more are posted after it."""
    with generation.holding(jobs):
        await _show_jobs(interaction, generation, jobs)


async def _show_jobs(
    interaction: discord.Interaction, generation: GenerationService, jobs: Sequence[Job]
) -> None:
    first, *more = jobs
    try:
        responder = Responder(interaction)
        message, is_finished = await responder.run(
            generation.first_message(first), ephemeral=first.hidden
        )
        message_id = await responder.send(message, ephemeral=first.hidden)
    except (*RESPONSE_ERRORS, StorageUnavailable):
        # Too late for an answer, or it did not reach Discord, or the database is away for a
        # moment; the job is stored all the same. Discord may also have taken it and not said so.
        generation.post(jobs, may_be_there=True)
    else:
        channel_id = channel_id_of(interaction)
        await generation.posted(first, channel_id, message_id, is_finished=is_finished)
        generation.post(more)
