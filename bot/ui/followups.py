"""From a pressed button or a submitted modal to a follow-up job, and the answer to it."""

from dataclasses import replace

import discord

from bot.i18n.texts import say
from bot.messages.job_actions import JobAction, JobCustomId
from bot.messages.job_messages import link_to
from bot.messages.specs import MessageSpec
from bot.services.followups import FollowupRequest, Made
from bot.ui.interactions import actor_of, requester_of, services_of, showing_place_of
from bot.ui.responses import Responder, show_jobs
from storage.members import Preferences
from storage.models import JobState

DEFAULT_ZOOM_TENTHS = 15


def followup_of(pressed: JobCustomId) -> FollowupRequest:
    """The follow-up that a custom_id stands for."""
    job_id, action, number = pressed.job_id, pressed.action, pressed.number
    match action:
        case JobAction.ZOOM:
            return FollowupRequest(job_id, action, factor=(number or DEFAULT_ZOOM_TENTHS) / 10)
        case JobAction.REGION:
            followup = FollowupRequest(job_id, action, cells=pressed.cells or ())
            return followup if number is None else replace(followup, grid_size=number)
        case _:
            return FollowupRequest(job_id, action, index=(number or 1) - 1)


async def submit_followup(
    interaction: discord.Interaction,
    followup: FollowupRequest,
    preferences: Preferences | None = None,
) -> None:
    """Start the job and answer with it, or with a link to it if it exists already.

    `preferences` are the member's, if they have been read already.
    """
    services = services_of(interaction)
    work = services.followups.submit(
        actor_of(interaction), requester_of(interaction), followup, preferences
    )
    made = await Responder(interaction).run(work)
    if made.new:
        await show_jobs(interaction, services.generation, [made.job])
    else:
        await _point_to(interaction, made)


async def _point_to(interaction: discord.Interaction, made: Made) -> None:
    """Link to a job that is there already; show it again if its message may be gone."""
    job, responder = made.job, Responder(interaction)
    if job.state is JobState.DONE and not made.is_linkable:
        requester = requester_of(interaction)
        work = services_of(interaction).history.again(
            job,
            requester.member_id,
            showing_place_of(interaction),
            requester.attachment_limit,
        )
        message = await responder.run(work, ephemeral=True)
    else:
        is_posted = job.state is JobState.DONE and job.message_id is not None
        state = "done" if is_posted else "unfinished"
        # A job has no message only in the moment before its first is posted.
        link = link_to(job) if job.message_id else "none"
        message = MessageSpec(
            say("shown-already", interaction.locale.value, state=state, link=link)
        )
    await responder.send(message, ephemeral=True)
