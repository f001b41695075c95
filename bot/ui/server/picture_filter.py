"""`/server filter`: what a server, a channel or a category does with explicit pictures."""

import discord

from bot.messages import filter_embeds
from bot.policy.picture_policy import PictureAction
from bot.ui.interactions import managed_server_of, services_of
from bot.ui.responses import Responder

FilterPlace = discord.TextChannel | discord.VoiceChannel | discord.CategoryChannel
"""Where a policy can hold: that of a category holds in its channels, that of a channel in its
threads."""

INHERIT = "inherit"
FILTER_CHOICES = (*(action.value for action in PictureAction), INHERIT)


async def show_filter(
    interaction: discord.Interaction,
    action: str | None,
    threshold_percent: int | None,
    place: FilterPlace | None,
) -> None:
    """Change the policy of the server or a place of it, and show all. Raises NotPermitted."""
    server_id = managed_server_of(interaction)
    picture_filter, responder = services_of(interaction).picture_filter, Responder(interaction)
    place_id = place.id if place else server_id
    if action == INHERIT:
        work = picture_filter.forget(server_id, place_id)
    elif action is None and threshold_percent is None:
        work = picture_filter.policies(server_id)
    else:
        chosen = PictureAction(action) if action else None
        work = picture_filter.change(server_id, place_id, chosen, threshold_percent)
    policies = await responder.run(work, ephemeral=True)
    is_changed = action is not None or threshold_percent is not None
    embed = filter_embeds.policies(
        policies.own,
        policies.places,
        policies.filter_name,
        is_changed,
        interaction.locale.value,
    )
    await responder.send_embed(embed)
