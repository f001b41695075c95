"""What the admins of a server see of its rules for access, and of who is blocked. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.i18n.markdown import Markup, names, plain
from bot.i18n.texts import say
from bot.messages.specs import EmbedColour, EmbedSpec
from bot.policy.blocks import moment
from bot.policy.bounds import LISTS, NUMBERS, SWITCHES, WITHOUT
from bot.policy.channels import mentions
from bot.prompts.parameters import PARAMETERS
from storage.rules.access import AccessRules
from storage.rules.blocks import Block

MAX_ROLES_SHOWN = 20
"""Roles whose bounds are shown: an embed has 25 fields."""

MAX_BOUNDS_CHARS = 200
"""Characters of what one role says, so that twenty fit into an embed."""

MAX_BLOCKS_SHOWN = 20

MAX_REASON_CHARS_SHOWN = 80


def rules(stored: AccessRules, changed: bool, locale: str) -> EmbedSpec:
    fields = [
        (say("access.channels", locale), channels(stored, locale)),
        (
            say("access.draw", locale),
            mentions("@&", stored.draw_roles) or say("access.everyone", locale),
        ),
        (
            say("access.buttons", locale),
            mentions("@&", stored.button_roles) or say("access.nobody", locale),
        ),
        (
            say("access.limits", locale),
            say("access.limits-text" if stored.bounds else "access.no-limits", locale),
        ),
    ]
    shown = [*stored.bounds.items()][:MAX_ROLES_SHOWN]
    for role_id, said in shown:
        # A mention is not shown in the name of a field.
        bounds = Markup(" · ".join(_bounds(said, locale)))
        fields.append(("\u200b", f"{_role(stored, role_id)} {bounds}"[: 5 * MAX_BOUNDS_CHARS]))
    title = say("access.saved" if changed else "access", locale)
    colour = EmbedColour.GREEN if changed else EmbedColour.GREY
    return EmbedSpec(title, say("access.text", locale), colour, tuple(fields))


def block(stored: Block, cancelled: int, locale: str) -> EmbedSpec:
    until = moment(stored.until) if stored.until else "none"
    text = say(
        "blocking.text", locale, member=member(stored.member_id), until=until, jobs=cancelled
    )
    return EmbedSpec(say("blocking", locale), text, EmbedColour.GREEN)


def blocks(stored: Sequence[Block], locale: str) -> EmbedSpec:
    """Who is blocked on a server, the newest first."""
    if not stored:
        return EmbedSpec(
            say("blocked-list", locale), say("blocked-list.none", locale), EmbedColour.GREY
        )
    lines = []
    for one in stored[:MAX_BLOCKS_SHOWN]:
        until = moment(one.until) if one.until else "none"
        by = member(one.blocked_by)
        line = say("blocked-list.line", locale, member=member(one.member_id), by=by, until=until)
        reason = f": {plain(one.reason, MAX_REASON_CHARS_SHOWN)}" if one.reason else ""
        lines.append(f"- {line}{reason}")
    if len(stored) > MAX_BLOCKS_SHOWN:
        lines.append(say("blocked-list.more", locale, count=len(stored) - MAX_BLOCKS_SHOWN))
    return EmbedSpec(say("blocked-list", locale), "\n".join(lines), EmbedColour.GREY)


def member(member_id: int) -> Markup:
    """A member as Discord shows them. In an embed this pings nobody."""
    return mentions("@", [member_id])


def channels(stored: AccessRules, locale: str) -> str:
    listed = mentions("#", stored.channels) or say("access.no-channels", locale)
    return say(f"access.channels-{stored.channels_rule}", locale, channels=Markup(listed))


def _role(stored: AccessRules, role_id: int) -> Markup:
    is_everyone = role_id == stored.server_id
    return Markup("**@everyone**") if is_everyone else mentions("@&", [role_id])


def _bounds(said: Mapping[str, Any], locale: str) -> Iterator[str]:
    """What a role says of each bound."""
    anything = say("access.any", locale)
    for name in NUMBERS:
        if name in said:
            most = said[name]
            yield say(
                f"access.{name}", locale, most=Markup(anything if most is None else f"{most:g}")
            )
    for name in SWITCHES:
        if name in said:
            yield say(f"access.{name}", locale, allowed="yes" if said[name] else "no")
    for name in LISTS:
        if name in said:
            listed = Markup(anything) if said[name] is None else names(said[name], MAX_BOUNDS_CHARS)
            yield say(f"access.{name}", locale, names=listed)
    if said.get(WITHOUT):
        flags = {one.field: f"--{one.flags[0]}" for one in reversed(PARAMETERS)}
        yield say("access.without", locale, names=names(flags[field] for field in said[WITHOUT]))
