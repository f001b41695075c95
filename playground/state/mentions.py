"""Whom a text pings, within Discord's `allowed_mentions`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playground.state.messages import Json

DEFAULT_MESSAGE: Json = {"parse": ["users", "roles", "everyone"]}
DEFAULT_ANSWER: Json = {"parse": ["users"]}


@dataclass(frozen=True, slots=True)
class Pings:
    """The ids of the users pinged, in order, and whether everybody is."""

    users: tuple[int, ...]
    everyone: bool


def find_pings(text: str, allowed: Json) -> Pings:
    """What `text` pings where `allowed` is its `allowed_mentions`."""
    parse = allowed.get("parse") or ()
    named = {int(user) for user in allowed.get("users") or ()}
    found = dict.fromkeys(int(user) for user in re.findall(r"<@!?(\d+)>", text))
    users = tuple(user for user in found if "users" in parse or user in named)
    everyone = "everyone" in parse and re.search(r"@(everyone|here)\b", text) is not None
    return Pings(users, everyone)
