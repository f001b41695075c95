"""`/server review` and `/server log`: where moderators look at things, and what was decided."""

import discord

from bot.i18n.markdown import Markup
from bot.i18n.texts import Text, say
from bot.messages import log_embeds
from bot.messages.log_embeds import KINDS
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.services.moderation.events import ENTRIES_PER_PAGE
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.interactions import managed_server_of, moderated_server_of, services_of
from bot.ui.responses import Responder
from storage.servers import ServerSettings

OFF_CHOICES = {"off-review": "review_channel", "off-log": "log_channel"}
"""What can be switched off, and the setting of it."""


class LogPageButton(
    PersistentButton,
    template=r"server-log:(?P<number>[0-9]{1,6}):(?P<member>[0-9]{0,20}):(?P<kind>[a-z]{0,16})",
):
    """Shows another page of the log."""

    async def act(self, interaction: discord.Interaction) -> None:
        member = self.groups["member"]
        kind = self.groups["kind"]
        await show_log(
            interaction,
            int(self.groups["number"]),
            int(member) if member else None,
            kind if kind in KINDS else None,
        )


async def show_review(
    interaction: discord.Interaction,
    channel: discord.TextChannel | None,
    log_channel: discord.TextChannel | None,
    off: str | None,
) -> None:
    """Set the channels and show what holds now. Raises NotPermitted."""
    server_id, responder = managed_server_of(interaction), Responder(interaction)
    service, locale = services_of(interaction).review_settings, interaction.locale.value
    changed = bool(channel or log_channel or off)
    work = (
        service.change(
            server_id,
            channel.id if channel else None,
            log_channel.id if log_channel else None,
            off=(OFF_CHOICES[off],) if off else (),
        )
        if changed
        else service.show(server_id)
    )
    settings, waiting = await responder.run(work, ephemeral=True)
    await responder.send_embed(_settings(interaction, settings, waiting, locale))


def _settings(
    interaction: discord.Interaction, settings: ServerSettings, waiting: int, locale: str
) -> EmbedSpec:
    lines = [
        say("review-settings.channel", locale, channel=_named(settings.review_channel)),
        say("review-settings.log", locale, channel=_named(settings.log_channel)),
        say("review-settings.waiting", locale, count=waiting),
    ]
    guild = interaction.guild
    if settings.review_channel is not None and guild is not None:
        lines += [say(one, locale) for one in warnings_of(guild, settings.review_channel)]
    is_fine = settings.review_channel is not None and len(lines) == 3
    colour = EmbedColour.GREEN if is_fine else EmbedColour.YELLOW
    return EmbedSpec(say("review-settings", locale), "\n".join(lines), colour)


def _named(channel_id: int | None) -> Text | Markup:
    return Text("review-settings.none") if channel_id is None else Markup(f"<#{channel_id}>")


def warnings_of(guild: discord.Guild, channel_id: int) -> list[Text]:
    """What is wrong with a review channel."""
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel):
        return [Text("review-settings.gone")]
    warnings = []
    allowed = channel.permissions_for(guild.me)
    if not (allowed.view_channel and allowed.send_messages and allowed.attach_files):
        warnings.append(Text("review-settings.closed"))
    if channel.permissions_for(guild.default_role).view_channel:
        warnings.append(Text("review-settings.open"))
    if not channel.is_nsfw():
        warnings.append(Text("review-settings.not-restricted"))
    return warnings


async def show_log(
    interaction: discord.Interaction, number: int, member_id: int | None, kind: str | None
) -> None:
    """Show a page of the log to somebody who moderates. Raises NotModerator."""
    server_id = moderated_server_of(interaction)
    responder, locale = Responder(interaction), interaction.locale.value
    work = services_of(interaction).moderation_log.page(server_id, number, member_id, kind)
    found = await responder.run(work, ephemeral=True, updates=True)
    pages = max(1, -(-found.total // ENTRIES_PER_PAGE))
    buttons = [
        discord.ui.Button[discord.ui.View](
            emoji=emoji, custom_id=f"server-log:{turned}:{member_id or ''}:{kind or ''}"
        )
        for emoji, turned in (("◀️", number - 1), ("▶️", number + 1))
        if 0 <= turned < pages
    ]
    view = view_of(*buttons) if buttons else None
    await responder.update_embed(log_embeds.page(found, number, pages, locale), view)
