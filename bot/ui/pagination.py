"""The pages of a member's history, and showing a job of a page again."""

import json
from collections.abc import Collection, Coroutine, Mapping
from typing import Any

import discord

from bot.i18n.markdown import visible
from bot.i18n.texts import say
from bot.messages import job_embeds
from bot.messages.job_embeds import ALL_KINDS, HISTORY_KINDS, HistoryPage
from bot.messages.specs import AttachmentSpec, EmbedColour, MessageSpec
from bot.services.job_history import PAGES_PER_PORTION, JobThumbnail
from bot.ui.dynamic_items import PersistentButton, PersistentSelect, layout_of
from bot.ui.interactions import channel_id_of, services_of, showing_place_of
from bot.ui.responses import Responder
from storage.jobs import Job
from storage.removals import Copy

MAX_ALT_TEXT_CHARS = 256
"""Characters of a thumbnail's description."""


class PageButton(
    PersistentButton,
    template=rf"history(?:-of:(?P<kind>{'|'.join(HISTORY_KINDS)}))?"
    r":(?P<number>[0-9]{1,6}):(?P<query>.{0,60})",
):
    """Shows another page of a search."""

    async def act(self, interaction: discord.Interaction) -> None:
        kind = self.groups["kind"] or ALL_KINDS
        await show_page(interaction, self.groups["query"], int(self.groups["number"]), kind)


class KindSelect(PersistentSelect, template=r"history-kind:(?P<query>.{0,60})"):
    """Shows the jobs of one kind only."""

    async def act(self, interaction: discord.Interaction) -> None:
        (kind,) = self.item.values
        await show_page(interaction, self.groups["query"], 0, kind)


class ShowAgainSelect(PersistentSelect, template="again"):
    """Shows one of the jobs of a page again."""

    async def act(self, interaction: discord.Interaction) -> None:
        (job_id,) = self.item.values
        history = services_of(interaction).history
        await show_again(interaction, history.find(interaction.user.id, job_id))


async def show_page(interaction: discord.Interaction, query: str, number: int, kind: str) -> None:
    """Show a page of a member's jobs, in place of the one before."""
    history, responder = services_of(interaction).history, Responder(interaction)
    member_id = interaction.user.id

    place = showing_place_of(interaction)

    async def look_up() -> tuple[HistoryPage, Mapping[str, JobThumbnail], Collection[str]]:
        page = await history.search(member_id, query, number, kind)
        thumbnails = await history.thumbnails(member_id, page.found.jobs, place)
        return page, thumbnails, await history.expired(page.found.jobs)

    page, thumbnails, expired = await responder.run(look_up(), ephemeral=True, updates=True)
    files = [
        AttachmentSpec(_thumbnail_name(job), thumbnails[job.id].encoded, _alt_text(job))
        for job in page.found.jobs
        if job.id in thumbnails
    ]
    locale = interaction.locale.value
    spoilers = {job_id for job_id, one in thumbnails.items() if one.is_spoiler}
    layout = history_layout(page, thumbnails.keys(), spoilers, locale, expired)
    await responder.show_layout(layout, files)


def history_layout(
    page: HistoryPage,
    with_thumbnail: Collection[str],
    spoilers: Collection[str],
    locale: str,
    expired: Collection[str] = (),
) -> discord.ui.LayoutView:
    """The jobs of a page, a menu of kinds, a menu to show one again, and buttons to turn pages.

    `with_thumbnail` are the ids of the jobs that have a thumbnail, `spoilers` of those whose
    thumbnail is blurred until somebody clicks, `expired` of those whose pictures are not kept any
    more.
    """
    shown: list[discord.ui.Item[Any]] = [
        discord.ui.TextDisplay(job_embeds.history_heading(page, locale)),
        discord.ui.ActionRow(_kinds(page, locale)),
    ]
    for job in page.found.jobs:
        text = job_embeds.history_entry(job, job.id in page.found.favourites, locale)
        if job.id in expired:
            text += f"\n-# {say('history.expired', locale)}"
        if job.id in with_thumbnail:
            place = f"attachment://{_thumbnail_name(job)}"
            thumbnail: discord.ui.Thumbnail[Any] = discord.ui.Thumbnail(
                place, description=_alt_text(job), spoiler=job.id in spoilers
            )
            shown.append(discord.ui.Section(text, accessory=thumbnail))
        else:
            shown.append(discord.ui.TextDisplay(text))
    if page.found.jobs:
        shown.append(discord.ui.ActionRow(_again(page, locale)))
    if turns := _page_buttons(page):
        shown.append(discord.ui.ActionRow(*turns))
    return layout_of(*shown, colour=EmbedColour.GREY.value)


