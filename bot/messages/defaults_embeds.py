"""Texts about the defaults of servers, categories, channels and roles. Pure."""

from collections.abc import Sequence

from bot.i18n.markdown import Markup, code, plain
from bot.i18n.texts import say
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.prompts.effective_settings import Decision, Source
from bot.prompts.words import quoted
from storage.models import Scope
from storage.rules.defaults import Defaults


def heading(scope: Scope, scope_id: int, locale: str) -> str:
    """The text above the menus: whose defaults these are, and when they hold."""
    title = say(f"defaults.{scope}", locale, place=_mention(scope, scope_id))
    return f"### {title}\n{say('defaults.text', locale)}"


def reset_question(scope: Scope, scope_id: int, locale: str) -> str:
    title = say("reset-question.defaults", locale)
    return f"### {title}\n{say(f'defaults.{scope}', locale, place=_mention(scope, scope_id))}"


def summary(chosen: Defaults, locale: str) -> str:
    """What is chosen, in one line without Markdown."""
    said = []
    if chosen.model:
        said.append(f"--v {quoted(chosen.model)}")
    if chosen.aspect:
        said.append(f"--ar {chosen.aspect}")
    if chosen.style:
        said.append(f"--style {quoted(chosen.style)}")
    if chosen.stylize is not None:
        said.append(f"--s {chosen.stylize}")
    if chosen.temperament:
        said.append(f"--temperament {chosen.temperament}")
    if chosen.stealth is not None:
        said.append("--stealth" if chosen.stealth else "--public")
    if chosen.file_format:
        said.append(chosen.file_format.upper())
    if chosen.language:
        said.append(say(f"language.{chosen.language}", locale))
    return " ".join(said)


def effective(
    decided: Sequence[Decision], member_id: int, channel_id: int, locale: str
) -> EmbedSpec:
    """What holds for a plain prompt of a member in a channel, and who decides each setting."""
    fields = tuple(
        (
            say(f"defaults-field.{one.name.replace('_', '-')}", locale),
            f"{_value(one, locale)}\n-# {_source(one, member_id, locale)}",
        )
        for one in decided
    )
    text = say(
        "effective.text",
        locale,
        member=Markup(f"<@{member_id}>"),
        channel=Markup(f"<#{channel_id}>"),
    )
    return EmbedSpec(say("effective", locale), text, EmbedColour.GREY, fields)


def _value(decided: Decision, locale: str) -> str:
    value = decided.value
    match decided.name:
        case "version" | "style":
            return code(value or "") or say("server-settings.no-style", locale)
        case "temperament":
            return say(f"choice-{value}", locale)
        case "mode":
            return say(f"mode-{value}", locale)
        case "stealth":
            return say("panel.stealth" if value else "panel.public", locale)
        case "file_format":
            return (value or "png").upper()
        case "language":
            return say(f"language.{value or 'server'}", locale)
    return plain(str(value))


def _source(decided: Decision, member_id: int, locale: str) -> str:
    source, source_id = decided.source, decided.source_id
    if source in (Source.ROLE, Source.CHANNEL, Source.CATEGORY):
        place = _mention(Scope(source.value), source_id or 0)
    else:
        place = Markup(f"<@{member_id}>")
    return say(f"effective.{source}", locale, place=place)


def _mention(scope: Scope, scope_id: int) -> Markup:
    return Markup(f"<@&{scope_id}>" if scope is Scope.ROLE else f"<#{scope_id}>")
