"""What `/server filter` shows. Pure."""

from collections.abc import Sequence

from bot.i18n.markdown import code
from bot.i18n.texts import say
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.policy.picture_policy import PicturePolicy

MAX_LISTED_PLACES = 15
"""Places that fit into a field of an embed."""


def policies(
    own: PicturePolicy | None,
    places: Sequence[tuple[int, PicturePolicy]],
    filter_name: str | None,
    changed: bool,
    locale: str,
) -> EmbedSpec:
    """All policies of a server. `filter_name` is what checks pictures; None if nothing does."""
    text = [say("filter.text", locale), say("filter.adults-only", locale)]
    fields = [(say("filter.server", locale), policy(own or PicturePolicy(), locale))]
    if places:
        lines = [f"<#{place}>: {policy(one, locale)}" for place, one in places]
        if len(lines) > MAX_LISTED_PLACES:
            more = say("info.more", locale, count=len(lines) - MAX_LISTED_PLACES)
            lines = [*lines[:MAX_LISTED_PLACES], more]
        fields.append((say("filter.places", locale), "\n".join(lines)))
    if filter_name is None:
        fields.append((say("filter.checked-by", locale), say("filter.nothing-checks", locale)))
    else:
        fields.append((say("filter.checked-by", locale), code(filter_name, 100)))
    key = "filter.changed" if changed else "filter"
    return EmbedSpec(say(key, locale), "\n".join(text), EmbedColour.GREY, tuple(fields))


def policy(one: PicturePolicy, locale: str) -> str:
    """What happens to explicit pictures, and from which score on."""
    return say(f"filter-policy.{one.action}", locale, threshold=one.threshold_percent)
