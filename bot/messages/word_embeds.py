"""Embeds about a server's rules for words. Pure."""

from collections.abc import Sequence

from bot.i18n.markdown import Markup, code
from bot.i18n.texts import Text, say
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.policy.words import WordAction, WordMatch
from storage.rules.words import StoredWordRule

MAX_RULES_SHOWN = 20
"""Rules, or lines of a list, that an embed shows; a file has all rules."""

MAX_RULE_CHARS_SHOWN = 80
MAX_PLACES_SHOWN = 20


def added(pattern: str, action: WordAction, channel_id: int | None, locale: str) -> EmbedSpec:
    text = say(
        "word-rules.added",
        locale,
        rule=pattern,
        action=Text(f"choice-{action}"),
        place=Markup(f"<#{channel_id}>") if channel_id else "server",
    )
    return EmbedSpec(say("done", locale), text, EmbedColour.GREEN)


def removed(pattern: str, locale: str) -> EmbedSpec:
    text = say("word-rules.removed", locale, rule=pattern)
    return EmbedSpec(say("done", locale), text, EmbedColour.GREEN)


def rules(
    here: Sequence[StoredWordRule], channel_id: int | None, others: Sequence[int], locale: str
) -> EmbedSpec:
    """The rules of a place; `others` are the channels and categories that have rules too."""
    place = Markup(f"<#{channel_id}>") if channel_id else "server"
    lines = [say("word-rules.count", locale, count=len(here), place=place)]
    lines += [
        f"{code(rule.pattern, MAX_RULE_CHARS_SHOWN)} → {say(f'choice-{rule.action}', locale)}"
        for rule in here[:MAX_RULES_SHOWN]
    ]
    if len(here) > MAX_RULES_SHOWN:
        lines.append(say("word-rules.more", locale, count=len(here) - MAX_RULES_SHOWN))
    if others:
        named = Markup(", ".join(f"<#{place}>" for place in others[:MAX_PLACES_SHOWN]))
        lines.append(say("word-rules.others", locale, places=named))
    return EmbedSpec(say("word-rules", locale), "\n".join(lines), EmbedColour.GREY)


def imported(stored: int, refused: Sequence[tuple[int, str, Text]], locale: str) -> EmbedSpec:
    """How many rules were stored, and the lines that were not: number, text and why."""
    lines = [say("word-rules.imported", locale, count=stored)]
    if refused:
        lines.append(say("word-rules.not-imported", locale, count=len(refused)))
    for number, line, why in refused[:MAX_RULES_SHOWN]:
        shown = code(line, MAX_RULE_CHARS_SHOWN)
        lines.append(f"{say('word-rules.line', locale, number=number)} {shown} {say(why, locale)}")
    if len(refused) > MAX_RULES_SHOWN:
        lines.append(say("word-rules.more", locale, count=len(refused) - MAX_RULES_SHOWN))
    colour = EmbedColour.YELLOW if refused else EmbedColour.GREEN
    return EmbedSpec(say("word-rules", locale), "\n".join(lines)[:4000], colour)


def tested(found: Sequence[WordMatch], locale: str) -> EmbedSpec:
    """What would happen to a prompt here; `found` has the strictest first."""
    title = say("word-rules.test", locale)
    if not found:
        return EmbedSpec(title, say("word-rules.nothing", locale), EmbedColour.GREEN)
    action = found[0].rule.action
    lines = [say("word-rules.outcome", locale, action=Text(f"choice-{action}"))]
    for match in found[:MAX_RULES_SHOWN]:
        rule = code(match.rule.pattern, MAX_RULE_CHARS_SHOWN)
        does = say(f"choice-{match.rule.action}", locale)
        lines.append(f"{code(match.found, MAX_RULE_CHARS_SHOWN)} ← {rule} → {does}")
    if len(found) > MAX_RULES_SHOWN:
        lines.append(say("word-rules.more", locale, count=len(found) - MAX_RULES_SHOWN))
    colour = EmbedColour.RED if action is WordAction.REFUSE else EmbedColour.YELLOW
    return EmbedSpec(title, "\n".join(lines), colour)
