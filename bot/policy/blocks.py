"""Decides whether somebody may be blocked, and for how long. Pure."""

import re
from datetime import datetime, timedelta

from bot.errors import Blocked, CannotBlock, InvalidDuration
from bot.i18n.markdown import Markup
from storage.rules.blocks import Block

UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
"""What a duration may be typed in."""

MAX_DURATION = timedelta(days=365)
"""Longer blocks have no end: a moderator ends them."""


def read_duration(typed: str) -> timedelta:
    """The length of a block from `30m`, `12h`, `7d` or `2w`. Raises InvalidDuration."""
    match = re.fullmatch(r"(\d{1,6})\s*([mhdw])", typed.strip().lower())
    length = int(match[1]) * UNITS[match[2]] if match else timedelta(0)
    if not timedelta(0) < length <= MAX_DURATION:
        raise InvalidDuration(typed.strip()[:40])
    return length


def check_blockable(moderator_id: int, member_id: int, *, manages: bool, is_bot: bool) -> None:
    """Raises CannotBlock. `manages` is whether the member may manage the server."""
    if moderator_id == member_id:
        raise CannotBlock("self")
    if is_bot:
        raise CannotBlock("bot")
    if manages:
        raise CannotBlock("manages")


def refusal(block: Block) -> Blocked:
    """What a blocked member is told."""
    return Blocked(moment(block.until) if block.until else None, block.reason)


def moment(when: datetime) -> Markup:
    """A point in time as each reader's Discord shows it: in their own zone, and from now."""
    seconds = round(when.timestamp())
    return Markup(f"<t:{seconds}:f> (<t:{seconds}:R>)")
