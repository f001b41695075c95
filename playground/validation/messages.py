"""Messages: content, embeds, attachments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playground.state import limits
from playground.state.errors import Complaint, InvalidForm
from playground.state.messages import MessageFlag
from playground.validation.components import check_components
from playground.validation.rules import ListRule, Rule, TextRule, check, joined

MESSAGE_RULES: tuple[Rule, ...] = (
    TextRule("content", limits.MAX_CONTENT_CHARS),
    TextRule("nonce", limits.MAX_NONCE_CHARS),
    ListRule("embeds", limits.MAX_EMBEDS),
    TextRule("embeds[].title", limits.MAX_EMBED_TITLE_CHARS),
    TextRule("embeds[].description", limits.MAX_EMBED_DESCRIPTION_CHARS),
    TextRule("embeds[].url", 2048),
    ListRule("embeds[].fields", limits.MAX_EMBED_FIELDS),
    TextRule("embeds[].fields[].name", limits.MAX_EMBED_FIELD_NAME_CHARS, 1, required=True),
    TextRule("embeds[].fields[].value", limits.MAX_EMBED_FIELD_VALUE_CHARS, 1, required=True),
    TextRule("embeds[].footer.text", limits.MAX_EMBED_FOOTER_CHARS),
    TextRule("embeds[].author.name", limits.MAX_EMBED_AUTHOR_CHARS),
    TextRule("attachments[].description", limits.MAX_ALT_TEXT_CHARS),
)


def check_message(body: Any, *, files: int, flags: int, most_files: int, at: str = "") -> None:
    """Raise InvalidForm where a message, posted or edited, breaks a limit.

    `files` is how many are sent along, `flags` the flags the message will have, `at` where in
    the request the message lies.
    """
    rules = (*MESSAGE_RULES, ListRule("attachments", most_files))
    complaints = list(check(body, rules, at))
    if files > most_files:
        words = f"Must be {most_files} or fewer in length."
        complaints.append(Complaint(joined(at, "attachments"), "BASE_TYPE_MAX_LENGTH", words))
    if not complaints:
        v2 = bool(flags & MessageFlag.COMPONENTS_V2)
        complaints += _check_embed_sizes(body.get("embeds") or [], at)
        complaints += check_components(body.get("components") or [], v2=v2, at=at)
        if v2:
            complaints += _check_alone(body, at)
    if complaints:
        raise InvalidForm(complaints)


def _check_embed_sizes(embeds: list[dict[str, Any]], at: str) -> Iterator[Complaint]:
    if sum(map(_embed_size, embeds)) > limits.MAX_EMBED_TOTAL_CHARS:
        words = f"Embed size exceeds maximum size of {limits.MAX_EMBED_TOTAL_CHARS}"
        yield Complaint(joined(at, "embeds"), "MAX_EMBED_SIZE_EXCEEDED", words)


def _embed_size(embed: dict[str, Any]) -> int:
    """The characters of an embed that count towards the total."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get(part) or {}).get(name) for part, name in COUNTED_PARTS]
    for field in embed.get("fields") or []:
        texts += [field["name"], field["value"]]
    return sum(len(text) for text in texts if text)


COUNTED_PARTS = (("footer", "text"), ("author", "name"))


def _check_alone(body: dict[str, Any], at: str) -> Iterator[Complaint]:
    """A message with Components V2 has neither content nor embeds."""
    for name in ("content", "embeds", "poll", "sticker_ids"):
        if body.get(name):
            words = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
            yield Complaint(joined(at, name), code, words)
