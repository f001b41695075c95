"""Decides where the bot draws on a server, and for whom. Pure."""

from collections.abc import Iterable

from bot.errors import DrawElsewhere, NeedsRole
from bot.i18n.markdown import Markup
from bot.policy.actors import Requester
from storage.rules.access import AccessRules

MAX_MENTIONS = 10
"""Channels or roles that a refusal names."""


def check_place(rules: AccessRules, requester: Requester) -> None:
    """Raises DrawElsewhere, NeedsRole. `rules` are those of the server where they ask."""
    here = (requester.channel_id, requester.parent_id, requester.category_id)
    if not is_for_drawing(rules, here):
        only = rules.channels_rule == "only"
        raise DrawElsewhere(mentions("#", rules.channels) if only else None)
    wanted = set(rules.draw_roles)
    # @everyone has the id of the server.
    if wanted and wanted.isdisjoint({*requester.roles, requester.server_id}):
        raise NeedsRole(mentions("@&", rules.draw_roles))


def is_for_drawing(rules: AccessRules, here: Iterable[int | None]) -> bool:
    """Whether members may draw in a channel; `here` are its id, its category's and its parent's."""
    is_listed = not {*here}.isdisjoint(rules.channels)
    match rules.channels_rule:
        case "only":
            return is_listed
        case "except":
            return not is_listed
    return True


def mentions(kind: str, ids: Iterable[int]) -> Markup:
    """Channels (`#`), roles (`@&`) or members (`@`) as Discord shows them."""
    found = [*ids]
    shown = " ".join(f"<{kind}{one}>" for one in found[:MAX_MENTIONS])
    return Markup(f"{shown} …" if len(found) > MAX_MENTIONS else shown)
