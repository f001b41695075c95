"""Texts about quotas: what roles may have, and what a member has left. Pure."""

from collections.abc import Mapping

from bot.i18n.texts import say
from bot.messages.specs import EmbedColour, EmbedSpec
from storage.rules.quotas import Allowance, Quota, Usage

MAX_SHOWN_ROLES = 20
"""Roles that fit into one embed."""


def server(
    by_role: Mapping[int, Quota], jobs_per_member: int, server_id: int, changed: bool, locale: str
) -> EmbedSpec:
    """What each role of a server may have; @everyone first, also if it says nothing."""
    everybody = by_role.get(server_id, Quota())
    lines = [say("quotas.everyone", locale, limits=limits(everybody, locale, jobs_per_member))]
    others = sorted(role for role in by_role if role != server_id)
    for role in others[:MAX_SHOWN_ROLES]:
        said = limits(by_role[role], locale, by_role[role].jobs)
        lines.append(say("quotas.role", locale, role=str(role), limits=said))
    if len(others) > MAX_SHOWN_ROLES:
        lines.append(say("info.more", locale, count=len(others) - MAX_SHOWN_ROLES))
    title = say("quotas.saved" if changed else "quotas", locale)
    text = "\n".join([*lines, "", say("quotas.text", locale)])
    return EmbedSpec(title, text, EmbedColour.GREEN if changed else EmbedColour.GREY)


def own_field(quota: Quota, usage: Usage, locale: str) -> tuple[tuple[str, str], ...]:
    """A field of `/info`: what a member has used, what is left, and when it renews."""
    lines = []
    for key, allowed in (("pictures", quota.pictures), ("gpu_seconds", quota.gpu_seconds)):
        if allowed is None or allowed.amount is None:
            continue
        used = int(getattr(usage.of(allowed.period), key))
        lines.append(
            say(
                f"quota-left.{key}",
                locale,
                used=used,
                limit=allowed.amount,
                left=max(0, allowed.amount - used),
                period=allowed.period.value,
                at=str(int(allowed.period.end(usage.now).timestamp())),
            )
        )
    if quota.cooldown_s:
        lines.append(say("quota-left.cooldown", locale, seconds=quota.cooldown_s))
    if quota.weight is not None and quota.weight > 1:
        lines.append(say("quota-left.weight", locale, weight=quota.weight))
    shown = "\n".join(lines) or say("quota-left.none", locale)
    return ((say("quota-left", locale), shown),)


def limits(quota: Quota, locale: str, jobs: int | None) -> str:
    """What a quota limits, in one line; `jobs` is how many are allowed at a time."""
    said = []
    for key, allowed in (("pictures", quota.pictures), ("gpu-seconds", quota.gpu_seconds)):
        if allowed is not None:
            said.append(_allowed(key, allowed, locale))
    if jobs is not None:
        said.append(say("quotas.jobs", locale, jobs=jobs))
    if quota.cooldown_s is not None:
        said.append(say("quotas.cooldown", locale, seconds=quota.cooldown_s))
    if quota.weight is not None:
        said.append(say("quotas.weight", locale, weight=quota.weight))
    return " · ".join(said)


def _allowed(key: str, allowed: Allowance, locale: str) -> str:
    if allowed.amount is None:
        return say(f"quotas.{key}-unlimited", locale)
    return say(f"quotas.{key}", locale, amount=allowed.amount, period=allowed.period.value)
