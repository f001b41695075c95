"""Discord's errors: status, code and message, and the nested form of 50035.

DiscordError          an answer of Discord's in place of the one asked for
└── InvalidForm       400/50035: which fields of the body are wrong, and how
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """A row of Discord's table of error codes."""

    status: int
    code: int
    message: str


UNAUTHORIZED = Reason(401, 0, "401: Unauthorized")
NOT_FOUND = Reason(404, 0, "404: Not Found")
UNKNOWN_APPLICATION = Reason(404, 10002, "Unknown Application")
UNKNOWN_CHANNEL = Reason(404, 10003, "Unknown Channel")
UNKNOWN_GUILD = Reason(404, 10004, "Unknown Guild")
UNKNOWN_ROLE = Reason(404, 10011, "Unknown Role")
UNKNOWN_MEMBER = Reason(404, 10007, "Unknown Member")
UNKNOWN_MESSAGE = Reason(404, 10008, "Unknown Message")
UNKNOWN_USER = Reason(404, 10013, "Unknown User")
UNKNOWN_EMOJI = Reason(400, 10014, "Unknown Emoji")
UNKNOWN_WEBHOOK = Reason(404, 10015, "Unknown Webhook")
UNKNOWN_INTERACTION = Reason(404, 10062, "Unknown interaction")
UNKNOWN_COMMAND = Reason(404, 10063, "Unknown application command")
TOO_MANY_COMMANDS = Reason(400, 30032, "Maximum number of application commands reached ({limit})")
TOO_MANY_OLD_EDITS = Reason(
    429,
    30046,
    "Maximum number of edits to messages older than 1 hour reached. Try again later.",
)
TOO_LARGE = Reason(413, 40005, "Request entity too large")
TOO_MANY_FOLLOW_UPS = Reason(
    400, 40094, "This interaction has reached the maximum number of follow-up messages."
)
ALREADY_ACKNOWLEDGED = Reason(400, 40060, "Interaction has already been acknowledged.")
MISSING_ACCESS = Reason(403, 50001, "Missing Access")
NOT_THE_AUTHOR = Reason(403, 50005, "Cannot edit a message authored by another user")
EMPTY_MESSAGE = Reason(400, 50006, "Cannot send an empty message")
CANNOT_MESSAGE_USER = Reason(403, 50007, "Cannot send messages to this user")
MISSING_PERMISSIONS = Reason(403, 50013, "Missing Permissions")
INVALID_WEBHOOK_TOKEN = Reason(401, 50027, "Invalid Webhook Token")
INVALID_FORM = Reason(400, 50035, "Invalid Form Body")
INVALID_JSON = Reason(400, 50109, "The request body contains invalid JSON.")


class DiscordError(Exception):
    """Raised anywhere inside the stand-in, answered by REST in Discord's shape."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.message)
        self.reason = reason

    def body(self) -> dict[str, Any]:
        return {"message": self.reason.message, "code": self.reason.code}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One wrong field: its path (`embeds.0.title`), Discord's code and message."""

    path: str
    code: str
    message: str


class InvalidForm(DiscordError):
    """400/50035, with every complaint at its place in the nested `errors`."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        super().__init__(INVALID_FORM)
        self.complaints = tuple(complaints)

    def body(self) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        for complaint in self.complaints:
            node = errors
            for part in complaint.path.split("."):
                node = node.setdefault(part, {})
            entry = {"code": complaint.code, "message": complaint.message}
            node.setdefault("_errors", []).append(entry)
        return {**super().body(), "errors": errors}


class Refusal(Exception):
    """A member's action that never reaches the bot: a disabled button, a missing option, a command
    this member may not use. The text is for the member."""
