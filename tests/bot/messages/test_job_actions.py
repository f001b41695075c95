"""The custom_ids of jobs: every one that was ever sent can be read, and is spelled the same."""

import json
from pathlib import Path

import pytest

from bot.messages import job_actions
from bot.messages.job_actions import JobAction, JobCustomId, parse
from bot.messages.specs import ButtonSpec

FIXTURE = Path(__file__).parents[2] / "fixtures" / "version_0_1_0" / "messages.json"
OLD = sorted(
    {
        custom_id
        for message in json.loads(FIXTURE.read_text())["messages"].values()
        for custom_id in message["custom_ids"]
        if custom_id.startswith("job:")
    }
)
ID = "0123456789abcdef" * 2


@pytest.mark.parametrize("written", OLD)
def test_every_old_custom_id_is_read_and_spelled_the_same(written: str) -> None:
    read = parse(written)
    assert read is not None
    assert read.job_id == written.split(":")[1]
    assert read.action.value == written.split(":")[2]
    assert job_actions.custom_id(read.job_id, read.action, read.number, read.cells) == written
    if read.action is not JobAction.CELLS:
        assert ButtonSpec(read.job_id, read.action, index=read.number).custom_id == written


def test_the_old_custom_ids_hold_nearly_every_action() -> None:
    """So the table above tests what it says; the others are spelled out below."""
    spelled = {custom_id.split(":")[2] for custom_id in OLD}
    assert set(JobAction) - spelled == {"square", "edit", "appeal"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("square", JobCustomId(ID, JobAction.SQUARE)),
        ("edit", JobCustomId(ID, JobAction.EDIT)),
        ("appeal", JobCustomId(ID, JobAction.APPEAL)),
        ("upscale:4", JobCustomId(ID, JobAction.UPSCALE, 4)),
        ("zoom:15", JobCustomId(ID, JobAction.ZOOM, 15)),
        ("region", JobCustomId(ID, JobAction.REGION)),
        ("region:3-1ff", JobCustomId(ID, JobAction.REGION, 3, tuple(range(9)))),
        ("region:4-8001", JobCustomId(ID, JobAction.REGION, 4, (0, 15))),
        ("region:3-0", JobCustomId(ID, JobAction.REGION, 3, ())),
        ("cells:3", JobCustomId(ID, JobAction.CELLS, 3)),
    ],
)
def test_numbers_and_cells_go_both_ways(written: str, read: JobCustomId) -> None:
    assert parse(f"job:{ID}:{written}") == read
    spelled = job_actions.custom_id(read.job_id, read.action, read.number, read.cells)
    assert spelled == f"job:{ID}:{written}"


@pytest.mark.parametrize(
    "written",
    [
        f"job:{ID}",
        f"job:{ID}:paint",
        f"job:{ID}:upscale:0",
        f"job:{ID}:zoom:9999",
        f"job:{ID}:region:99999-1",
        f"job:{ID}:region:5-1",
        f"job:{ID.upper()}:upscale:1",
        f"job:{ID}:like\n",
        "draft:yes",
        "",
    ],
)
def test_what_is_no_custom_id_of_a_job_is_not_read(written: str) -> None:
    assert parse(written) is None


def test_modals_are_opened_for_remixes_a_custom_zoom_an_edit_and_chosen_cells_only() -> None:
    opened = {action for action in JobAction if JobCustomId(ID, action).is_modal}
    assert opened == {
        "vary",
        "vary_subtle",
        "vary_strong",
        "reroll",
        "zoom",
        "zoom_custom",
        "edit",
        "pan_left",
        "pan_right",
        "pan_up",
        "pan_down",
        "square",
    }
    assert JobCustomId(ID, JobAction.REGION, 3, (1,)).is_modal
    assert opened - {"zoom_custom", "edit"} == {action for action in JobAction if action.can_remix}


def test_details_are_what_jobs_store() -> None:
    assert {action.value: action.detail for action in JobAction if action.detail} == {
        "pan_left": "left",
        "pan_right": "right",
        "pan_up": "up",
        "pan_down": "down",
        "vary_subtle": "subtle",
        "vary_strong": "strong",
        "upscale_subtle": "subtle",
        "upscale_creative": "creative",
        "redo_subtle": "subtle",
        "redo_creative": "creative",
    }
