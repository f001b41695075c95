"""What a process with some of Discord's shards knows of servers of others.

Discord gives the events of a server to shard `(id >> 22) % count`, and all without a server, such
as direct messages, to shard 0. So a server can belong to another process.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import discord


@runtime_checkable
class HasShards(Protocol):
    """A Discord client that may have to leave some of its shards to another process."""

    def has_shard(self, shard_id: int) -> bool: ...


def shard_ids(client: discord.AutoShardedClient) -> Sequence[int]:
    """The shards of this process; none before Discord has said how many it recommends."""
    return client.shard_ids or range(client.shard_count or 0)


def is_ours(client: discord.Client, server_id: int) -> bool:
    """Whether a server's events come to this process: only then its cache knows the server."""
    if not isinstance(client, discord.AutoShardedClient):
        return True
    shard_id = (server_id >> 22) % (client.shard_count or 1)
    if client.shard_ids is not None and shard_id not in client.shard_ids:
        return False
    return not isinstance(client, HasShards) or client.has_shard(shard_id)


def has_all(client: discord.Client) -> bool:
    """Whether this process has all shards, so that its cache knows all servers."""
    if not isinstance(client, discord.AutoShardedClient):
        return True
    if client.shard_ids is not None and len(client.shard_ids) != client.shard_count:
        return False
    return not isinstance(client, HasShards) or all(map(client.has_shard, shard_ids(client)))


async def fetch_server(client: discord.Client, server_id: int) -> discord.Guild | None:
    """A server with its channels and the bot as a member: from the cache, or, if its events go to
    another process, from Discord's API. None where the bot is not.

    Raises discord.HTTPException, aiohttp.ClientError, OSError.
    """
    if is_ours(client, server_id):
        return client.get_guild(server_id)
    assert client.user is not None, "it is logged in"
    try:
        found = await client.http.get_guild(server_id, with_counts=False)
        channels = await client.http.get_all_guild_channels(server_id)
        own = await client.http.get_member(server_id, client.user.id)
    except (discord.NotFound, discord.Forbidden):
        return None
    whole = {**found, "channels": channels, "members": [own]}
    return discord.Guild(data=whole, state=client._connection)  # type: ignore[arg-type]
