"""What the bot asks Discord for: permissions and scopes on a server, intents, and the invite link.

The link asks for these, `/imagine` refuses where one is missing, and the doctor looks for them.
"""

import discord

REQUIRED_PERMISSIONS = ("view_channel", "send_messages", "embed_links", "attach_files")
"""Permissions without which a job's messages cannot be shown."""

NEEDED_PERMISSIONS = (*REQUIRED_PERMISSIONS, "send_messages_in_threads", "read_message_history")
"""Those, and what threads and reactions need."""

INVITE_PERMISSIONS = discord.Permissions(**dict.fromkeys(NEEDED_PERMISSIONS, True))
"""What the bot needs on a server."""

INVITE_SCOPES = ("bot", "applications.commands")

INTENTS = discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
"""The events that the bot asks for; none of them is privileged."""


def invite_link(application_id: int) -> str:
    """Where an admin adds the bot to a server, with the permissions that it needs."""
    link = discord.utils.oauth_url(
        application_id, permissions=INVITE_PERMISSIONS, scopes=INVITE_SCOPES
    )
    # 0 is a server. Without it, Discord may offer to install the bot for the user alone.
    return f"{link}&integration_type=0"
