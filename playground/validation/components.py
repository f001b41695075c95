"""Buttons, select menus, action rows, Components V2, and modals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any

from playground.state import limits
from playground.state.errors import Complaint, InvalidForm
from playground.validation.rules import (
    NOT_A_MODEL,
    REQUIRED,
    ChoiceRule,
    ListRule,
    Rule,
    TextRule,
    check,
    joined,
)


class ComponentKind(IntEnum):
    """Discord's component types."""

    ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT = 10
    THUMBNAIL = 11
    GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18


LINK_STYLE = 5
PREMIUM_STYLE = 6
SELECT_KINDS = frozenset(
    {
        ComponentKind.STRING_SELECT,
        ComponentKind.USER_SELECT,
        ComponentKind.ROLE_SELECT,
        ComponentKind.MENTIONABLE_SELECT,
        ComponentKind.CHANNEL_SELECT,
    }
)
LAYOUT = frozenset(
    {
        ComponentKind.ROW,
        ComponentKind.SECTION,
        ComponentKind.TEXT,
        ComponentKind.GALLERY,
        ComponentKind.FILE,
        ComponentKind.SEPARATOR,
    }
)

INSIDE: Mapping[int, frozenset[ComponentKind]] = {
    ComponentKind.ROW: SELECT_KINDS | {ComponentKind.BUTTON},
    ComponentKind.SECTION: frozenset({ComponentKind.TEXT}),
    ComponentKind.CONTAINER: LAYOUT,
}
IN_MESSAGE = frozenset({ComponentKind.ROW})
IN_MESSAGE_V2 = LAYOUT | {ComponentKind.CONTAINER}
IN_MODAL = frozenset({ComponentKind.ROW, ComponentKind.TEXT, ComponentKind.LABEL})

_CUSTOM_ID = TextRule("custom_id", limits.MAX_CUSTOM_ID_CHARS, 1, required=True)
_SELECT_RULES: tuple[Rule, ...] = (
    _CUSTOM_ID,
    TextRule("placeholder", limits.MAX_PLACEHOLDER_CHARS),
)
RULES: Mapping[int, tuple[Rule, ...]] = {
    ComponentKind.ROW: (ListRule("components", limits.MAX_BUTTONS_IN_ROW, 1, required=True),),
    ComponentKind.BUTTON: (
        ChoiceRule("style", (1, 2, 3, 4, 5, 6), required=True),
        TextRule("label", limits.MAX_BUTTON_LABEL_CHARS),
        TextRule("custom_id", limits.MAX_CUSTOM_ID_CHARS, 1),
        TextRule("url", limits.MAX_LINK_CHARS),
    ),
    ComponentKind.STRING_SELECT: (
        *_SELECT_RULES,
        ListRule("options", limits.MAX_SELECT_OPTIONS, 1, required=True),
        TextRule("options[].label", limits.MAX_SELECT_TEXT_CHARS, 1, required=True),
        TextRule("options[].value", limits.MAX_SELECT_TEXT_CHARS, 1, required=True),
        TextRule("options[].description", limits.MAX_SELECT_TEXT_CHARS),
    ),
    ComponentKind.USER_SELECT: _SELECT_RULES,
    ComponentKind.ROLE_SELECT: _SELECT_RULES,
    ComponentKind.MENTIONABLE_SELECT: _SELECT_RULES,
    ComponentKind.CHANNEL_SELECT: _SELECT_RULES,
    ComponentKind.TEXT_INPUT: (
        _CUSTOM_ID,
        ChoiceRule("style", (1, 2), required=True),
        TextRule("label", limits.MAX_LABEL_CHARS, 1),
        TextRule("value", limits.MAX_TEXT_INPUT_CHARS),
        TextRule("placeholder", limits.MAX_TEXT_INPUT_PLACEHOLDER_CHARS),
    ),
    ComponentKind.SECTION: (ListRule("components", 3, 1, required=True),),
    ComponentKind.TEXT: (TextRule("content", limits.MAX_TEXT_V2_CHARS, 1, required=True),),
    ComponentKind.GALLERY: (ListRule("items", limits.MAX_GALLERY_ITEMS, 1, required=True),),
    ComponentKind.CONTAINER: (ListRule("components", limits.MAX_COMPONENTS_V2, 1, required=True),),
    ComponentKind.LABEL: (
        TextRule("label", limits.MAX_LABEL_CHARS, 1, required=True),
        TextRule("description", limits.MAX_LABEL_DESCRIPTION_CHARS),
    ),
}
MODAL_RULES: tuple[Rule, ...] = (
    TextRule("title", limits.MAX_MODAL_TITLE_CHARS, 1, required=True),
    _CUSTOM_ID,
    ListRule("components", limits.MAX_MODAL_COMPONENTS, 1, required=True),
)


def check_components(components: list[Any], *, v2: bool, at: str = "") -> Iterator[Complaint]:
    """Every violation in the components of a message that lies at path `at` of the request."""
    here = joined(at, "components")
    everything = list(_walk(components, here))
    if not v2 and len(components) > limits.MAX_ACTION_ROWS:
        words = f"Must be {limits.MAX_ACTION_ROWS} or fewer in length."
        yield Complaint(here, "BASE_TYPE_MAX_LENGTH", words)
    if v2 and len(everything) > limits.MAX_COMPONENTS_V2:
        words = f"The total number of components must be {limits.MAX_COMPONENTS_V2} or fewer."
        yield Complaint(here, "COMPONENT_MAX_TOTAL_COMPONENTS", words)
    allowed = IN_MESSAGE_V2 if v2 else IN_MESSAGE
    yield from _check_level(components, here, allowed)
    yield from _check_unique(everything)


