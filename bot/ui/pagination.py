"""The pages of a member's history, and showing a job of a page again."""

import json
from collections.abc import Coroutine
from typing import Any

import discord

from bot.i18n.markdown import visible
from bot.i18n.texts import say
from bot.messages import job_embeds
from bot.messages.job_embeds import HistoryPage
from bot.messages.specs import AttachmentSpec, MessageSpec
from bot.ui.dynamic_items import PersistentButton, PersistentSelect, view_of
from bot.ui.interactions import channel_id_of, services_of
from bot.ui.responses import Responder
from storage.jobs import Job
from storage.removals import Copy


class PageButton(PersistentButton, template=r"history:(?P<number>[0-9]{1,6}):(?P<query>.{0,60})"):
    """Shows another page of a search."""

    async def act(self, interaction: discord.Interaction) -> None:
        await show_page(interaction, self.groups["query"], int(self.groups["number"]))


class ShowAgainSelect(PersistentSelect, template="again"):
    """Shows one of the jobs of a page again."""

    async def act(self, interaction: discord.Interaction) -> None:
        (job_id,) = self.item.values
        history = services_of(interaction).history
        await show_again(interaction, history.find(interaction.user.id, job_id))


async def show_page(interaction: discord.Interaction, query: str, number: int) -> None:
    """Show a page of a member's jobs, in place of the one before."""
    locale, responder = interaction.locale.value, Responder(interaction)
    work = services_of(interaction).history.search(interaction.user.id, query, number)
    page = await responder.run(work, ephemeral=True, updates=True)
    await responder.update_embed(job_embeds.history(page, locale), _page_view(page, locale))


def _page_view(page: HistoryPage, locale: str) -> discord.ui.View:
    """The menu of a page's jobs, and the buttons for the pages before and after it."""
    shown: list[discord.ui.Item[Any]] = []
    if page.found.jobs:
        options = [
            discord.SelectOption(
                label=visible(job.prompt, 100) or "…", value=job.id, description=job.id[:8]
            )
            for job in page.found.jobs
        ]
        placeholder = say("history.again", locale)
        shown.append(discord.ui.Select(custom_id="again", options=options, placeholder=placeholder))
    for emoji, number in (("◀️", page.number - 1), ("▶️", page.number + 1)):
        if 0 <= number < page.pages:
            custom_id = f"history:{number}:{page.query}"
            shown.append(discord.ui.Button(emoji=emoji, custom_id=custom_id, row=1))
    return view_of(*shown)


async def show_again(interaction: discord.Interaction, found: Coroutine[Any, Any, Job]) -> None:
    """Show a job again, in public unless it was made in stealth or taken down."""
    services, responder = services_of(interaction), Responder(interaction)
    channel_id = channel_id_of(interaction)
    job = await responder.run(found)
    work = services.removals.is_private(job, channel_id)
    is_private = await responder.run(work, ephemeral=job.stealth)
    again = services.history.again(job, interaction.user.id, channel_id, interaction.filesize_limit)
    message = await responder.run(again, ephemeral=is_private)
    message_id = await responder.send(message, ephemeral=is_private)
    if interaction.guild_id is not None and not is_private:
        await services.removals.shown_again(job, Copy(channel_id, message_id))


async def show_details(interaction: discord.Interaction, job: Job) -> None:
    """Answer with a job's seed and parameters, and its whole request as a file."""
    locale, responder = interaction.locale.value, Responder(interaction)
    found = await responder.run(services_of(interaction).history.details(job), ephemeral=True)
    embed = job_embeds.details(job, found.request, found.pictures, locale)
    whole = json.dumps(found.request.to_json(), indent=2, ensure_ascii=False).encode()
    file = AttachmentSpec(f"{job.id}.json", whole, say("details", locale))
    await responder.send(MessageSpec("", file, (embed,)), ephemeral=True)
