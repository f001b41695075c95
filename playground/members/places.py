"""The channel and the message that a member's action names."""

from __future__ import annotations

from playground.app.standin import StandIn
from playground.state.errors import Refusal
from playground.state.messages import Json, StoredMessage
from playground.state.people import Channel, GuildMember


def channel_of(standin: StandIn, member: GuildMember, action: Json) -> Channel:
    return standin.world.find_channel(str(action["channel"]), member.user.id)


def message_of(
    standin: StandIn, member: GuildMember, channel: Channel, action: Json
) -> StoredMessage:
    message = standin.world.message(channel.id, int(action["message"]))
    if not standin.world.can_see(member.user.id, message):
        raise Refusal("That message was deleted.")
    return message
