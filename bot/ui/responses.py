"""Answering an interaction: in time, and in words, whatever happens.

Discord waits three seconds for the first answer. Work that may take longer is raced against the
clock: who wins is answered at once, who loses gets “thinking…” first.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import aiohttp
import discord

from bot.delivery.messenger import build_embeds, build_files, build_view
from bot.errors import CannotPostHere, DatabaseAway, UserError
from bot.images.sanitize import Upload
from bot.messages import job_messages
from bot.messages.specs import EmbedSpec, MessageSpec
from bot.policy.access import Actor, jobs_in
from bot.policy.actors import MemberIdentity, Requester
from bot.services.generation import GenerationService
from storage.database import StorageUnavailable
from storage.jobs import Job

log = logging.getLogger(__name__)

T = TypeVar("T")

DEFER_AFTER_S = 1.5
"""Seconds that work may take before Discord is told to wait: half of what it allows."""

RESPONSE_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What happens where an answer comes too late, or does not reach Discord."""

DEFERRED_IN_PUBLIC = "thinks aloud"
"""Remembered of an interaction: “thinking…” is shown, and not to its member alone."""

REQUIRED_PERMISSIONS = ("view_channel", "send_messages", "embed_links", "attach_files")
"""Permissions without which a job's messages cannot be shown."""


def requester_of(interaction: discord.Interaction) -> Requester:
    """Who pressed or typed, and where. Raises CannotPostHere if no picture could be shown there.

    Checked before anything is queued, so that no GPU time is spent on what nobody would see.
    """
    assert interaction.channel_id is not None, "commands and buttons come from channels"
    return Requester(
        member_id=interaction.user.id,
        member_name=interaction.user.name,
        server_id=interaction.guild_id,
        channel_id=interaction.channel_id,
        attachment_limit=interaction.filesize_limit,
        locale=(interaction.guild_locale or interaction.locale).value,
        reply_token=interaction.token,
        guest=_is_guest(interaction),
        installed=interaction.is_user_integration(),
    )


def actor(interaction: discord.Interaction, message: discord.Message | None = None) -> Actor:
    """Who presses, sends off or chooses, and what is shown there.

    `message` is the one whose menu is used; with a button or a dialog it is the one it belongs to.
    """
    assert interaction.channel_id is not None, "commands and buttons come from channels"
    message = message or interaction.message
    return Actor(
        interaction.user.id,
        interaction.guild_id,
        interaction.channel_id,
        moderates=interaction.guild_id is not None and interaction.permissions.manage_messages,
        shown_jobs=frozenset()
        if message is None
        else jobs_in(custom_ids(interaction.client, message)),
    )


def custom_ids(client: discord.Client, message: discord.Message) -> list[str]:
    """What the buttons and menus of a message of ours carry; of other messages nothing."""
    # Anybody's bot can post a button with any custom_id.
    if client.user is None or message.author.id != client.user.id:
        return []
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [
        child.custom_id
        for row in rows
        for child in row.children
        if isinstance(child, discord.Button | discord.SelectMenu) and child.custom_id
    ]


def _is_guest(interaction: discord.Interaction) -> bool:
    """Whether only the answer's token can show something here. Raises CannotPostHere."""
    server_id = interaction.guild_id
    if server_id is None:
        return bool(interaction.context.private_channel)
    if interaction.client.get_guild(server_id) is None:
        return True
    missing = _missing_permission(interaction)
    if missing is None:
        return False
    if not interaction.is_user_integration():
        raise CannotPostHere(missing.replace("_", " ").title())
    return True


def _missing_permission(interaction: discord.Interaction) -> str | None:
    for name in REQUIRED_PERMISSIONS:
        if name == "send_messages" and isinstance(interaction.channel, discord.Thread):
            name = "send_messages_in_threads"
        if not getattr(interaction.app_permissions, name):
            return name
    return None


def upload(attachment: discord.Attachment) -> Upload:
    """A file that came with a command, or that a message shows."""
    return Upload(attachment.url, attachment.filename, attachment.size)


def member_of(interaction: discord.Interaction) -> MemberIdentity:
    return MemberIdentity(interaction.user.id, interaction.user.name)


