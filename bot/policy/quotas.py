"""What the quotas of a member's roles come to, and ready-made quotas. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from storage.rules.quotas import Allowance, Period, Quota

V = TypeVar("V", int, Allowance)

HOURS = {Period.HOUR: 1, Period.DAY: 24, Period.MONTH: 30 * 24}

PRESETS: Mapping[str, Quota] = MappingProxyType(
    {
        "friends": Quota(
            pictures=Allowance(None), gpu_seconds=Allowance(None), jobs=5, cooldown_s=0, weight=1
        ),
        "community": Quota(
            pictures=Allowance(100, Period.DAY),
            gpu_seconds=Allowance(1800, Period.DAY),
            jobs=3,
            cooldown_s=0,
            weight=1,
        ),
        "public": Quota(
            pictures=Allowance(20, Period.DAY),
            gpu_seconds=Allowance(300, Period.DAY),
            jobs=1,
            cooldown_s=15,
            weight=1,
        ),
    }
)
"""What @everyone may have on a server of friends, of a community, and on one open to all."""


def effective(
    quotas: Mapping[int, Quota], server_id: int, roles: Collection[int], jobs_per_member: int
) -> Quota:
    """What a member with these roles may have: of each limit the most generous of their roles.

    `quotas` are those of the server's roles by their ids; the server's own id is @everyone. A
    limit of which none of the roles says anything does not hold. `jobs_per_member` is what
    everybody may have at a time.
    """
    own = [quotas[role] for role in (server_id, *sorted(roles)) if role in quotas]
    cooldowns = [one.cooldown_s for one in own if one.cooldown_s is not None]
    return Quota(
        pictures=_largest(one.pictures for one in own),
        gpu_seconds=_largest(one.gpu_seconds for one in own),
        jobs=max([jobs_per_member, *(one.jobs for one in own if one.jobs is not None)]),
        cooldown_s=min(cooldowns, default=0),
        weight=max((one.weight for one in own if one.weight is not None), default=1),
    )


def preset_of(everyone: Quota, jobs_per_member: int) -> str | None:
    """The name of the preset that @everyone has; None if it is another quota."""
    held = replace(everyone, jobs=jobs_per_member)
    return next((name for name, preset in PRESETS.items() if preset == held), None)


def _largest(allowed: Iterable[Allowance | None]) -> Allowance | None:
    """The most generous: without limit, else the most in a month; of equal ones the longest."""

    def generosity(one: Allowance) -> tuple[float, int]:
        hours = HOURS[one.period]
        return (float("inf") if one.amount is None else one.amount / hours, hours)

    return max((one for one in allowed if one is not None), key=generosity, default=None)
