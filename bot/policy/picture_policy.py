"""What becomes of pictures that the filter finds explicit, by the rules of their place. Pure.

Discord allows explicit pictures in age-restricted channels alone. So elsewhere the mildest that can
happen is that a moderator looks at them first, whatever the server chose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.policy.verdicts import Ruling, Verdict

DEFAULT_THRESHOLD_PERCENT = 80
"""open_nsfw's authors take a score of 0.8 and more as very probably explicit."""

MIN_THRESHOLD_PERCENT, MAX_THRESHOLD_PERCENT = 5, 99
"""At 0 every picture would be explicit, at 100 hardly any could be."""


class PictureAction(StrEnum):
    """What a server wants to happen to explicit pictures, the mildest first."""

    OFF = "off"
    """Nothing: where it holds, pictures are not even checked."""
    SPOILER = "spoiler"
    """They are shown behind a spoiler."""
    REVIEW = "review"
    """A moderator looks at them first."""
    REFUSE = "refuse"
    """They are not shown."""

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS[self]


_VERDICTS: Mapping[PictureAction, Verdict] = {
    PictureAction.OFF: Verdict.ALLOW,
    PictureAction.SPOILER: Verdict.SPOILER,
    PictureAction.REVIEW: Verdict.REVIEW,
    PictureAction.REFUSE: Verdict.REFUSE,
}


@dataclass(frozen=True, slots=True)
class PicturePolicy:
    """Pictures whose score in per cent is `threshold_percent` or more are explicit."""

    action: PictureAction = PictureAction.SPOILER
    threshold_percent: int = DEFAULT_THRESHOLD_PERCENT

    def finds_explicit(self, score: float) -> bool:
        return 100 * score >= self.threshold_percent


@dataclass(frozen=True, slots=True)
class ShowingPlace:
    """Where a picture would be shown.

    `above` are the channel of a thread and the category, the nearest first. `for_adults` is whether
    explicit pictures may be there at all: an age-restricted channel, or a member's own direct
    messages with the bot if its operator says so.
    """

    server_id: int | None
    channel_id: int
    above: tuple[int, ...] = ()
    for_adults: bool = False


def policy_at(place: ShowingPlace, policies: Mapping[int, PicturePolicy]) -> PicturePolicy:
    """The policy of the nearest place that has one: channel, category, server, the default.

    `policies` are those of the place's server, by the ids of their places.
    """
    for place_id in (place.channel_id, *place.above, place.server_id):
        if place_id is not None and place_id in policies:
            return policies[place_id]
    return PicturePolicy()


def effective_action(policy: PicturePolicy, place: ShowingPlace) -> PictureAction:
    """What really happens there: where no explicit picture may be, a mild action refuses it."""
    if place.for_adults or policy.action is PictureAction.REVIEW:
        return policy.action
    return PictureAction.REFUSE


def needs_check(policy: PicturePolicy, place: ShowingPlace) -> bool:
    """Whether pictures have to be checked before anything of them is shown there."""
    return effective_action(policy, place) is not PictureAction.OFF


def rule(scores: tuple[float | None, ...], policy: PicturePolicy, place: ShowingPlace) -> Ruling:
    """The ruling on pictures with these scores, None for one that could not be checked.

    Its reason is a key in the texts. What could not be checked is not shown.
    """
    action = effective_action(policy, place)
    if action is PictureAction.OFF:
        return Ruling()
    if any(score is not None and policy.finds_explicit(score) for score in scores):
        reason = "picture-verdict.explicit" if place.for_adults else "picture-verdict.not-here"
        return Ruling(action.verdict, reason)
    if None in scores:
        return Ruling(Verdict.REFUSE, "picture-verdict.unchecked")
    return Ruling()