def check_modal(body: Any) -> None:
    """Raise InvalidForm where a modal breaks a limit."""
    complaints = list(check(body, MODAL_RULES, "data"))
    if not complaints:
        components = body["components"]
        complaints += _check_level(components, "data.components", IN_MODAL, modal=True)
        complaints += _check_unique(list(_walk(components, "data.components")))
    if complaints:
        raise InvalidForm(complaints)


def _check_level(
    components: list[Any], at: str, allowed: frozenset[ComponentKind], *, modal: bool = False
) -> Iterator[Complaint]:
    for index, component in enumerate(components):
        here = joined(at, index)
        if not isinstance(component, dict):
            yield Complaint(here, *NOT_A_MODEL)
            continue
        kind = component.get("type")
        if kind not in allowed:
            known = ", ".join(str(int(each)) for each in sorted(allowed))
            words = f'Value of field "type" must be one of ({known}).'
            yield Complaint(joined(here, "type"), "UNION_TYPE_CHOICES", words)
            continue
        complaints = list(check(component, RULES.get(kind, ()), here))
        yield from complaints
        if not complaints:
            yield from _check_one(kind, component, here, modal=modal)


def _check_one(
    kind: int, component: dict[str, Any], at: str, *, modal: bool
) -> Iterator[Complaint]:
    """Check the fields of one component against each other, then the components in it."""
    inside = INSIDE.get(kind, frozenset())
    match kind:
        case ComponentKind.BUTTON:
            yield from _check_button(component, at)
        case ComponentKind.STRING_SELECT:
            yield from _check_select(component, at)
        case ComponentKind.ROW:
            inside = frozenset({ComponentKind.TEXT_INPUT}) if modal else inside
            yield from _check_row(component["components"], at)
        case ComponentKind.SECTION:
            accessory = [component.get("accessory")]
            allowed = frozenset({ComponentKind.BUTTON, ComponentKind.THUMBNAIL})
            yield from _check_level(accessory, joined(at, "accessory"), allowed)
        case ComponentKind.LABEL:
            inner = component.get("component")
            if not isinstance(inner, dict):
                yield Complaint(joined(at, "component"), *REQUIRED)
            else:
                yield from check(inner, RULES.get(inner.get("type", 0), ()), f"{at}.component")
    if "components" in component:
        yield from _check_level(component["components"], f"{at}.components", inside, modal=modal)


def _check_button(button: dict[str, Any], at: str) -> Iterator[Complaint]:
    style, custom_id, url = button["style"], button.get("custom_id"), button.get("url")
    if style == PREMIUM_STYLE:
        return
    if style == LINK_STYLE:
        if not url:
            yield Complaint(joined(at, "url"), "BASE_TYPE_REQUIRED", "A url is required")
        if custom_id:
            words = "A custom id and url cannot both be specified"
            yield Complaint(joined(at, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL", words)
    elif not custom_id:
        words = "A custom id is required"
        yield Complaint(joined(at, "custom_id"), "BASE_TYPE_REQUIRED", words)
    elif url:
        words = "A custom id and url cannot both be specified"
        yield Complaint(joined(at, "url"), "BUTTON_COMPONENT_CUSTOM_ID_URL", words)
    if not button.get("label") and not button.get("emoji"):
        words = "A button must have a label or an emoji"
        yield Complaint(at, "BUTTON_COMPONENT_MISSING_LABEL_OR_EMOJI", words)


def _check_select(select: dict[str, Any], at: str) -> Iterator[Complaint]:
    options = select["options"]
    values = [option["value"] for option in options]
    for index, value in enumerate(values):
        if value in values[:index]:
            words = "The specified option value is already used"
            path = f"{at}.options.{index}.value"
            yield Complaint(path, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", words)
    least, most = select.get("min_values"), select.get("max_values")
    least, most = 1 if least is None else least, 1 if most is None else most
    if not 0 <= least <= most <= len(options):
        words = f"Must hold 0 <= min_values <= max_values <= {len(options)}."
        yield Complaint(joined(at, "max_values"), "SELECT_COMPONENT_VALUES_RANGE", words)


def _check_row(components: list[Any], at: str) -> Iterator[Complaint]:
    """A row holds buttons, or one of anything else."""
    kinds = [each.get("type") for each in components if isinstance(each, dict)]
    if len(kinds) > 1 and any(kind != ComponentKind.BUTTON for kind in kinds):
        words = "The specified component exceeds the maximum width"
        yield Complaint(joined(at, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", words)


def _check_unique(everything: list[tuple[str, dict[str, Any]]]) -> Iterator[Complaint]:
    seen: set[str] = set()
    for at, component in everything:
        custom_id = component.get("custom_id")
        if isinstance(custom_id, str) and custom_id in seen:
            words = "Component custom id cannot be duplicated"
            path = joined(at, "custom_id")
            yield Complaint(path, "COMPONENT_CUSTOM_ID_DUPLICATED", words)
        if isinstance(custom_id, str):
            seen.add(custom_id)


def _walk(components: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every component at any depth, with its path."""
    if not isinstance(components, list):
        return
    for index, component in enumerate(components):
        if isinstance(component, dict):
            here = joined(at, index)
            yield here, component
            yield from _walk(component.get("components"), f"{here}.components")
            for single in ("accessory", "component"):
                if isinstance(component.get(single), dict):
                    yield joined(here, single), component[single]
