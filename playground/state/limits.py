"""Discord's limits, each defined once: lengths, counts, sizes, timeouts and rate limits.

Taken from Discord's documentation and its OpenAPI description. `Limits` is passed to everything
that enforces one, so that a test can shorten a timeout instead of waiting for it. Where Discord
publishes no figure (the size of the buckets, edits of old messages), the value here is a low
estimate, and a client that obeys the headers need not know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MIB = 1024 * 1024
CLOSE_TIMEOUT_S = 2.0
"""How long a closing websocket waits for its peer's close frame: a stopped process sends none."""


@dataclass(frozen=True, slots=True)
class RateLimitBucket:
    """`requests` per `window` seconds, for each value of the route's major parameter."""

    requests: int
    window: float


_OWN_REACTION = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me"
BUCKETS: Mapping[str, RateLimitBucket] = {
    "POST /channels/{channel_id}/messages": RateLimitBucket(5, 5),
    "PATCH /channels/{channel_id}/messages/{message_id}": RateLimitBucket(5, 5),
    "DELETE /channels/{channel_id}/messages/{message_id}": RateLimitBucket(5, 1),
    f"PUT {_OWN_REACTION}": RateLimitBucket(1, 0.25),
    f"DELETE {_OWN_REACTION}": RateLimitBucket(1, 0.25),
    "POST /channels/{channel_id}/typing": RateLimitBucket(5, 5),
    "POST /webhooks/{webhook_id}/{webhook_token}": RateLimitBucket(5, 2),
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original": RateLimitBucket(5, 2),
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": RateLimitBucket(5, 2),
    "POST /users/@me/channels": RateLimitBucket(10, 10),
}
"""Routes not named here share `Limits.default_bucket`, one bucket each."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit that tests may change. Times are seconds, sizes bytes, lengths characters."""

    interaction_deadline: float = 3
    interaction_lifetime: float = 15 * 60
    follow_ups: int = 5
    """Of an application that only its user installed."""

    heartbeat_interval: float = 41.25
    resume_window: float = 120
    gateway_events: int = 120
    gateway_events_window: float = 60
    gateway_payload: int = 4096
    identifies_per_day: int = 1000
    identify_window: float = 5
    """Seconds between two sessions that begin in one bucket; more often they are invalid."""
    max_concurrency: int = 1
    """How many buckets there are: shards whose numbers leave the same remainder share one."""
    shards: int = 1
    """How many Discord recommends."""
    guilds_per_shard: int = 2500
    """With more servers than this, a session is refused: it has to be sharded."""

    attachment_size: int = 10 * MIB
    request_size: int = 25 * MIB
    attachments: int = 10

    buckets: Mapping[str, RateLimitBucket] = field(default_factory=lambda: BUCKETS)
    default_bucket: RateLimitBucket = RateLimitBucket(50, 5)
    global_per_second: int = 50
    old_message_age: float = 60 * 60
    old_message_edits: int = 3
    nonce_lifetime: float = 3 * 60
    """How long a message with `enforce_nonce` is not posted again: “a few minutes”."""

    chat_commands: int = 100
    user_commands: int = 15
    message_commands: int = 15


MAX_CONTENT_CHARS = 2000
MAX_NONCE_CHARS = 25
MAX_EMBEDS = 10
MAX_EMBED_TOTAL_CHARS = 6000
MAX_EMBED_FIELDS = 25
MAX_EMBED_TITLE_CHARS = 256
MAX_EMBED_DESCRIPTION_CHARS = 4096
MAX_EMBED_FIELD_NAME_CHARS = 256
MAX_EMBED_FIELD_VALUE_CHARS = 1024
MAX_EMBED_FOOTER_CHARS = 2048
MAX_EMBED_AUTHOR_CHARS = 256
MAX_ALT_TEXT_CHARS = 1024

MAX_ACTION_ROWS = 5
MAX_BUTTONS_IN_ROW = 5
MAX_CUSTOM_ID_CHARS = 100
MAX_BUTTON_LABEL_CHARS = 80
MAX_LINK_CHARS = 512
MAX_SELECT_OPTIONS = 25
MAX_SELECT_TEXT_CHARS = 100
MAX_PLACEHOLDER_CHARS = 150
MAX_COMPONENTS_V2 = 40
MAX_TEXT_V2_CHARS = 4000
MAX_GALLERY_ITEMS = 10

MAX_MODAL_TITLE_CHARS = 45
MAX_MODAL_COMPONENTS = 5
MAX_LABEL_CHARS = 45
MAX_LABEL_DESCRIPTION_CHARS = 100
MAX_TEXT_INPUT_CHARS = 4000
MAX_TEXT_INPUT_PLACEHOLDER_CHARS = 100

COMMAND_NAME_PATTERN = r"^[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}$"
MAX_COMMAND_NAME_CHARS = 32
MAX_COMMAND_DESCRIPTION_CHARS = 100
MAX_COMMAND_OPTIONS = 25
MAX_COMMAND_CHOICES = 25
MAX_CHOICE_CHARS = 100
MAX_COMMAND_TOTAL_CHARS = 8000
MAX_AUTOCOMPLETE_CHOICES = 25
