"""The classifier's process: built in and of a folder, killed, stuck, and without a model."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from bot.images.classifiers.classifier import ClassifierAway
from bot.images.classifiers.process import MAX_WAITING_PICTURES, ClassifierProcess
from classifier.__main__ import MAX_PICTURE_BYTES
from diffusion.decoding.decode import png_chunk
from tests.support.models.red_filter import build_red_filter
from tests.support.pictures import picture

SOUND = picture("navy", (64, 64))
DAMAGED = SOUND[:-12] + png_chunk(b"iCCP", b"") + SOUND[-12:]
"""A PNG with a profile of no bytes behind its pixels, over which Pillow stumbles."""


async def test_the_built_in_filter_needs_no_network_and_finds_a_plain_picture_harmless() -> None:
    classifier = ClassifierProcess("opennsfw")
    try:
        assert await classifier.score(picture("navy", (64, 64))) < 0.5
        # What cannot be read might be anything, and the process goes on.
        first = classifier.process_id
        for file in (b"no picture", DAMAGED, bytes(MAX_PICTURE_BYTES + 1)):
            assert await classifier.score(file) == 1
        assert await classifier.score(picture("navy", (64, 64))) < 0.5
        assert classifier.process_id == first
    finally:
        await classifier.close()
    assert classifier.process_id is None
    with pytest.raises(ClassifierAway):
        await classifier.score(picture("navy"))


@pytest.fixture(scope="module")
def red_filter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_red_filter(tmp_path_factory.mktemp("filter") / "red")


async def test_pictures_asked_at_once_get_their_own_scores_also_across_a_kill(
    red_filter: Path,
) -> None:
    classifier = ClassifierProcess(str(red_filter))
    colours = ["red", "lime", "gray"] * 4
    try:
        for _ in range(2):
            asked = [asyncio.create_task(classifier.score(picture(one))) for one in colours]
            if (running := classifier.process_id) is not None:
                os.kill(running, signal.SIGKILL)
            scores = await asyncio.gather(*asked)
            assert [round(score, 2) for score in scores] == [0.98, 0.01, 0.12] * 4
        # Several in one question get theirs too, those that cannot be read among them.
        several = await classifier.scores([*map(picture, colours[:2]), b"none", picture("gray")])
        assert [round(score, 2) for score in several] == [0.98, 0.01, 1.0, 0.12]
        # A member who gives up leaves no answer behind for the next picture.
        # Nor does the process end for it: the next one would wait for another to start.
        first = classifier.process_id
        given_up = asyncio.create_task(classifier.score(picture("red")))
        await asyncio.sleep(0)
        given_up.cancel()
        assert round(await classifier.score(picture("lime")), 2) == 0.01
        assert classifier.process_id == first
    finally:
        await classifier.close()


@pytest.mark.slow
async def test_a_stuck_process_is_replaced_and_then_the_filter_is_away_for_a_while(
    red_filter: Path,
) -> None:
    classifier = ClassifierProcess(str(red_filter), picture_s=0.5)
    try:
        await classifier.score(picture("lime"))
        stuck = classifier.process_id
        assert stuck is not None
        os.kill(stuck, signal.SIGSTOP)
        assert round(await classifier.score(picture("red")), 2) == 0.98
        assert classifier.process_id != stuck
    finally:
        await classifier.close()


async def test_no_more_pictures_wait_than_allowed(red_filter: Path) -> None:
    classifier = ClassifierProcess(str(red_filter))
    asked = [
        asyncio.create_task(classifier.score(picture("lime")))
        for _ in range(MAX_WAITING_PICTURES + 1)
    ]
    try:
        answers = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        await classifier.close()
    assert sum(isinstance(answer, ClassifierAway) for answer in answers) == 1


@pytest.mark.parametrize(
    ("table", "label", "why"),
    [
        (None, "dog", "No label of the model is known to be explicit: harmless, dog"),
        ({"cat": 1}, "nsfw", "names labels that the model does not have: cat"),
        ({"nsfw": 2}, "nsfw", "“nsfw” needs a number from 0 to 1"),
    ],
)
async def test_a_folder_that_cannot_be_used_says_why(
    tmp_path: Path, table: dict[str, float] | None, label: str, why: str
) -> None:
    folder = build_red_filter(tmp_path / "model", label)
    if table is not None:
        (folder / "darkroom-filter.json").write_text(json.dumps(table))
    classifier = ClassifierProcess(str(folder))
    with pytest.raises(ClassifierAway, match=why):
        await classifier.score(picture("red"))
    # It is not tried again at once.
    with pytest.raises(ClassifierAway, match="failed a moment ago"):
        await classifier.score(picture("red"))


async def test_a_folders_own_table_says_how_explicit_its_labels_are(tmp_path: Path) -> None:
    folder = build_red_filter(tmp_path / "model", "swimwear")
    (folder / "darkroom-filter.json").write_text('{"Swimwear": 0.5}')
    classifier = ClassifierProcess(str(folder))
    try:
        assert await classifier.score(picture("red")) == pytest.approx(0.49, abs=0.005)
    finally:
        await classifier.close()
