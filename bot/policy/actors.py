"""The member behind a request: who they are, where they are, and where the answer goes."""

from dataclasses import dataclass

from storage.rules.defaults import ScopedDefaults


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, and where the answer goes.

    `attachment_limit` is in bytes. `locale` is the language of everybody who reads the answer.
    `reply_token` is the interaction's token, with which the answer can be edited for 15 minutes.
    `guest` is whether a user install brought the bot to a place where it may not write; there the
    token is the only way to answer. `installed` is whether the member has a user install.
    `roles` are the ids of their roles on this server, now. `parent_id` is the channel of a thread,
    `category_id` the category of the channel, `age_restricted` whether Discord shows the channel to
    adults only. `ranked_roles` are the roles in Discord's order, the highest first. `defaults` are
    those that hold for this member here; `bot.services.admin.defaults` looks them up.
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
    roles: frozenset[int] = frozenset()
    parent_id: int | None = None
    category_id: int | None = None
    age_restricted: bool = False
    ranked_roles: tuple[int, ...] = ()
    defaults: tuple[ScopedDefaults, ...] = ()

    @property
    def location(self) -> "Location":
        above = (self.parent_id, self.category_id)
        return Location(
            self.server_id,
            self.channel_id,
            self.member_id,
            tuple(place for place in above if place is not None),
        )


@dataclass(frozen=True, slots=True)
class Location:
    """Where somebody writes something, and who. `above` are the channel of a thread, and the
    category: rules of these hold too.
    """

    server_id: int | None
    channel_id: int
    member_id: int
    above: tuple[int, ...] = ()

    @property
    def place_ids(self) -> tuple[int, ...]:
        return (self.channel_id, *self.above)


@dataclass(frozen=True, slots=True)
class MemberIdentity:
    """A member as their settings are stored."""

    member_id: int
    name: str