def _kinds(page: HistoryPage, locale: str) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=say(f"choice-{kind}", locale), value=kind, default=kind == page.kind
        )
        for kind in HISTORY_KINDS
    ]
    return discord.ui.Select(custom_id=f"history-kind:{page.query}", options=options)


def _again(page: HistoryPage, locale: str) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=visible(job.prompt, 100) or "…", value=job.id, description=job.id[:8]
        )
        for job in page.found.jobs
    ]
    placeholder = say("history.again", locale)
    return discord.ui.Select(custom_id="again", options=options, placeholder=placeholder)


def _page_buttons(page: HistoryPage) -> list[discord.ui.Button[Any]]:
    """The buttons for the pages before and after this one, and for newer and older jobs."""
    numbers = [
        ("⏪", page.before - PAGES_PER_PORTION, page.before > 0),
        ("◀️", page.before + page.number - 1, page.number > 0),
        ("▶️", page.before + page.number + 1, page.number + 1 < page.pages),
        ("⏩", page.before + PAGES_PER_PORTION, page.found.has_older),
    ]
    return [
        discord.ui.Button(emoji=emoji, custom_id=f"history-of:{page.kind}:{number}:{page.query}")
        for emoji, number, is_there in numbers
        if is_there
    ]


def _thumbnail_name(job: Job) -> str:
    return f"{job.id}.jpg"


def _alt_text(job: Job) -> str:
    return visible(job.prompt, MAX_ALT_TEXT_CHARS) or "…"


async def show_again(interaction: discord.Interaction, found: Coroutine[Any, Any, Job]) -> None:
    """Show a job again, in public unless it was made in stealth or taken down."""
    services, responder = services_of(interaction), Responder(interaction)
    channel_id = channel_id_of(interaction)
    job = await responder.run(found)
    work = services.removals.is_private(job, channel_id)
    is_private = await responder.run(work, ephemeral=job.stealth)
    again = services.history.again(
        job, interaction.user.id, showing_place_of(interaction), interaction.filesize_limit
    )
    message = await responder.run(again, ephemeral=is_private)
    message_id = await responder.send(message, ephemeral=is_private)
    if interaction.guild_id is not None and not is_private:
        await services.removals.shown_again(job, Copy(channel_id, message_id))


async def show_details(interaction: discord.Interaction, job: Job) -> None:
    """Answer with a job's seed and parameters, and its whole request as a file.

    A line that is too long to be shown follows as a file too.
    """
    locale, responder = interaction.locale.value, Responder(interaction)
    found = await responder.run(services_of(interaction).history.details(job), ephemeral=True)
    recipe = found.recipe
    embed = job_embeds.details(job, found.request, found.pictures, locale, recipe)
    whole = json.dumps(found.request.to_json(), indent=2, ensure_ascii=False).encode()
    file = AttachmentSpec(f"{job.id}.json", whole, say("details", locale))
    await responder.send(MessageSpec("", file, (embed,)), ephemeral=True)
    if recipe is not None and not job_embeds.fits(recipe.line):
        line = AttachmentSpec(f"{job.id}.txt", recipe.line.encode(), say("details", locale))
        await responder.send(MessageSpec("", line), ephemeral=True)
