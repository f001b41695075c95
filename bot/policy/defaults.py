"""Which of a server's defaults hold for somebody in a channel. Pure.

What comes before what is decided in `bot.prompts.effective_settings`.
"""

from collections.abc import Sequence

from bot.policy.actors import Requester
from storage.models import Scope
from storage.rules.defaults import ScopedDefaults


def holding(stored: Sequence[ScopedDefaults], requester: Requester) -> tuple[ScopedDefaults, ...]:
    """Those that hold for the requester where they are; of their roles, the highest first.

    A thread has the defaults of its channel, and so has a post in a forum.
    """
    by_place = {(each.scope, each.scope_id): each for each in stored}
    places = [(Scope.ROLE, role) for role in requester.ranked_roles]
    places += [
        (Scope.CHANNEL, requester.parent_id or requester.channel_id),
        (Scope.CATEGORY, requester.category_id or 0),
        (Scope.SERVER, requester.server_id or 0),
    ]
    return tuple(by_place[place] for place in places if place in by_place)
