"""The moderation log as members read it. Pure."""

from datetime import datetime

from bot.i18n.markdown import Markup, plain
from bot.i18n.texts import say
from bot.messages.specs import EmbedColour, EmbedSpec
from storage.moderation.log import LogPage, NewEntry

KINDS = ("words", "filter", "review", "report", "appeal", "delete")
"""What entries can be looked for: the first parts of their kinds."""

MAX_LINE_TEXT_CHARS = 150


def line(entry: NewEntry, at: datetime, locale: str) -> str:
    """One entry: when, what, who decided, about whom, where, and what it was about."""
    parts = [f"<t:{int(at.timestamp())}:f>", f"**{say(_key(entry.kind), locale)}**"]
    if entry.actor_id is not None:
        parts.append(say("log.by", locale, who=Markup(f"<@{entry.actor_id}>")))
    if entry.member_id is not None:
        parts.append(say("log.about", locale, who=Markup(f"<@{entry.member_id}>")))
    if entry.channel_id is not None:
        parts.append(f"<#{entry.channel_id}>")
    if entry.job_id is not None:
        parts.append(f"`{entry.job_id[:8]}`")
    text = f"\n-# {plain(entry.text, MAX_LINE_TEXT_CHARS)}" if entry.text else ""
    return " · ".join(parts) + text


def page(found: LogPage, number: int, pages: int, locale: str) -> EmbedSpec:
    """A page of the log, counted from 0."""
    if not found.entries:
        return EmbedSpec(say("log", locale), say("log.nothing", locale), EmbedColour.GREY)
    lines = [line(entry, entry.created_at, locale) for entry in found.entries]
    lines.append(say("log.page", locale, number=number + 1, pages=pages, total=found.total))
    return EmbedSpec(say("log", locale), "\n".join(lines), EmbedColour.GREY)


def _key(kind: str) -> str:
    return f"log-kind.{kind.replace('.', '-')}"
