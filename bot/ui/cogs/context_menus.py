"""The context menu of a job's message: cancel, send, parameters, delete, report."""

import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from bot.errors import JobAlreadyEnded
from bot.i18n.texts import Text, say
from bot.messages import settings_embeds
from bot.policy.access import Action, Actor, may_cancel
from bot.services.container import Services
from bot.ui.interactions import actor_of, custom_ids_of
from bot.ui.pagination import show_details
from bot.ui.reports import ask_for_reason
from bot.ui.responses import Responder
from bot.ui.review_buttons import everywhere_view
from storage.jobs import UNFINISHED, Job
from storage.removals import Copy


class JobMenus:
    """The commands in the context menu of every message; those that show no job refuse."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def commands(self) -> list[app_commands.ContextMenu]:
        callbacks: tuple[tuple[str, Any], ...] = (
            ("menu-cancel-job.name", self.cancel),
            ("menu-send-to-me.name", self.send),
            ("menu-seed-and-parameters.name", self.show_parameters),
            ("menu-delete.name", self.delete),
            ("menu-report-picture.name", self.report),
        )
        return [
            app_commands.ContextMenu(name=say(key), callback=callback)
            for key, callback in callbacks
        ]

    async def cancel(self, interaction: discord.Interaction, message: discord.Message) -> None:
        async def find_and_cancel() -> Text:
            job, actor = await self._find(interaction, message)
            await self._services.generation.cancel(actor, job.id)
            return Text("done.cancelled")

        await _run(interaction, find_and_cancel())

    async def send(self, interaction: discord.Interaction, message: discord.Message) -> None:
        async def find_and_send() -> Text:
            job = await self._find_readable(interaction, message)
            locale = interaction.locale.value
            await self._services.history.send(job, interaction.user.id, locale)
            return Text("done.sent")

        await _run(interaction, find_and_send())

    async def show_parameters(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        work = self._find_readable(interaction, message)
        await show_details(interaction, await Responder(interaction).run(work, ephemeral=True))

    async def delete(self, interaction: discord.Interaction, message: discord.Message) -> None:
        services, member_id = self._services, interaction.user.id

        async def find_and_delete() -> Text:
            job, actor = await self._find(interaction, message)
            await services.generation.check(Action.DELETE, actor, job)
            if job.state in UNFINISHED and may_cancel(actor, job):
                # The job may end at the same moment.
                with contextlib.suppress(JobAlreadyEnded):
                    await services.generation.cancel(actor, job.id)
            place = Copy(message.channel.id, message.id)
            await services.removals.delete(job, member_id, place)
            key = "done.deleted" if job.member_id == member_id else "done.taken-down"
            # A moderator can go on and delete all that shows it.
            others = actor.moderates and job.server_id == actor.server_id
            everywhere.extend([job.id] if others and job.member_id != member_id else [])
            return Text(key, {"id": job.id[:8]})

        everywhere: list[str] = []
        await _run(interaction, find_and_delete(), everywhere)

    async def report(self, interaction: discord.Interaction, message: discord.Message) -> None:
        work = self._find_readable(interaction, message)
        await ask_for_reason(interaction, await Responder(interaction).before_modal(work))

    async def _find_readable(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> Job:
        job, actor = await self._find(interaction, message)
        await self._services.generation.check(Action.READ, actor, job)
        return job

    async def _find(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> tuple[Job, Actor]:
        """The job of a message, and who acts on it there. Raises NoJobHere."""
        job = await self._services.history.shown_by(
            message.id, custom_ids_of(interaction.client, message)
        )
        actor = actor_of(interaction, message)
        return job, replace(actor, shown_jobs=actor.shown_jobs | {job.id})


async def _run(
    interaction: discord.Interaction,
    work: Coroutine[Any, Any, Text],
    everywhere: Sequence[str] = (),
) -> None:
    """Do the work and say that it is done.

    The work may have named a job in `everywhere` that can then be deleted everywhere.
    """
    responder, locale = Responder(interaction), interaction.locale.value
    text = await responder.run(work, ephemeral=True)
    view = everywhere_view(everywhere[0], locale) if everywhere else None
    await responder.send_embed(settings_embeds.done(text, locale), view)
