"""Reading an interaction: who caused it, where, on what, and which services serve it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

import discord

from bot.errors import CannotPostHere, NotModerator, NotPermitted
from bot.images.sanitize import UploadedFile
from bot.invite import REQUIRED_PERMISSIONS
from bot.observability import discord_traffic
from bot.policy.access import Actor, jobs_in
from bot.policy.actors import Location, MemberIdentity, Requester
from bot.policy.picture_policy import ShowingPlace
from bot.policy.rate_limit import AUTOCOMPLETE_COST
from bot.policy.showing_places import MAYBE_AGE_RESTRICTED, place_of_channel
from bot.services.container import Services
from storage.database import someone_waits


@runtime_checkable
class HasServices(Protocol):
    """A Discord client that carries the services, and knows the ids of its commands."""

    services: Services
    command_ids: Mapping[str, int]


def services_of(interaction: discord.Interaction) -> Services:
    """The services of the client that received an interaction.

    For buttons, menus and modals, which discord.py creates; cogs are given the services.
    """
    client = interaction.client
    assert isinstance(client, HasServices)
    return client.services


def command_ids_of(interaction: discord.Interaction) -> Mapping[str, int]:
    """Discord's ids of the slash commands, by their first word; empty before they are known."""
    client = interaction.client
    assert isinstance(client, HasServices)
    return client.command_ids


def check_allowed(interaction: discord.Interaction) -> None:
    """Count an interaction, and raise the `UserError` that says why it is not allowed here."""
    discord_traffic.begin(interaction)
    someone_waits.set(True)
    services = services_of(interaction)
    is_autocomplete = interaction.type is discord.InteractionType.autocomplete
    services.rate_limiter.count(interaction.user.id, AUTOCOMPLETE_COST if is_autocomplete else 1)
    services.places.check_open(interaction)


def requester_of(interaction: discord.Interaction) -> Requester:
    """Who asks for a job, and where. Raises CannotPostHere if no picture could be shown there.

    Call it before anything is queued, so that no GPU time goes into pictures that cannot be shown.
    """
    guest = _is_guest(interaction)
    return replace(whereabouts_of(interaction), guest=guest)


def whereabouts_of(interaction: discord.Interaction) -> Requester:
    """Who asks, and where, for what posts no job, such as a prompt that is still being typed."""
    channel = interaction.channel
    return Requester(
        member_id=interaction.user.id,
        member_name=interaction.user.name,
        server_id=interaction.guild_id,
        channel_id=channel_id_of(interaction),
        attachment_limit=interaction.filesize_limit,
        locale=(interaction.guild_locale or interaction.locale).value,
        reply_token=interaction.token,
        installed=interaction.is_user_integration(),
        roles=roles_of(interaction.user),
        ranked_roles=ranked_roles_of(interaction.user),
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
        category_id=_category_of(channel),
        age_restricted=isinstance(channel, MAYBE_AGE_RESTRICTED) and channel.is_nsfw(),
    )


def requester_in(
    channel: discord.abc.GuildChannel, member: discord.Member, *, age_restricted: bool
) -> Requester:
    """Who asks for a job in a channel of a server without being there, for themselves."""
    return Requester(
        member_id=member.id,
        member_name=member.name,
        server_id=channel.guild.id,
        channel_id=channel.id,
        attachment_limit=channel.guild.filesize_limit,
        locale=channel.guild.preferred_locale.value,
        roles=roles_of(member),
        ranked_roles=ranked_roles_of(member),
        category_id=channel.category_id,
        age_restricted=age_restricted,
    )


def actor_of(interaction: discord.Interaction, message: discord.Message | None = None) -> Actor:
    """Who acts on a job, and which jobs the message shows.

    `message` is the target of a context menu; buttons and modals have their own message.
    """
    message = message or interaction.message
    return Actor(
        interaction.user.id,
        interaction.guild_id,
        channel_id_of(interaction),
        moderates=interaction.guild_id is not None and interaction.permissions.manage_messages,
        shown_jobs=frozenset()
        if message is None
        else jobs_in(custom_ids_of(interaction.client, message)),
        roles=roles_of(interaction.user),
    )


def showing_place_of(interaction: discord.Interaction) -> ShowingPlace:
    """Where an answer to this is shown: in which channel, and to adults only or not."""
    places, channel = services_of(interaction).gate.places, interaction.channel
    if interaction.guild_id is None:
        is_own = not interaction.context.private_channel
        return places.direct_messages(channel_id_of(interaction), is_own=is_own)
    if isinstance(channel, MAYBE_AGE_RESTRICTED):
        return place_of_channel(interaction.guild_id, channel)
    return ShowingPlace(interaction.guild_id, channel_id_of(interaction))


def member_of(interaction: discord.Interaction) -> MemberIdentity:
    return MemberIdentity(interaction.user.id, interaction.user.name)


def location_of(interaction: discord.Interaction) -> Location:
    """Where somebody writes something; also where the bot itself may not write."""
    return whereabouts_of(interaction).location


def managed_server_of(interaction: discord.Interaction) -> int:
    """The id of the server, which this member may manage. Raises NotPermitted.

    Discord lets admins open a command to everyone, but not everyone may change the settings.
    """
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise NotPermitted
    return interaction.guild_id


def moderated_server_of(interaction: discord.Interaction) -> int:
    """The id of the server, which this member may moderate or manage. Raises NotModerator."""
    allowed = interaction.permissions
    if interaction.guild_id is None or not (allowed.manage_messages or allowed.manage_guild):
        raise NotModerator
    return interaction.guild_id


def channel_id_of(interaction: discord.Interaction) -> int:
    assert interaction.channel_id is not None, "commands, buttons and modals come from channels"
    return interaction.channel_id


def custom_ids_of(client: discord.Client, message: discord.Message) -> list[str]:
    """The custom_ids in a message of the bot; none for messages of anybody else."""
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


def upload_of(attachment: discord.Attachment) -> UploadedFile:
    """A file that came with a command, or that a message shows."""
    return UploadedFile(attachment.url, attachment.filename, attachment.size)


def roles_of(user: discord.User | discord.Member) -> frozenset[int]:
    """The ids of a member's roles when they acted; none where there is no server."""
    return frozenset(ranked_roles_of(user))


def ranked_roles_of(user: discord.User | discord.Member) -> tuple[int, ...]:
    """The ids of a member's roles when they acted, the highest first; none without a server."""
    return tuple(role.id for role in sorted(getattr(user, "roles", ()), reverse=True))


def _category_of(channel: object) -> int | None:
    """The id of the category that a channel, or the channel of a thread, is in."""
    # On a server that the bot is not on, the channel of a thread is not known.
    above = channel.parent if isinstance(channel, discord.Thread) else channel
    return getattr(above, "category_id", None)


def _is_guest(interaction: discord.Interaction) -> bool:
    """Whether the bot can post here with the interaction's token only. Raises CannotPostHere."""
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
