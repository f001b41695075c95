"""The values of a submitted modal or select menu, as an interaction carries them. Pure."""

from __future__ import annotations

from typing import Any

from playground.state.errors import Refusal
from playground.state.limits import MAX_TEXT_INPUT_CHARS
from playground.state.messages import Json
from playground.validation.components import ComponentKind


def fill_row(row: Json, values: dict[str, Any]) -> dict[str, Any]:
    """A row or label of a modal as it is submitted; removes from `values` what it used."""
    shell = {"type": row["type"], "id": row["id"]}
    if row["type"] == ComponentKind.LABEL:
        return {**shell, "component": _fill_field(row["component"], row["label"], values)}
    if row["type"] == ComponentKind.ROW:
        fields = [_fill_field(c, c.get("label", ""), values) for c in row["components"]]
        return {**shell, "components": fields}
    return shell


def _fill_field(field: Json, label: str, values: dict[str, Any]) -> dict[str, Any]:
    name = field["custom_id"]
    given = values.pop(name, values.pop(label, None))
    shell = {"type": field["type"], "id": field["id"], "custom_id": name}
    if field["type"] == ComponentKind.TEXT_INPUT:
        text = str(field.get("value", "") if given is None else given)
        _check_text(field, label, text)
        return {**shell, "value": text}
    chosen = [given] if isinstance(given, str) else list(given or [])
    if given is None:
        chosen = [o["value"] for o in field.get("options", ()) if o.get("default")]
    least = field.get("min_values", 1) if field.get("required", True) else 0
    if not least <= len(chosen) <= field.get("max_values", 1):
        raise Refusal(f"{label}: choose {least} to {field.get('max_values', 1)}.")
    if "options" in field:
        chosen = [option_value(field, text) for text in chosen]
    return {**shell, "values": chosen}


def _check_text(field: Json, label: str, text: str) -> None:
    if not text and field.get("required", True):
        raise Refusal(f"{label} is required.")
    least, most = field.get("min_length") or 0, field.get("max_length") or MAX_TEXT_INPUT_CHARS
    if text and not least <= len(text) <= most:
        raise Refusal(f"{label} takes {least} to {most} characters.")


def option_value(select: Json, text: str) -> str:
    for option in select["options"]:
        if text in (option["value"], option["label"]):
            return str(option["value"])
    raise Refusal(f"The menu has no {text!r}.")
