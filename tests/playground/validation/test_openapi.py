"""The check against Discord's description finds errors in requests and in answers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from playground.validation.openapi import ApiDescription

MESSAGES = "/channels/{channel_id}/messages"


@pytest.fixture(scope="module")
def description() -> ApiDescription:
    path = os.environ.get("DISCORD_OPENAPI") or str(
        Path(__file__).parents[4] / "shared" / "discord-openapi.json"
    )
    if not Path(path).exists():
        pytest.skip("no copy of Discord's OpenAPI description is at hand")
    return ApiDescription.load(Path(path))


def test_what_is_fine(description: ApiDescription) -> None:
    body = {"content": "x", "attachments": [{"id": 0, "filename": "a.png"}]}
    assert list(description.check_request("POST", MESSAGES, body)) == []


@pytest.mark.parametrize(
    "body",
    [
        {"content": 5},
        {"embeds": [{"description": "d" * 4097}]},
        {"components": [{"type": 1, "components": [{"type": 2, "style": 9, "custom_id": "x"}]}]},
        {"message_reference": {"message_id": "x"}},
    ],
)
def test_what_a_client_must_not_send(description: ApiDescription, body: Any) -> None:
    assert list(description.check_request("POST", MESSAGES, body)) != []


def test_a_complaint_names_the_field_of_the_alternative_that_was_meant(
    description: ApiDescription,
) -> None:
    option = {"label": "x" * 200, "value": "v"}
    menu = {"type": 3, "custom_id": "x", "options": [option]}
    body = {"components": [{"type": 1, "components": [menu]}]}
    (complaint,) = description.check_request("POST", MESSAGES, body)
    assert "at components/0/components/0/options/0/label:" in complaint


def test_what_the_stand_in_must_not_answer(description: ApiDescription) -> None:
    assert list(description.check_answer("GET", "/gateway", 200, {"address": "ws://x"})) != []
    assert list(description.check_answer("GET", "/gateway", 200, {"url": "ws://x"})) == []
    assert list(description.check_answer("GET", "/gateway", 404, {"message": "x"})) != []
    assert list(description.check_request("GET", "/nowhere", None)) != []


def test_numeric_ids_are_allowed_only_where_discord_py_sends_them(
    description: ApiDescription,
) -> None:
    path = "/users/@me/channels"
    assert list(description.check_request("POST", path, {"recipient_id": 123})) == []
    reference = {"content": "x", "message_reference": {"message_id": 123}}
    assert list(description.check_request("POST", MESSAGES, reference)) != []
