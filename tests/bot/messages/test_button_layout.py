"""The buttons under a finished job: only what the model can do, and used ones are marked."""

from dataclasses import replace
from itertools import chain

import pytest

from bot.messages.button_layout import buttons_of, with_link
from bot.messages.specs import ButtonRows
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, Noise
from storage.models import JobKind
from tests.support.stored_jobs import CHILD, JOB

ABLE = ModelInfo("mini", 64, 4, 3.0, edits=True, upscales=4, max_size=256)
PLAIN = replace(ABLE, edits=False, upscales=1)
REQUEST = ImageRequest("mini", "a fox", (Noise(1),), 64, 64, 4, 3.0)
SINGLE = replace(CHILD, kind=JobKind.UPSCALE, request=REQUEST.to_json())
ENLARGED = replace(SINGLE, kind=JobKind.ENLARGE, detail="creative")


def labels(rows: ButtonRows) -> list[list[str]]:
    return [[button.label or button.emoji for button in row] for row in rows]


def used(rows: ButtonRows) -> list[str]:
    return [button.label or button.emoji for row in rows for button in row if button.used]


def test_a_grid_has_its_nine() -> None:
    rows = buttons_of(JOB, 4, ABLE, ())
    assert labels(rows) == [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"]]
    assert rows[1][2].custom_id == f"job:{JOB.id}:vary:3"
    assert rows[0][4].custom_id == f"job:{JOB.id}:reroll"
    assert labels(buttons_of(JOB, 2, None, ())) == [["U1", "U2", "🔄"], ["V1", "V2"]]


def test_a_picture_by_itself_has_all_that_its_model_can_do() -> None:
    assert labels(buttons_of(SINGLE, 1, ABLE, ())) == [
        ["Upscale (Subtle)", "Upscale (Creative)"],
        ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)"],
        ["Zoom Out 1.5×", "Zoom Out 2×", "Custom Zoom"],
        ["⬅️", "➡️", "⬆️", "⬇️"],
        ["❤️"],
    ]


def test_a_model_that_continues_no_picture_offers_no_zoom_and_no_pan() -> None:
    assert labels(buttons_of(SINGLE, 1, replace(ABLE, outpaints=False), ())) == [
        ["Upscale (Subtle)", "Upscale (Creative)"],
        ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)"],
        ["❤️"],
    ]


def test_a_model_without_masks_offers_nothing_that_needs_one() -> None:
    assert labels(buttons_of(SINGLE, 1, replace(ABLE, masks=False), ())) == [
        ["Upscale (Subtle)", "Upscale (Creative)"],
        ["Vary (Subtle)", "Vary (Strong)"],
        ["❤️"],
    ]


def test_a_model_of_few_sizes_offers_what_leads_to_one_of_them() -> None:
    few = replace(ABLE, upscales=1, sizes=("64x64", "96x64"))
    assert [row for row in labels(buttons_of(SINGLE, 1, few, ())) if row] == [
        ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)"],
        ["Zoom Out 1.5×", "Zoom Out 2×", "Custom Zoom"],
        ["⬅️", "➡️"],
        ["❤️"],
    ]
    wide = replace(SINGLE, request=replace(REQUEST, width=96).to_json())
    square = "Make Square"
    assert square not in chain(*labels(buttons_of(wide, 1, few, ())))
    assert square in chain(*labels(buttons_of(wide, 1, replace(few, sizes=()), ())))
    larger = replace(few, sizes=("64x64", "128x128"))
    assert labels(buttons_of(SINGLE, 1, larger, ()))[0] == ["Upscale (Creative)"]


@pytest.mark.parametrize("model", [PLAIN, None], ids=["cannot", "unknown"])
def test_what_a_model_cannot_do_is_not_there(model: ModelInfo | None) -> None:
    assert labels(buttons_of(SINGLE, 1, model, ())) == [["Vary (Subtle)", "Vary (Strong)"], ["❤️"]]