async def run_in_time(
    interaction: discord.Interaction,
    work: Coroutine[Any, Any, T],
    *,
    thinking: bool = True,
    hidden: bool = False,
) -> T:
    """Do the work; if that takes long, Discord is told to wait.

    It shows “thinking…” meanwhile unless told otherwise, to this member alone if `hidden`.
    """
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=DEFER_AFTER_S)
    if not done and not interaction.response.is_done():
        # Should Discord not take even this in time, the work is done all the same.
        with contextlib.suppress(*RESPONSE_ERRORS):
            await interaction.response.defer(thinking=thinking, ephemeral=hidden)
            interaction.extras[DEFERRED_IN_PUBLIC] = thinking and not hidden
    return await task


async def show_jobs(
    interaction: discord.Interaction, generation: GenerationService, jobs: Sequence[Job]
) -> None:
    """Give each job its message: the first is the answer itself, more are posted after it."""
    first, *more = jobs
    try:
        place = await _answer(interaction, await generation.first_message(first), first.hidden)
    except (*RESPONSE_ERRORS, StorageUnavailable):
        # Too late for an answer, or it did not reach Discord, or the database is away for a
        # moment; the job is stored all the same.
        generation.post(first)
    else:
        await generation.posted(first, *place)
    for job in more:
        generation.post(job)


async def _answer(
    interaction: discord.Interaction, message: MessageSpec, hidden: bool
) -> tuple[int, int]:
    """Answer with a message, which only this member sees if `hidden`; returns where it is."""
    assert interaction.channel_id is not None
    buttons = build_view(message.buttons) or discord.utils.MISSING
    if not interaction.response.is_done():
        sent = await interaction.response.send_message(
            message.content, view=buttons, ephemeral=hidden
        )
        assert sent.message_id is not None, "a message was sent"
        return interaction.channel_id, sent.message_id
    if hidden and interaction.extras.get(DEFERRED_IN_PUBLIC):
        await interaction.delete_original_response()
        posted = await interaction.followup.send(
            message.content, view=buttons, ephemeral=True, wait=True
        )
        return interaction.channel_id, posted.id
    edited = await interaction.edit_original_response(content=message.content, view=buttons)
    return interaction.channel_id, edited.id


async def show_embed(interaction: discord.Interaction, embed: EmbedSpec) -> None:
    """Answer with a card that only this member sees."""
    await show_message(interaction, MessageSpec("", embeds=(embed,)), hidden=True)


async def show_message(
    interaction: discord.Interaction, message: MessageSpec, *, hidden: bool
) -> int:
    """Answer with a message, which only this member sees if `hidden`; returns its id."""
    parts: dict[str, Any] = {
        "content": message.content,
        "embeds": build_embeds(message.embeds),
        "files": build_files(message.attachment),
        "view": build_view(message.buttons) or discord.utils.MISSING,
    }
    return await answer(interaction, hidden, **parts)


async def answer(interaction: discord.Interaction, hidden: bool, **parts: Any) -> int:
    """Answer with the parts of a message, which only this member sees if `hidden`."""
    if not interaction.response.is_done():
        answered = await interaction.response.send_message(**parts, ephemeral=hidden)
        assert answered.message_id is not None, "a message was sent"
        return answered.message_id
    if hidden and interaction.extras.get(DEFERRED_IN_PUBLIC):
        # “Thinking…” is there for all to see; nothing hidden can take its place.
        await interaction.delete_original_response()
    return (await interaction.followup.send(**parts, ephemeral=hidden, wait=True)).id


async def redraw(interaction: discord.Interaction, embed: EmbedSpec, view: discord.ui.View) -> None:
    """Show a card with something to press: in place of the one that was used, or as an answer."""
    shown = build_embeds([embed])
    if interaction.response.is_done():
        await interaction.edit_original_response(embeds=shown, view=view)
    elif interaction.type is discord.InteractionType.component:
        await interaction.response.edit_message(embeds=shown, view=view)
    else:
        await interaction.response.send_message(embeds=shown, view=view, ephemeral=True)


async def show_error(interaction: discord.Interaction, error: BaseException) -> None:
    """Turn an error of a command, button or dialog into words for the one who caused it."""
    if interaction.client.is_closed():
        log.info("An answer was cut off: the bot stops.")
        return
    cause = error.__cause__ if isinstance(error, discord.app_commands.CommandInvokeError) else error
    locale = interaction.locale.value
    match cause:
        case UserError():
            embed = job_messages.refusal(cause, locale)
        case StorageUnavailable():
            embed = job_messages.refusal(DatabaseAway(), locale)
        case _:
            log.error("An interaction failed by a mistake of ours.", exc_info=error)
            embed = job_messages.unexpected(locale)
    try:
        await show_embed(interaction, embed)
    except RESPONSE_ERRORS:
        log.warning("A refusal could not be shown.", exc_info=True)
