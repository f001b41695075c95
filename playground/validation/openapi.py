"""Checks traffic against Discord's own OpenAPI description, where a copy of it is at hand.

Only tests load this module, and only it needs jsonschema-rs: without the file nothing is checked.
A validator that is written in Python needs more time for a few messages than the bot and the
playground together. A client's body counts as a violation only where the stand-in accepted it:
refusing it is what Discord would do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from jsonschema_rs import Draft202012Validator, Registry, ValidationError, ValidationErrorKind

NUMERIC_SNOWFLAKES = {
    ("attachments", "id"),
    ("allowed_mentions", "users"),
    (None, "recipient_id"),
}
"""Where discord.py sends ids as integers and Discord takes them: what has the field, the field."""

SCHEMA_URI = "urn:discord"


class ApiDescription:
    """Discord's description of its REST API."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._paths: dict[str, Any] = document["paths"]
        self._registry = Registry([(SCHEMA_URI, document)])
        self._validators: dict[str, Draft202012Validator] = {}

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def check_request(self, method: str, path: str, body: Any) -> Iterator[str]:
        """What in a request's JSON body the description does not allow."""
        operation = self._operation(method, path)
        if operation is None:
            yield f"{method} {path} is not in the description"
            return
        if body is None or "requestBody" not in operation:
            return
        pointer = self._pointer(method, path, "requestBody")
        content = operation["requestBody"]["content"]
        kind = "application/json" if "application/json" in content else next(iter(content))
        where = f"{pointer}/content/{_escape(kind)}/schema"
        yield from self._check(where, _with_text_snowflakes(body), f"sent {method} {path}")

    def check_answer(self, method: str, path: str, status: int, body: Any) -> Iterator[str]:
        """What in an answer's JSON body the description does not allow."""
        operation = self._operation(method, path)
        if operation is None or status >= 500:
            return
        responses = operation["responses"]
        name = next((n for n in (str(status), f"{status // 100}XX") if n in responses), None)
        if name is None:
            yield f"answered {method} {path}: status {status} is not in the description"
            return
        pointer = f"{self._pointer(method, path, 'responses')}/{name}"
        response = responses[name]
        if "$ref" in response:
            pointer = response["$ref"].removeprefix("#")
            response = self._registry.resolver(SCHEMA_URI).lookup(response["$ref"]).contents
        if status == 400 and isinstance(body, dict):
            # The description wants numbers as the codes of single fields; Discord's own
            # documentation shows words (BASE_TYPE_MAX_LENGTH), and so do its answers.
            body = {name: value for name, value in body.items() if name != "errors"}
        if body is not None and "application/json" in response.get("content", {}):
            where = f"{pointer}/content/application~1json/schema"
            yield from self._check(where, body, f"answered {method} {path}")

    def _operation(self, method: str, path: str) -> Any:
        return self._paths.get(path, {}).get(method.lower())

    def _pointer(self, method: str, path: str, part: str) -> str:
        return f"/paths/{_escape(path)}/{method.lower()}/{part}"

    def _check(self, pointer: str, body: Any, words: str) -> Iterator[str]:
        if pointer not in self._validators:
            schema = {"$ref": f"{SCHEMA_URI}#{pointer}"}
            self._validators[pointer] = Draft202012Validator(schema, registry=self._registry)
        for error in self._validators[pointer].iter_errors(body):
            cause = _deepest(error)
            at = "/".join(map(str, cause.instance_path))
            yield f"{words}: at {at or 'the root'}: {cause.message[:300]}"


def _deepest(error: ValidationError) -> ValidationError:
    """The deepest error: of the alternatives that did not match, that of the one whose `type`
    fits, or else the one that got furthest."""
    alternatives = (ValidationErrorKind.AnyOf, ValidationErrorKind.OneOfNotValid)
    while isinstance(error.kind, alternatives):
        context = error.kind.context
        meant = [branch for branch in context if not _is_of_other_type(error, branch)]
        complaints = [inner for branch in meant or context for inner in branch]
        error = max(complaints, key=lambda inner: len(inner.instance_path))
    return error


def _is_of_other_type(error: ValidationError, branch: list[ValidationError]) -> bool:
    """Whether the alternative with these complaints is one of another `type`."""
    return any(
        isinstance(each.kind, ValidationErrorKind.Enum)
        and each.instance_path == [*error.instance_path, "type"]
        for each in branch
    )


def _escape(part: str) -> str:
    return quote(part.replace("~", "~0").replace("/", "~1"), safe="~")


def _with_text_snowflakes(body: Any, inside: str | None = None) -> Any:
    if isinstance(body, list):
        return [_with_text_snowflakes(each, inside) for each in body]
    if not isinstance(body, dict):
        return body
    return {
        name: _as_text(value)
        if (inside, name) in NUMERIC_SNOWFLAKES
        else _with_text_snowflakes(value, name)
        for name, value in body.items()
    }


def _as_text(ids: Any) -> Any:
    """An id or a list of ids, in words where they are numbers."""
    if isinstance(ids, list):
        return [_as_text(each) for each in ids]
    return str(ids) if isinstance(ids, int) else ids
