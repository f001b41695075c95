"""Requests that version 0.1.0 stored are read as they are, and at no more cost than then."""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import (
    MAX_BLENDS,
    MAX_PICTURES,
    ImageRequest,
    InitImage,
    Lora,
    Noise,
    SeedBlend,
    WeightedPrompt,
)
from tests.support.engine.inference_requests import a_request

FIXTURE = Path(__file__).parents[2] / "fixtures" / "version_0_1_0"

MAX_CALLS_PER_OBJECT = 7
MAX_OTHER_CALLS = 25
"""Python calls for reading a stored request: for each JSON object in it, as many as reading by hand
took in version 0.1.0, and beside these. That version took 50 beside these."""


def _stored_requests() -> list[str]:
    """The JSON text of all requests in the old database: those of jobs, and of drafts."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript((FIXTURE / "darkroom.sql").read_text())
        found = [text for (text,) in database.execute("SELECT request FROM jobs")]
        for (content,) in database.execute("SELECT content FROM drafts"):
            found += [json.dumps(job["request"]) for job in json.loads(content).get("jobs", [])]
    return found


def test_stored_requests_are_read_and_written_as_they_were() -> None:
    stored = _stored_requests()
    assert len(stored) >= 15
    for text in stored:
        request = ImageRequest.from_json(json.loads(text))
        assert json.dumps(request.to_json()) == json.dumps(json.loads(text))
        assert hash(request) == hash(replace(request))


def test_remembered_models_are_read_and_written_as_they_were() -> None:
    text = (FIXTURE / "models.json").read_text()
    models = [ModelInfo.from_json(entry) for entry in json.loads(text)]
    assert json.dumps([model.to_json() for model in models]) == text


def _calls(work: Callable[[], Any]) -> int:
    """How many Python functions are called in the course of something."""
    count = 0

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    ("request_", "objects"),
    [
        (a_request(noises=tuple(Noise(seed) for seed in range(4))), 5),
        (
            a_request(
                noises=(Noise(1, (SeedBlend(2, 0.5),) * MAX_BLENDS),) * MAX_PICTURES,
                parts=(WeightedPrompt("a fox", 1.0), WeightedPrompt("a boat", 0.5)),
                loras=(Lora("ink", 1.0),),
                start=InitImage("0" * 64, 0.5),
            ),
            5 + MAX_PICTURES * (1 + MAX_BLENDS),
        ),
    ],
    ids=["usual", "largest"],
)
def test_reading_a_stored_request_costs_no_more_than_by_hand(
    request_: ImageRequest, objects: int
) -> None:
    stored = request_.to_json()
    ImageRequest.from_json(stored)  # what pydantic prepares for a class, it prepares once
    calls = _calls(lambda: ImageRequest.from_json(stored))
    assert calls <= MAX_OTHER_CALLS + MAX_CALLS_PER_OBJECT * objects
