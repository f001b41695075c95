"""Who asks for something: a member, where they are, and where the answer goes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, and where the answer goes.

    `attachment_limit` is in bytes; `locale` is the language of all who read the answer.
    `reply_token` reaches the answer for a while. Where the bot is a `guest`, brought along by a
    member to a place where it may not write, nothing else does. `installed` is whether the member
    added the bot to their own account.
    """

    member_id: int
    member_name: str
    server_id: int | None
    channel_id: int
    attachment_limit: int
    locale: str = "en-US"
    reply_token: str | None = None
    guest: bool = False
    installed: bool = False


@dataclass(frozen=True, slots=True)
class MemberIdentity:
    """The member who chooses."""

    member_id: int
    name: str
