"""Discord's figures, each once: lengths, counts, sizes, clocks and rate limits.

Read from Discord's documentation and its OpenAPI description. `Limits` is handed to everything
that enforces one, so that a test can shorten a clock instead of waiting for it. Where Discord
publishes no figure (the size of the buckets, edits of old messages) the value here is a cautious
observation, and a client that obeys the headers need not know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MIB = 1024 * 1024
CLOSE_SECONDS = 2.0
"""How long a closing websocket waits for its peer's goodbye: a stopped process gives none."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`requests` per `window` seconds, for each value of the route's major parameter."""

    requests: int
    window: float


BUCKETS: Mapping[str, Bucket] = {
    "POST /channels/{channel_id}/messages": Bucket(5, 5),
    "PATCH /channels/{channel_id}/messages/{message_id}": Bucket(5, 5),
    "DELETE /channels/{channel_id}/messages/{message_id}": Bucket(5, 1),
    "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": Bucket(1, 0.25),
    "DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": Bucket(
        1, 0.25
    ),
    "POST /channels/{channel_id}/typing": Bucket(5, 5),
    "POST /webhooks/{webhook_id}/{webhook_token}": Bucket(5, 2),
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original": Bucket(5, 2),
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": Bucket(5, 2),
    "POST /users/@me/channels": Bucket(10, 10),
}
"""Routes not named here share `Limits.default_bucket`, one bucket each."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Every figure the stand-in enforces. Times are seconds, sizes bytes, lengths characters."""

    interaction_deadline: float = 3
    interaction_lifetime: float = 15 * 60
    follow_ups: int = 5
    """Of an application that only its user brought along."""

    heartbeat_interval: float = 41.25
    resume_window: float = 120
    gateway_events: int = 120
    gateway_events_window: float = 60
    gateway_payload: int = 4096
    identifies_per_day: int = 1000

    attachment_size: int = 10 * MIB
    request_size: int = 25 * MIB
    attachments: int = 10

    buckets: Mapping[str, Bucket] = field(default_factory=lambda: BUCKETS)
    default_bucket: Bucket = Bucket(50, 5)
    global_per_second: int = 50
    old_message_age: float = 60 * 60
    old_message_edits: int = 3

    chat_commands: int = 100
    user_commands: int = 15
    message_commands: int = 15


CONTENT = 2000
EMBEDS = 10
EMBED_TOTAL = 6000
EMBED_FIELDS = 25
EMBED_TITLE = 256
EMBED_DESCRIPTION = 4096
EMBED_FIELD_NAME = 256
EMBED_FIELD_VALUE = 1024
EMBED_FOOTER = 2048
EMBED_AUTHOR = 256
ALT_TEXT = 1024

ROWS = 5
BUTTONS_IN_ROW = 5
CUSTOM_ID = 100
BUTTON_LABEL = 80
LINK = 512
SELECT_OPTIONS = 25
SELECT_TEXT = 100
PLACEHOLDER = 150
COMPONENTS_V2 = 40
TEXT_V2 = 4000
GALLERY = 10

MODAL_TITLE = 45
MODAL_COMPONENTS = 5
LABEL_TEXT = 45
LABEL_DESCRIPTION = 100
TEXT_INPUT = 4000
TEXT_INPUT_PLACEHOLDER = 100

COMMAND_NAME = r"^[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}$"
COMMAND_NAME_LENGTH = 32
COMMAND_DESCRIPTION = 100
COMMAND_OPTIONS = 25
COMMAND_CHOICES = 25
CHOICE_TEXT = 100
COMMAND_TOTAL = 8000
AUTOCOMPLETE = 25
