"""What moderators may want to know: what was refused, and what was only noted."""

import logging
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModerationEvent:
    """`kind` is `words.refuse`, `words.review`, `words.spoiler` or `words.log`.

    `text` is what the member wrote, `rules` are the patterns that found something in it.
    """

    kind: str
    server_id: int
    channel_id: int
    member_id: int
    text: str
    rules: tuple[str, ...]


def note(event: ModerationEvent) -> None:
    """Write it to the process's log, without what the member wrote: that is private."""
    log.info(
        "%s: member %s in channel %s of server %s, by %s.",
        event.kind,
        event.member_id,
        event.channel_id,
        event.server_id,
        ", ".join(event.rules),
    )