def test_after_an_upscale_it_can_be_done_again() -> None:
    assert labels(buttons_of(ENLARGED, 1, ABLE, ()))[0] == [
        "Redo Upscale (Subtle)",
        "Redo Upscale (Creative)",
    ]
    subtle = replace(ENLARGED, detail="subtle")
    # It would only give the same picture again.
    assert labels(buttons_of(subtle, 1, ABLE, ()))[0] == ["Redo Upscale (Creative)"]


def test_only_what_is_not_square_can_be_made_so() -> None:
    wide = replace(SINGLE, request=replace(REQUEST, width=96).to_json())
    assert "Make Square" in labels(buttons_of(wide, 1, ABLE, ()))[2]


def test_where_the_model_goes_no_further_there_is_no_arrow() -> None:
    long = replace(SINGLE, request=replace(REQUEST, width=192).to_json())
    assert labels(buttons_of(long, 1, ABLE, ()))[3] == ["⬆️", "⬇️"]
    widest = replace(SINGLE, request=replace(REQUEST, width=256, height=256).to_json())
    assert labels(buttons_of(widest, 1, ABLE, ()))[3] == ["❤️"]


def test_the_buttons_that_something_came_of_are_marked() -> None:
    children = [
        replace(CHILD, kind=JobKind.UPSCALE, parent_index=2),
        replace(CHILD, kind=JobKind.VARY, parent_index=0, detail="subtle"),
        replace(CHILD, kind=JobKind.REROLL, parent_index=None),
    ]
    assert used(buttons_of(JOB, 4, ABLE, children)) == ["U3", "🔄", "V1"]
    assert used(buttons_of(JOB, 4, ABLE, ())) == []


def test_all_buttons_of_a_picture_can_be_marked() -> None:
    made = (
        (JobKind.ENLARGE, "subtle", "Upscale (Subtle)"),
        (JobKind.ENLARGE, "creative", "Upscale (Creative)"),
        (JobKind.VARY, "subtle", "Vary (Subtle)"),
        (JobKind.VARY, "strong", "Vary (Strong)"),
        (JobKind.REGION, None, "Vary (Region)"),
        (JobKind.ZOOM, "1.5", "Zoom Out 1.5×"),
        (JobKind.ZOOM, "2", "Zoom Out 2×"),
        (JobKind.SQUARE, None, "Make Square"),
        (JobKind.PAN, "left", "⬅️"),
        (JobKind.PAN, "down", "⬇️"),
    )
    wide = replace(SINGLE, request=replace(REQUEST, width=96).to_json())
    for kind, detail, label in made:
        child = replace(CHILD, kind=kind, detail=detail, parent_index=0)
        assert used(buttons_of(wide, 1, ABLE, [child])) == [label]
    # A zoom of another factor has no button of its own.
    custom = replace(CHILD, kind=JobKind.ZOOM, detail="1.3", parent_index=0)
    assert used(buttons_of(wide, 1, ABLE, [custom])) == []


def test_the_link_stands_last_and_carries_no_id() -> None:
    rows = with_link(buttons_of(SINGLE, 1, ABLE, ()), "https://example.org/x.png", "en")
    assert labels(rows)[-1] == ["❤️", "Web"]
    assert rows[-1][-1].url == "https://example.org/x.png"


@pytest.mark.parametrize("job", [JOB, SINGLE, ENLARGED])
def test_discords_limits_are_kept(job: object) -> None:
    assert isinstance(job, type(JOB))
    wide = replace(job, request=replace(REQUEST, width=96).to_json())
    rows = with_link(buttons_of(wide, 4, ABLE, ()), "https://example.org", "de")
    assert len(rows) <= 5
    assert all(1 <= len(row) <= 5 for row in rows)
    ids = [button.custom_id for row in rows for button in row if not button.url]
    assert len(set(ids)) == len(ids)
    assert all(len(custom_id) <= 100 for custom_id in ids)
