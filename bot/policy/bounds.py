"""Decides how much a member may ask for, by their roles: parameters, models and LoRAs. Pure.

Each role, and @everyone, may say something of each bound. Of what the roles of a member say, the
most generous counts; where none of them says anything, there is no bound. Bounds hold for what a
prompt becomes: its request, its mode and its text with all that took effect written out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import LoraNotForYou, ModelNotForYou, NotForYourRoles, OverYourBound
from bot.i18n.markdown import names

NUMBERS = ("quality", "steps", "pixels", "pictures", "repeat", "jobs")
"""Bounds with a most: of `--q`, of steps, of a picture's area, of `--n`, of `--repeat`, and of the
jobs that one prompt becomes."""

SWITCHES = ("turbo", "stealth", "uploads", "links")
"""Bounds that allow a thing or do not."""

LISTS = ("models", "loras")
"""Bounds with the ids of all that is allowed."""

WITHOUT = "without"
"""The bound with the fields of the parameters that may not be used."""

UNLIMITED = None
"""What a role says that sets no limit, where others do."""

RoleBounds = Mapping[str, Any]
"""What one role says, by the names above. What it says nothing of is missing."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one member may ask for; None where there is no limit. `pixels` is width times height."""

    quality: float | None = None
    steps: int | None = None
    pixels: int | None = None
    pictures: int | None = None
    repeat: int | None = None
    jobs: int | None = None
    turbo: bool = True
    stealth: bool = True
    uploads: bool = True
    links: bool = True
    models: frozenset[str] | None = None
    loras: frozenset[str] | None = None
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ModelAudience:
    """For whom the operator has put a model there: any of these. For all if nobody is named."""

    roles: frozenset[int] = frozenset()
    members: frozenset[int] = frozenset()
    servers: frozenset[int] = frozenset()

    def has(self, member_id: int, roles: Collection[int], server_id: int | None) -> bool:
        if not (self.roles or self.members or self.servers):
            return True
        is_there = server_id in self.servers or member_id in self.members
        return is_there or not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one job asks for. None, or nothing, where it is not known yet or does not matter.

    `parameters` are the fields of the parameters in its text, each with a flag as it is shown.
    """

    quality: float | None = None
    steps: int | None = None
    size: tuple[int, int] | None = None
    pictures: int | None = None
    turbo: bool = False
    stealth: bool = False
    uploads: bool = False
    links: bool = False
    model: str | None = None
    loras: Sequence[str] = ()
    parameters: Mapping[str, str] | None = None


def bounds_of(said: Mapping[int, RoleBounds], server_id: int, roles: Collection[int]) -> Bounds:
    """The bounds of a member with these roles. `said` is what each role says, by its id."""
    mine = [said[role] for role in {server_id, *roles} if role in said]
    found: dict[str, Any] = {}
    for name in (*NUMBERS, *SWITCHES, *LISTS, WITHOUT):
        values = [one[name] for one in mine if name in one]
        if values:
            found[name] = _most_generous(name, values)
    return Bounds(**found)


def _most_generous(name: str, values: Sequence[Any]) -> Any:
    if name in SWITCHES:
        return any(values)
    if name == WITHOUT:
        return frozenset.intersection(*(frozenset(value or ()) for value in values))
    if UNLIMITED in values:
        return UNLIMITED
    if name in LISTS:
        return frozenset().union(*values)
    return max(values)


def check_bounds(bounds: Bounds, asked: Asked) -> None:
    """Raises OverYourBound, NotForYourRoles, LoraNotForYou for the first thing that is too much."""
    numbers = (
        ("quality", asked.quality, bounds.quality),
        ("steps", asked.steps, bounds.steps),
        ("pictures", asked.pictures, bounds.pictures),
    )
    for what, given, most in numbers:
        check_number(what, given, most)
    if asked.size is not None and bounds.pixels is not None:
        width, height = asked.size
        if width * height > bounds.pixels:
            raise OverYourBound("pixels", f"{width}x{height}", f"{bounds.pixels}")
    for switch in SWITCHES:
        if getattr(asked, switch) and not getattr(bounds, switch):
            raise NotForYourRoles(switch)
    for field, flag in (asked.parameters or {}).items():
        if field in bounds.without:
            raise NotForYourRoles("parameter", flag)
    for lora in asked.loras:
        if bounds.loras is not None and lora not in bounds.loras:
            raise LoraNotForYou(lora, names(sorted(bounds.loras)) if bounds.loras else None)


def check_number(what: str, given: float | None, most: float | None) -> None:
    """Raises OverYourBound if more is asked for than is allowed."""
    if given is not None and most is not None and given > most:
        raise OverYourBound(what, f"{given:.10g}", f"{most:.10g}")


def check_model(model: str | None, allowed: Mapping[str, str]) -> None:
    """Raises ModelNotForYou. `allowed` are the ids of the models that they may use, by name."""
    if model is not None and model not in allowed.values():
        usable = names(f"--v {name}" for name in allowed) if allowed else None
        raise ModelNotForYou(model, usable)
